"""Links by which customers' administrators consent, and what became of each."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from seatkeeper.jobs import joining
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import ConsentLink

STATUSES: Final = (
    joining.WAITING, joining.DECLINED, joining.CONSENTED, joining.JOINED, joining.REFUSED, joining.WITHDRAWN
)  # fmt: skip

LISTING: Final = Listing[ConsentLink](
    key="consent-links",
    title="Consent links",
    columns=(
        Column("customer", "Customer", Kind.NAME),
        Column("status", "Status", Kind.BADGE),
        Column("message", "What became of it", Kind.NAME, sorts=False),
        Column("tenant_id", "Tenant", shown=False),
        Column("directory_id", "Answered by", shown=False),
        Column("tags", "Tags", Kind.NAME, shown=False),
        Column("made", "Made", Kind.TIME),
        Column("made_by", "Made by", Kind.NAME, shown=False),
        Column("expires", "Valid until", Kind.TIME),
    ),
    filters=(Filter("status", "Status", [Choice(each, each) for each in STATUSES], lambda value: Q(status=value)),),
    search=("customer", "tenant_id", "directory_id"),
    sort="-made",
    empty="There are no links yet: make one for a customer.",
)


def rows(who: Who) -> QuerySet[ConsentLink]:
    who.require(May.SEE)
    return ConsentLink.objects.of(who)
