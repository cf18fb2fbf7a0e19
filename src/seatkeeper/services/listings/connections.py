"""The tenants that an organization reads, with what is managed of each."""

from __future__ import annotations

from typing import Any, Final

from seatkeeper.services import connections
from seatkeeper.services.listings.base import Column, Kind
from seatkeeper.services.listings.licenses import FewRows
from seatkeeper.services.members import Who

LISTING: Final = FewRows(
    key="connections",
    title="Tenants",
    columns=(
        Column("tenant", "Tenant", Kind.NAME),
        Column("directory_id", "Directory ID", shown=False),
        Column("vendor", "Vendor", shown=False),
        Column("products", "Products"),
        Column("applications", "Applications", Kind.NUMBER),
        Column("health", "Health", Kind.BADGE),
        Column("credential_kind", "Credential"),
        Column("credential_expires", "Expires", Kind.DAY),
    ),
    search=("tenant", "directory_id", "products"),
    sort="tenant",
    empty="No tenant is read yet: add the first application.",
)


def rows(who: Who) -> Any:
    """Few, so not a query."""
    return connections.list_connections(who)
