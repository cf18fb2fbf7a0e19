"""Where Microsoft is: the addresses of its clouds, or of a server that stands in for it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import httpx2
import msgspec

from seatkeeper.errors import BadInput


class Endpoints(msgspec.Struct, frozen=True):
    """The two servers of one cloud, urls without a trailing slash, and the only switch of TLS: `ca_file`.

    `aliases` are other names of the sign-in server that its own discovery document may send us to.
    """

    login_url: str
    graph_url: str
    scope: str
    ca_file: str | None = None
    aliases: tuple[str, ...] = ()


# Source: Microsoft's page on national clouds; the second name of the Chinese sign-in server is from the
# instance discovery document that msal carries.
CLOUDS: Final[Mapping[str, Endpoints]] = MappingProxyType(
    {
        "global": Endpoints(
            "https://login.microsoftonline.com",
            "https://graph.microsoft.com",
            "https://graph.microsoft.com/.default",
        ),
        "usgov": Endpoints(
            "https://login.microsoftonline.us",
            "https://graph.microsoft.us",
            "https://graph.microsoft.us/.default",
        ),
        "dod": Endpoints(
            "https://login.microsoftonline.us",
            "https://dod-graph.microsoft.us",
            "https://dod-graph.microsoft.us/.default",
        ),
        "china": Endpoints(
            "https://login.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn/.default",
            aliases=("https://login.partner.microsoftonline.cn",),
        ),
    }
)


def to_endpoints(
    cloud: str, login_url: str | None = None, graph_url: str | None = None, ca_file: str | None = None
) -> Endpoints:
    """The endpoints an administrator asked for, checked at entry so that a secret is never sent astray.

    Each address may be given alone; the scope stays the cloud's, because it names the resource, not the
    server. Raises BadInput naming the field.
    """
    known = CLOUDS.get(cloud)
    if known is None:
        raise BadInput("Cloud", f"must be one of {', '.join(CLOUDS)}")
    if ca_file is not None:
        to_tls(ca_file)
    return Endpoints(
        login_url=_to_base("Login URL", login_url) if login_url else known.login_url,
        graph_url=_to_base("Graph URL", graph_url) if graph_url else known.graph_url,
        scope=known.scope,
        ca_file=ca_file,
        aliases=() if login_url else known.aliases,
    )


def to_tls(ca_file: str | None) -> ssl.SSLContext:
    """How we check who answers: TLS 1.2 or newer, verified by the system's authorities or by `ca_file` alone.

    The environment (SSL_CERT_FILE) is not asked: it would let another program's setting decide whom we trust.
    Raises BadInput when the file cannot be used.
    """
    if ca_file is None:
        context = httpx2.create_ssl_context(trust_env=False)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ValueError) as error:
            reason = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else _why(error)
            raise BadInput(
                "CA File",
                f"cannot be used: {reason}. Give a readable file with the certificates of the authority in PEM form",
            ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or "its name is not a file name").lower()


def _to_base(field: str, text: str) -> str:
    """An address without path, query or user, because all of these are ours to write."""
    way_out = "give only the server, like https://login.example.org"
    if not text.isascii() or not text.isprintable() or any(mark in text for mark in " \\%"):
        raise BadInput(field, f"holds a character that no server address has; {way_out}")
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError):
        raise BadInput(field, f"is not an address; {way_out}") from None
    if url.scheme != "https":
        raise BadInput(field, f"must start with https://, because secrets travel over it; {way_out}")
    if not url.raw_host or url.userinfo or url.raw_path != b"/" or "?" in text or "#" in text or "@" in text:
        raise BadInput(field, f"must have no user, path or query; {way_out}")
    return f"https://{url.netloc.decode()}"
