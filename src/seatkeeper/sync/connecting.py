"""Opens a connection: its credential unsealed in memory, and the connector of its vendor behind the door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from django.db import transaction

from seatkeeper.connectors.base import Connector
from seatkeeper.connectors.catalog import find_product, find_vendor
from seatkeeper.connectors.reach import DELEGATED, FEDERATED, ConnectionDetails
from seatkeeper.errors import BadSetting, CredentialsRejected
from seatkeeper.model import Secret, to_id
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.reader import FEDERATED_TOKEN_FILE, MANAGED_IDENTITY
from seatkeeper.store import seal
from seatkeeper.store.models import Application, Connection, Task
from seatkeeper.store.models.connections import Door
from seatkeeper.store.pacing import SharedPacer
from seatkeeper.store.queries.roster import list_subscriptions


@contextmanager
def open_connector(connection: Connection) -> Iterator[Connector]:
    """The connection's tenant, to be read for all its active applications; closed at the end."""
    vendor = find_vendor(connection.vendor)
    limit = vendor.request_limit
    tenant = connection.directory_id or connection.tenant_id  # the limit is the tenant's, by whatever name it is asked
    pacer = SharedPacer(connection.client_id, tenant, limit) if limit else None
    details = to_details(connection)._replace(credential=open_credential(connection))
    with vendor.open(with_identity(details), pacer) as connector:
        watch_products(connector, connection)
        try:
            yield connector
        finally:
            if renewed := connector.renewed_sign_in():
                _keep_sign_in(connection, details.credential, renewed)


def open_credential(door: Door) -> Secret:
    """What is sealed of it, in memory. Raises BadSetting where it cannot be opened."""
    return seal.open_sealed(bytes(door.credential), **_place(door))


def _keep_sign_in(connection: Connection, used: Secret | None, renewed: Secret) -> None:
    """Store it, unless somebody has given another credential meanwhile. Of two processes either's is good."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().filter(pk=connection.pk).exclude(credential=b"").first()
        if row is not None and _opens_to(row, used):
            row.credential = seal_credential(row, renewed)
            row.save(update_fields=["credential"])


def _opens_to(door: Door, credential: Secret | None) -> bool:
    """Compared by what is in it: it may have been sealed anew, with another key."""
    try:
        return open_credential(door) == credential
    except BadSetting:
        return False


def with_identity(details: ConnectionDetails) -> ConnectionDetails:
    """Details that can be opened: of a connection that signs in as this server, with where its token comes from now.

    The operator's setting alone says that. Raises CredentialsRejected where there is none (any more).
    """
    if details.credential_kind != FEDERATED:
        return details
    if SEATKEEPER.identity is None:
        raise CredentialsRejected(
            "This connection signs in as the server itself, which has no identity any more. Whoever runs this "
            f"server sets {FEDERATED_TOKEN_FILE} or {MANAGED_IDENTITY}; or give a client secret or a certificate."
        )
    return details._replace(credential=Secret(SEATKEEPER.identity.source))


def sign_in(door: Door, details: ConnectionDetails) -> str:
    """Ask the vendor for access with details that are not stored (yet); the tenant's own id where the answer tells it.

    Raises CredentialsRejected, TryLater.
    """
    return find_vendor(door.vendor).sign_in(with_identity(details))


def watch_products(connector: Connector, connection: Connection) -> None:
    """Read for the products that are managed now, with the SKUs that the tenant said last it owns."""
    applications = Application.objects.filter(connection=connection, active=True).order_by("product")
    task = Task.objects.filter(connection=connection, key="licenses").first()
    owned = list_subscriptions(connection.pk, task.generation) if task else []
    connector.watch(
        [find_product(application.product) for application in applications],
        {to_id(row.sku): row.plans.split(",") for row in owned},
    )


def to_details(door: Door) -> ConnectionDetails:
    """What is stored of it, without its credential."""
    return ConnectionDetails(
        door.tenant_id,
        door.client_id,
        door.cloud,
        door.login_url,
        door.graph_url,
        door.ca_file,
        door.credential_kind,
        None,
        door.credential_expires,
        door.directory_id,
    )


def to_columns(details: ConnectionDetails) -> dict[str, Any]:
    """What is stored of how a tenant is reached, by the names of the columns; the credential is sealed apart."""
    return {
        "client_id": details.client_id,
        "cloud": details.cloud,
        "login_url": details.login_url,
        "graph_url": details.graph_url,
        "ca_file": details.ca_file,
        "credential_kind": details.credential_kind,
        "credential_expires": details.expires,
    }


def save_details(door: Door, details: ConnectionDetails) -> list[str]:
    """Store what differs of how the tenant is reached; the names of it. A credential is sealed: it opens only there."""
    values: dict[str, object] = to_columns(details)
    if isinstance(door, Connection) and details.credential_kind != DELEGATED:
        values["forget_at"] = None  # a look round ends with a credential that is given to stay
    if details.credential is not None:
        values["credential"] = seal_credential(door, details.credential)
    changed = door.save_changes(values)
    alone = ["credential_expires"] if "credential" not in changed and "credential_expires" in changed else []
    told = [name for name in changed if name != "forget_at" and not name.startswith("credential_")]
    return told + alone


def seal_credential(door: Door, credential: Secret) -> bytes:
    """To be stored in this row: moved to another one, it does not open."""
    return seal.seal(credential.reveal(), **_place(door))


class _Place(TypedDict):
    organization_id: int
    connection_id: int
    field: str


def _place(door: Door) -> _Place:
    """What a sealed credential is bound to."""
    return {"organization_id": door.organization_id, "connection_id": door.pk, "field": door.sealed_as}
