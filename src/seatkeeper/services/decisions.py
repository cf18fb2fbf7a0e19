"""What people decide about findings: accept one, or except somebody or something with a reason and an expiry.

Nothing here resolves a finding: only the next roster does, when the seat is gone or used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import transaction

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.insights.catalog import INSIGHTS
from seatkeeper.insights.exempt import SCOPES
from seatkeeper.model import Instant, to_instant
from seatkeeper.services import audit, drawing, redrawing
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.members import May, Who
from seatkeeper.services.tables import Cell, Table
from seatkeeper.store.models import Application, Exemption, Finding, FindingEvent, Holding

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class NewExemption:
    """Whom or what to except. `value` is an object id or user id, a part number, or a department."""

    scope: str
    value: str
    reason: str
    finding: str = ""
    until: Instant | None = None


def find_finding(who: Who, finding_id: int) -> Finding:
    """A finding of the asker's organization. Raises NotFound."""
    who.require(May.SEE)
    mine = Finding.objects.filter(application__organization_id=who.organization_id, pk=finding_id)
    finding = mine.select_related("application").first()
    if finding is None:
        raise NotFound("The finding")
    return finding


def list_events(who: Who, finding_id: int) -> list[FindingEvent]:
    """The life of a finding, oldest step first."""
    return list(FindingEvent.objects.filter(finding=find_finding(who, finding_id)).order_by("at", "pk"))


def accept(who: Who, finding_id: int, note: str = "", clock: Clock = system_clock) -> Finding:
    """Say that something will be done about it."""
    return _decide(who, finding_id, ("open",), "accepted", note, clock)


def reopen(who: Who, finding_id: int, note: str = "", clock: Clock = system_clock) -> Finding:
    """Take back that something will be done about it."""
    return _decide(who, finding_id, ("accepted",), "open", note, clock)


def _decide(who: Who, finding_id: int, before: Sequence[str], after: str, note: str, clock: Clock) -> Finding:
    who.require(May.LICENSES)
    note = _check_text("Note", note, least=0)
    with transaction.atomic():
        finding = find_finding(who, finding_id)
        if not Finding.objects.filter(pk=finding.pk, state__in=before).update(state=after):
            raise BadInput("Finding", f"it is {finding.state}, and cannot become {after}.")
        finding.state = after
        FindingEvent.objects.create(finding=finding, at=clock(), by=who.name, state=after, note=note)
        audit.record(who, f"finding.{after}", f"{finding.key} {finding.user_id or finding.plan}", note)
        drawing.recount(finding.application)
    return finding


def exempt(who: Who, which: Which, new: NewExemption, clock: Clock = system_clock) -> Exemption:
    """Except somebody or something from findings. Raises BadInput."""
    who.require(May.LICENSES)
    application = find_application(who, which)
    keys = [insight.key for insight in INSIGHTS]
    if new.finding and new.finding not in keys:
        raise BadInput("Finding", f"{new.finding[:40]!r} is not one of {', '.join(keys)}.")
    if new.until is not None and new.until <= clock():
        raise BadInput("Until", "it is past already. Leave it empty for an exception without an end.")
    reason = _check_text("Reason", new.reason, least=3)
    value, label = _to_value(application, new)
    with transaction.atomic():
        exemption, _made = Exemption.objects.update_or_create(
            application=application,
            finding=new.finding,
            scope=new.scope,
            value=value,
            defaults={"label": label, "reason": reason, "until": new.until, "by": who.name, "at": clock()},
        )
        audit.record(who, "exemption.made", label, f"{new.finding or 'every finding'}: {reason}")
        redrawing.want(who, [application], clock)
    return exemption


def end_exemption(who: Who, exemption_id: int, clock: Clock = system_clock) -> None:
    """What it covered is open again at once. Raises NotFound."""
    who.require(May.LICENSES)
    mine = Exemption.objects.filter(application__organization_id=who.organization_id, pk=exemption_id)
    with transaction.atomic():
        exemption = mine.select_related("application__connection").first()
        if exemption is None:
            raise NotFound("The exception")
        audit.record(who, "exemption.ended", exemption.label, exemption.reason)
        exemption.delete()
        redrawing.want(who, [exemption.application], clock)


def list_exemptions(who: Who, which: Which) -> list[Exemption]:
    """All of an application, the lapsed ones included: they say why nothing was done then."""
    who.require(May.SEE)
    return list(Exemption.objects.filter(application=find_application(who, which)).order_by("label", "pk"))


EXEMPTION_COLUMNS: Final = ("Exception", "What", "Which", "Finding", "Reason", "Until", "By", "At")


def exemption_table(who: Who, which: Which) -> Table:
    """The same as rows."""
    rows: list[Sequence[Cell]] = [
        (row.pk, row.scope, row.label, row.finding or "every one", row.reason, row.until, row.by, row.at)
        for row in list_exemptions(who, which)
    ]
    return Table(EXEMPTION_COLUMNS, rows, frozenset({"Until", "At"}))


def to_end(text: str) -> Instant | None:
    """The end of a day that somebody typed in, in UTC; None for no day. Raises BadInput."""
    if not text:
        return None
    try:
        return to_instant(f"{date.fromisoformat(text).isoformat()}T00:00:00Z") + days(1)
    except ValueError:
        raise BadInput("Until", "this is not a day. Write it like 2027-03-31.") from None


def _to_value(application: Application, new: NewExemption) -> tuple[str, str]:
    """What is kept, and how people know it."""
    wanted = new.value.strip()
    holdings = Holding.objects.filter(application=application)
    if new.scope == "person":
        found = holdings.filter(object_id=wanted).first() or holdings.filter(user_id__iexact=wanted).first()
        if found is None:
            raise BadInput("Person", f"nobody on the roster is called {wanted[:60]!r}.")
        return found.object_id, found.user_id
    if new.scope not in SCOPES:
        raise BadInput("Scope", f"{new.scope[:40]!r} is not one of {', '.join(SCOPES)}.")
    return (text := _check_text("SKU" if new.scope == "sku" else "Department", wanted, least=1)), text


def _check_text(field: str, text: str, *, least: int) -> str:
    text = " ".join(text.split())
    if not least <= len(text) <= LONGEST_REASON or not text.isprintable():
        raise BadInput(field, f"write {least} to {LONGEST_REASON} visible characters.")
    return text
