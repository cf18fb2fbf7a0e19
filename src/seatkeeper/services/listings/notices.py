"""What somebody should know: the notices that are open, and those that were."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from seatkeeper.notices.kinds import KINDS
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Notice

LISTING: Final = Listing[Notice](
    key="notices",
    title="Notices",
    columns=(
        Column("title", "Notice", Kind.NAME),
        Column("kind", "Kind", Kind.BADGE),
        Column("opened", "Since", Kind.TIME),
        Column("told", "Told", Kind.TIME),
        Column("closed", "Over", Kind.TIME),
        Column("body", "What to do", Kind.NAME, sorts=False),
        Column("condition", "Condition", shown=False, was="cause"),
    ),
    filters=(
        Filter(
            "state",
            "State",
            [Choice("open", "open"), Choice("over", "over")],
            lambda value: Q(closed__isnull=value == "open"),
        ),
        Filter("kind", "Kind", [Choice(kind.key, kind.title) for kind in KINDS], lambda value: Q(kind=value)),
    ),
    sort="-opened",
    empty="Nothing is the matter, and nothing was.",
)


def rows(who: Who) -> QuerySet[Notice]:
    who.require(May.SEE)
    return Notice.objects.of(who)
