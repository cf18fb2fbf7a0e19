"""Connections: checking what was typed in, sealing it, and opening the vendor's door with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict
from uuid import UUID

from seatkeeper.connectors.base import Connector
from seatkeeper.connectors.catalog import find_product
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.errors import BadInput
from seatkeeper.graph.client import Client
from seatkeeper.graph.clouds import CLOUDS, Endpoints
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.token import ClientCertificate, ClientSecret, TokenSource
from seatkeeper.model import Secret, to_id
from seatkeeper.store import seal
from seatkeeper.store.listing import list_subscriptions
from seatkeeper.store.models import Application, Connection, Task
from seatkeeper.store.pacing import SharedPacer

_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_SHARED_TENANTS = ("common", "organizations", "consumers")


def check_tenant_id(text: str) -> str:
    """A tenant id as Microsoft knows it: a GUID or a verified domain, in lower case."""
    tenant = text.strip().lower()
    if tenant in _SHARED_TENANTS:
        raise BadInput(
            "Tenant ID",
            f"{tenant!r} stands for many tenants; client credentials need one. Paste the Directory (tenant) ID "
            "from the app registration's Overview page.",
        )
    if not is_guid(tenant) and not _DOMAIN.fullmatch(tenant):
        raise BadInput(
            "Tenant ID",
            f"{text[:80]!r} is neither a GUID nor a domain such as contoso.onmicrosoft.com. Paste the Directory "
            "(tenant) ID from the app registration's Overview page, without a path.",
        )
    return tenant


def check_client_id(text: str) -> str:
    client = text.strip().lower()
    if not is_guid(client):
        raise BadInput(
            "Client ID",
            f"{text[:80]!r} is not a GUID. Paste the Application (client) ID from the app registration's Overview.",
        )
    return client


def check_secret(text: str) -> Secret:
    """A client secret's value. One line break at the end of a file is not part of it."""
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise BadInput("Client Secret", "it is empty. Paste the Value column of Certificates & secrets.")
    if any(character.isspace() or not character.isprintable() for character in secret):
        raise BadInput(
            "Client Secret",
            "it holds a space, a line break or an invisible character, which no secret of Microsoft's does. "
            "Copy the Value column of Certificates & secrets again.",
        )
    if is_guid(secret):
        raise BadInput(
            "Client Secret",
            "this is a bare GUID, which is the secret's ID. Paste the Value column of Certificates & secrets "
            "instead; it is shown only once, right after the secret was made.",
        )
    return Secret(secret)


def is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def read_credential_file(path: Path, field: str) -> str:
    """The text of a credential's file. Raises BadInput when it cannot be read."""
    try:
        if path.stat().st_size > 1_000_000:
            raise BadInput(field, f"{path} is larger than a megabyte; that is no credential.")
        return path.read_text()
    except OSError as error:
        raise BadInput(field, f"{path} cannot be read ({error.strerror}). Check path and permissions.") from error
    except UnicodeDecodeError as error:
        raise BadInput(field, f"{path} is not text. Give a secret's value, or certificate and key as PEM.") from error


def is_readable_by_others(path: Path) -> bool:
    """Whether other users of this machine can read the file (meaningless, so false, on Windows)."""
    return hasattr(path.stat(), "st_uid") and bool(path.stat().st_mode & 0o077)


def save_credential(connection: Connection, credential: Secret) -> None:
    """Seal the credential into its row; it can be opened only for this organization and connection."""
    connection.credential = seal.seal(credential.reveal(), **_place(connection))
    connection.save(update_fields=["credential", "credential_kind", "credential_expires"])


class _Place(TypedDict):
    organization_id: int
    connection_id: int
    field: str


def _place(connection: Connection) -> _Place:
    """What a sealed credential is bound to: moved to another row, it does not open."""
    return {"organization_id": connection.organization_id, "connection_id": connection.pk, "field": "credential"}


@contextmanager
def open_client(connection: Connection) -> Iterator[Client]:
    """The door to this connection's tenant, with its credential unsealed in memory; closed at the end."""
    secret = seal.open_sealed(bytes(connection.credential), **_place(connection))
    credential: ClientSecret | ClientCertificate
    if connection.credential_kind == "certificate":
        credential = ClientCertificate(connection.client_id, secret)
    else:
        credential = ClientSecret(connection.client_id, secret)
    endpoints = to_endpoints_of(connection)
    egress = Egress(endpoints)
    tokens = TokenSource(connection.tenant_id, credential, endpoints, egress)
    try:
        yield Client(endpoints, tokens, egress, SharedPacer(connection.client_id, connection.tenant_id))
    finally:
        egress.close()


def to_endpoints_of(connection: Connection) -> Endpoints:
    return Endpoints(
        connection.login_url, connection.graph_url, CLOUDS[connection.cloud].scope, connection.ca_file or None
    )


def to_connector(connection: Connection, client: Client) -> Connector:
    """The connector of this connection behind an open door, for all its active applications at once."""
    applications = Application.objects.filter(connection=connection, active=True).order_by("product")
    products = [find_product(application.product) for application in applications]
    task = Task.objects.filter(connection=connection, key="licenses").first()
    owned = list_subscriptions(connection.pk, task.generation) if task else []
    live = {to_id(row.sku): row.plans.split(",") for row in owned}
    return MicrosoftConnector(client, products, live)
