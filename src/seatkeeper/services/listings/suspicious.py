"""Who used a product without a seat of it, or without being an employee: of an application, or of all."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db.models import F, Q, QuerySet

from seatkeeper.services import applications
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import UnlicensedUser

TYPES: Final = ("Unknown", "Unrecognized", "Unauthorized", "Recognized")
STATES: Final = ("open", "former holder", "other licence", "recognized")

LISTING: Final = Listing[UnlicensedUser](
    key="suspicious",
    title="Suspicious SaaS Activities",
    columns=(
        Column("user_id", "User ID", Kind.NAME),
        Column("first_name", "First Name", Kind.NAME),
        Column("last_name", "Last Name", Kind.NAME),
        Column("type", "Type", Kind.BADGE),
        Column("sign_ins", "Sign-ins", Kind.NUMBER),
        Column("first_seen", "First Seen", Kind.TIME),
        Column("last_seen", "Last Seen", Kind.TIME),
        Column("state", "State", Kind.BADGE),
        Column("held_until", "Held Until", Kind.TIME, shown=False),
        Column("object_id", "Object ID", shown=False),
    ),
    filters=(
        Filter("type", "Type", [Choice(type_, type_) for type_ in TYPES], lambda value: Q(type=value)),
        Filter("state", "State", [Choice(state, state) for state in STATES], lambda value: Q(state=value)),
    ),
    search=("words",),
    of_people=True,
    sort="-last_seen",
    empty="Nobody who should not was seen.",
)

ACROSS: Final = replace(
    LISTING, columns=(LISTING.columns[0], Column("application_name", "Application", Kind.NAME), *LISTING.columns[1:])
)


def rows(who: Who, application_id: int | None = None) -> QuerySet[UnlicensedUser]:
    """Of one application, or of all that are active; those have an `application_name`, too (ACROSS)."""
    who.require(May.SEE)
    if application_id is not None:
        return UnlicensedUser.objects.filter(application=applications.find(who, application_id))
    mine = UnlicensedUser.objects.of(who).filter(application__active=True)
    return mine.annotate(application_name=F("application__name"))
