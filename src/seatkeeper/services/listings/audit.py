"""Who did what, newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db.models import Q, QuerySet

from seatkeeper.services import tokens
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import AuditEvent, Membership

# The nouns of actions; the verb after the dot says what was done to them.
SUBJECTS: Final = (
    "application", "connection", "consent", "credential", "employees", "finding", "license", "member", "operator",
    "organization", "person", "plan", "price", "registration", "run", "suspicious", "task", "token",
)  # fmt: skip
MACHINES: Final = ("command line", "scheduler")

LISTING: Final = Listing[AuditEvent](
    key="audit",
    title="Audit trail",
    columns=(
        Column("at", "When", Kind.TIME),
        Column("who", "Who", Kind.NAME),
        Column("action", "Action"),
        Column("subject", "What", Kind.NAME),
        Column("detail", "Detail", Kind.NAME),
    ),
    filters=(
        Filter(
            "action",
            "Action",
            [Choice(noun, noun) for noun in SUBJECTS],
            lambda value: Q(action__startswith=f"{value}."),
        ),
    ),
    search=("who", "subject", "action"),
    sort="-at",
    empty="Nobody has done anything yet.",
)


def listing(who: Who) -> Listing[AuditEvent]:
    """With a filter by who: each member, with the member's tokens, the command line and the scheduler."""
    emails = Membership.objects.of(who).order_by("member__email")
    people = [*MACHINES, *emails.values_list("member__email", flat=True)]
    by = Filter(
        "who", "Who", [Choice(name, name) for name in people],
        lambda name: Q(who=name) | Q(who__startswith=f"{name}{tokens.BY}"),
    )  # fmt: skip
    return replace(LISTING, filters=(*LISTING.filters, by))


def rows(who: Who) -> QuerySet[AuditEvent]:
    who.require(May.MEMBERS)
    return AuditEvent.objects.of(who)


def rows_of_installation(who: Who) -> QuerySet[AuditEvent]:
    """What operators and the command line did in no organization, or to one of several."""
    who.require(May.OPERATE)
    return AuditEvent.objects.filter(organization__isnull=True)
