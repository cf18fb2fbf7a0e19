"""What Add Application asks for a tenant of Microsoft, and what of it cannot be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from seatkeeper.connectors.microsoft.credential import CREDENTIALS, GIVEN, is_guid, show_end, to_credential
from seatkeeper.connectors.reach import FEDERATED, GIVE_AGAIN, SIGN_IN, ConnectionDetails, FieldKind, FormField
from seatkeeper.errors import BadInput, Refusals
from seatkeeper.graph.clouds import CLOUDS, SHARED_TENANTS, Endpoints, to_endpoints

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
        "credential",
        "Credential",
        "With this server's identity there is no secret to keep: the app registration trusts a token that the server "
        "is given (a federated credential), such as that of a managed identity on Azure.",
        FieldKind.CHOICE,
        required=False,
        choices=CREDENTIALS,
        identity_of_server=True,
    ),
    FormField(
        "client_secret",
        "Client Secret",
        "The secret's Value, not its ID. It is sealed when saved and never shown again.",
        FieldKind.SECRET,
        required=False,
    ),
    FormField(
        "client_secret_expires",
        "Client Secret Expires",
        "The day in the column Expires. Microsoft does not tell it to us; with it you are warned in time.",
        FieldKind.DATE,
        required=False,
    ),
    FormField(
        "client_certificate",
        "Client Certificate",
        "With its private key, as PEM or PFX, at most 64 kB. It takes the place of a secret.",
        FieldKind.FILE,
        required=False,
        binary=True,
    ),
    FormField(
        SIGN_IN,
        "Sign-in",
        "What somebody's own sign-in has given.",
        FieldKind.SECRET,
        required=False,
        signed_in=True,
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
        "client_certificate_password",
        "Client Certificate Password",
        "If the file is locked with one. It opens the file once and is not kept.",
        FieldKind.SECRET,
        required=False,
        folded=True,
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
    moved = before is None or any(given.get(key, told) != told for key, told in fill_form(before).items())
    credential = check(to_credential, given, client_id, before, moved=moved)
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
    if before and credential and credential[1] is None:
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
        "credential": FEDERATED if details.credential_kind == FEDERATED else GIVEN,
        "client_secret_expires": show_end(details),
        "cloud": details.cloud,
        "login_url": "" if details.login_url == usual.login_url else details.login_url,
        "graph_url": "" if details.graph_url == usual.graph_url else details.graph_url,
        "ca_file": details.ca_file,
    }


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
