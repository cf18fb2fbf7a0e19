"""What Add Application asks for a tenant of Microsoft, and what of it cannot be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from seatkeeper.connectors.vendor import GIVE_AGAIN, ConnectionDetails, FieldKind, FormField
from seatkeeper.errors import BadInput, Refusals
from seatkeeper.graph.clouds import CLOUDS, SHARED_TENANTS, Endpoints, to_endpoints
from seatkeeper.graph.token import ClientCertificate
from seatkeeper.model import Instant, Secret

FORM: Final = (
    FormField("tenant_id", "Tenant ID", "Directory (tenant) ID, or a verified domain.", identity=True),
    FormField(
        "client_id",
        "Client ID",
        "Application (client) ID of the app registration. Leave it and the credential empty for a tenant that is read "
        "here already: its connection is shared.",
        required=False,
    ),
    FormField(
        "client_secret",
        "Client Secret",
        "The secret's Value, not its ID. It is sealed when saved and never shown again.",
        FieldKind.SECRET,
        required=False,
    ),
    FormField(
        "client_certificate",
        "Client Certificate",
        "PEM with its private key, at most 64 kB. It takes the place of a secret.",
        FieldKind.FILE,
        required=False,
    ),
    FormField(
        "cloud",
        "Cloud",
        kind=FieldKind.CHOICE,
        choices={
            "global": "Worldwide (also GCC)",
            "usgov": "US Government L4 (GCC High)",
            "dod": "US Government L5 (DoD)",
            "china": "China (21Vianet)",
        },
    ),
    FormField(
        "login_url",
        "Login URL",
        "https only. For a proxy or a server that stands in for Microsoft: the credential is sent to it.",
        required=False,
        placeholder=CLOUDS["global"].login_url,
        folded=True,
        address=True,
    ),
    FormField(
        "graph_url",
        "Graph URL",
        "https only.",
        required=False,
        placeholder=CLOUDS["global"].graph_url,
        folded=True,
        address=True,
    ),
    FormField(
        "ca_file",
        "CA File",
        "The certificates of the authorities to trust instead of the public ones, as PEM text of at most 64 kB.",
        FieldKind.LONG_TEXT,
        required=False,
        folded=True,
        address=True,
    ),
)

_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def check_form(given: Mapping[str, str], before: ConnectionDetails | None) -> ConnectionDetails:
    """What to store of what was typed in; of an edit, only what was given changes. Raises BadInput.

    A stored credential goes nowhere but where it was given for: another address asks for it again.
    """
    refusals = Refusals()
    check = refusals.check
    tenant_id = before.tenant_id if before else check(check_tenant_id, given.get("tenant_id", ""))
    client_id = before.client_id if before else ""
    if before is None or "client_id" in given:
        client_id = check(check_client_id, given.get("client_id", ""))
    credential: tuple[str, Secret | None, Instant | None]
    if before is None or "client_secret" in given or "client_certificate" in given:
        credential = check(to_credential, given.get("client_secret"), given.get("client_certificate"), client_id)
    else:
        credential = before.credential_kind, None, before.expires
    cloud = given.get("cloud") or (before.cloud if before else "global")
    stays = before if before and before.cloud == cloud else None  # another cloud has addresses of its own
    trusted = before.ca_file if before else ""  # the path that an earlier version stored is refused where it is used
    ca_file = "\n".join(line.strip() for line in given.get("ca_file", trusted).strip().splitlines())
    endpoints = check(
        to_endpoints,
        cloud,
        given.get("login_url", stays.login_url if stays else "") or None,
        given.get("graph_url", stays.graph_url if stays else "") or None,
        ca_file if ca_file and ca_file != trusted else None,
    )
    if before and not given.keys() & {"client_secret", "client_certificate"}:
        check(_refuse_to_send_elsewhere, before, endpoints)
    refusals.end()
    directory_id = before.directory_id if before else tenant_id if is_guid(tenant_id) else ""
    kind, secret, expires = credential
    return ConnectionDetails(
        tenant_id, client_id, cloud, endpoints.login_url, endpoints.graph_url, ca_file, kind, secret, expires,
        directory_id,
    )  # fmt: skip


def _refuse_to_send_elsewhere(before: ConnectionDetails, endpoints: Endpoints | None) -> None:
    if endpoints and (endpoints.login_url, endpoints.graph_url) != (before.login_url, before.graph_url):
        raise BadInput("client_secret", GIVE_AGAIN)


def fill_form(details: ConnectionDetails) -> dict[str, str]:
    """What the form shows of a stored connection; an address that is the cloud's own is left out."""
    usual = CLOUDS[details.cloud]
    return {
        "tenant_id": details.tenant_id,
        "client_id": details.client_id,
        "cloud": details.cloud,
        "login_url": "" if details.login_url == usual.login_url else details.login_url,
        "graph_url": "" if details.graph_url == usual.graph_url else details.graph_url,
        "ca_file": details.ca_file,
    }


def to_credential(secret: str | None, certificate: str | None, client_id: str) -> tuple[str, Secret, Instant | None]:
    """Its kind, the credential itself, and when it expires if that can be seen. Raises BadInput."""
    if secret is None and certificate is None:
        raise BadInput("client_secret", "give a client secret or a certificate.")
    if secret is not None and certificate is not None:
        raise BadInput("client_secret", "give either a client secret or a certificate, and not both.")
    if secret is not None:
        return "secret", check_secret(secret), None
    assert certificate is not None
    opened = ClientCertificate(client_id, Secret(certificate))
    return "certificate", opened.pem, opened.check()


def check_tenant_id(text: str) -> str:
    """A tenant id as Microsoft knows it: a GUID or a verified domain, in lower case."""
    tenant = text.strip().lower()
    if tenant in SHARED_TENANTS:
        raise BadInput(
            "tenant_id",
            f"{tenant!r} stands for many tenants; client credentials need one. Paste the Directory (tenant) ID "
            "from the app registration's Overview page.",
        )
    if not is_guid(tenant) and not _DOMAIN.fullmatch(tenant):
        raise BadInput(
            "tenant_id",
            f"{text[:80]!r} is neither a GUID nor a domain such as contoso.onmicrosoft.com. Paste the Directory "
            "(tenant) ID from the app registration's Overview page, without a path.",
        )
    return tenant


def check_client_id(text: str) -> str:
    client = text.strip().lower()
    if not is_guid(client):
        raise BadInput(
            "client_id",
            f"{text[:80]!r} is not a GUID. Paste the Application (client) ID from the app registration's Overview.",
        )
    return client


def check_secret(text: str) -> Secret:
    """A client secret's value. One line break at the end of a file is not part of it."""
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise BadInput("client_secret", "it is empty. Paste the Value column of Certificates & secrets.")
    if any(character.isspace() or not character.isprintable() for character in secret):
        raise BadInput(
            "client_secret",
            "it holds a space, a line break or an invisible character, which no secret of Microsoft's does. "
            "Copy the Value column of Certificates & secrets again.",
        )
    if is_guid(secret):
        raise BadInput(
            "client_secret",
            "this is a bare GUID, which is the secret's ID. Paste the Value column of Certificates & secrets "
            "instead; it is shown only once, right after the secret was made.",
        )
    return Secret(secret)


def is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
