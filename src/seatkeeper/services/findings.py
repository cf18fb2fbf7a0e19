"""Findings as the command lists them, and what people do about one: accept it, or open it again.

Pages and REST list the same rows (listings/findings.py). Nothing here resolves a finding: only the next roster does,
when the seat is gone or used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction

from seatkeeper.clock import Clock, system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.insights.catalog import INSIGHTS
from seatkeeper.reporting import refresh
from seatkeeper.services import audit, readings
from seatkeeper.services.applications import Which, find_refreshed
from seatkeeper.services.listings import findings as listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Finding, FindingEvent
from seatkeeper.tabular.tables import Cell, Table

__all__ = ["INSIGHTS"]

LONGEST_REASON: Final = 500
COLUMNS: Final = (
    "Finding", "User ID", "Plan", "Evidence", "Observed Since", "Last Login", "Monthly Cost", "Advice", "State",
    "Could Save",
)  # fmt: skip

LISTED: Final = ("open", "accepted", "excepted")  # what is resolved, or cannot be said at present, is for pages to show


def findings(who: Who, which: Which) -> Table:
    """What there is to do about the seats, with what was decided on it: what is surest, and saves most, first."""
    application = find_refreshed(who, which)
    readings.note(who, listing.LISTING, "exported", application.pk)
    listed = listing.rows(who, application.pk).filter(state__in=LISTED).order_by(*listing.ORDER, "subject")
    rows: list[Sequence[Cell]] = [
        (
            f.key, f.user_id, f.plan, f.evidence, f.observed_since, f.last_login, f.monthly_cost or None, f.advice,
            f.state, f.could_save.a_month or None,
        )
        for f in listed
    ]  # fmt: skip
    return Table(COLUMNS, rows, frozenset({"Observed Since", "Last Login"}))


def find_finding(who: Who, finding_id: int) -> Finding:
    """A finding of the asker's organization. Raises NotFound."""
    who.require(May.SEE)
    mine = Finding.objects.of(who).filter(pk=finding_id)
    finding = mine.select_related("application").first()
    if finding is None:
        raise NotFound("The finding")
    return finding


def list_events(who: Who, finding_id: int) -> list[FindingEvent]:
    """The life of a finding, step by step; `sync --now` may have set the clock back between two."""
    return list(FindingEvent.objects.filter(finding=find_finding(who, finding_id)).order_by("pk"))


def accept(who: Who, finding_id: int, note: str = "", clock: Clock = system_clock) -> Finding:
    """Say that something will be done about it."""
    return _decide(who, finding_id, "open", "accepted", note, clock)


def reopen(who: Who, finding_id: int, note: str = "", clock: Clock = system_clock) -> Finding:
    """Take back that something will be done about it."""
    return _decide(who, finding_id, "accepted", "open", note, clock)


def _decide(who: Who, finding_id: int, before: str, after: str, note: str, clock: Clock) -> Finding:
    who.require(May.LICENSES)
    note = check_reason("note", note, least=0)
    with transaction.atomic():
        finding = find_finding(who, finding_id)
        if not Finding.objects.filter(pk=finding.pk, state=before).update(state=after):
            raise BadInput("finding", f"it is {finding.state}, and cannot become {after}.")
        finding.state = after
        FindingEvent.objects.create(finding=finding, at=clock(), by=who.name, state=after, note=note)
        audit.record(who, f"finding.{after}", f"{finding.key} {finding.user_id or finding.plan}", note)
        refresh.recount(finding.application)
    return finding


def check_reason(field: str, text: str, *, least: int) -> str:
    """What somebody wrote about a decision, on one line. Raises BadInput."""
    text = " ".join(text.split())
    if not least <= len(text) <= LONGEST_REASON or not text.isprintable():
        raise BadInput(field, f"write {least} to {LONGEST_REASON} visible characters.")
    return text
