"""Where Microsoft is: the addresses of its clouds, or of a server that stands in for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import httpx2
import msgspec

from seatkeeper.errors import BadInput
from seatkeeper.graph.credentials import LARGEST
from seatkeeper.wire import GIVE_PEM, is_pem, to_tls


class Endpoints(msgspec.Struct, frozen=True):
    """The two servers of one cloud, urls without a trailing slash, and the only switch of TLS: `ca_file`, PEM text.

    `aliases` are other names of the sign-in server that its own discovery document may send us to; `exchange` is whom
    a federated token must be meant for.
    """

    login_url: str
    graph_url: str
    scope: str
    ca_file: str | None = None
    aliases: tuple[str, ...] = ()
    exchange: str = "api://AzureADTokenExchange"


SHARED_TENANTS: Final = ("common", "organizations", "consumers")  # each stands for many; our credential is of one

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
            exchange="api://AzureADTokenExchangeUSGov",
        ),
        "dod": Endpoints(
            "https://login.microsoftonline.us",
            "https://dod-graph.microsoft.us",
            "https://dod-graph.microsoft.us/.default",
            exchange="api://AzureADTokenExchangeUSGov",
        ),
        "china": Endpoints(
            "https://login.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn/.default",
            aliases=("https://login.partner.microsoftonline.cn",),
            exchange="api://AzureADTokenExchangeChina",
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
        raise BadInput("cloud", f"must be one of {', '.join(CLOUDS)}")
    if ca_file is not None:
        # A path is refused: a file of the server is not for a member to name, and reading it may never end.
        if not is_pem(ca_file):
            raise BadInput("ca_file", f"is no PEM text. {GIVE_PEM}; a path of the server is not taken")
        if len(ca_file) > LARGEST:
            raise BadInput("ca_file", "is larger than 64 kB. Give only the certificates of the authority")
        to_tls(ca_file)
    login = _to_base("login_url", login_url) if login_url else known.login_url
    return Endpoints(
        login_url=login,
        graph_url=_to_base("graph_url", graph_url) if graph_url else known.graph_url,
        scope=known.scope,
        ca_file=ca_file,
        aliases=list_aliases(known, login),
        exchange=known.exchange,
    )


def list_aliases(cloud: Endpoints, login_url: str) -> tuple[str, ...]:
    """The other names of a cloud's sign-in server, by whichever of them it is asked; none for a server of one's own."""
    names = (cloud.login_url, *cloud.aliases)
    return tuple(name for name in names if name != login_url) if login_url in names else ()


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
