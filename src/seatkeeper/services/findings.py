"""Findings and the report: what to do about an application's seats, and how it stands in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.insights.base import Picture
from seatkeeper.insights.catalog import find_all
from seatkeeper.insights.evidence import Activity, activity, sure_from
from seatkeeper.model import Word, to_text
from seatkeeper.services import inventory
from seatkeeper.services.applications import find_application, list_applications
from seatkeeper.services.drawing import lifecycle, worth
from seatkeeper.services.members import Who
from seatkeeper.services.picture import quick_picture
from seatkeeper.services.tables import Cell, Table
from seatkeeper.store import listing
from seatkeeper.store.bulk import drawn
from seatkeeper.store.models import Application, Run, Task

STALE = days(3)  # a report older than this says so
FINDINGS_COLUMNS = (
    "Finding", "User ID", "Plan", "Evidence", "Observed Since", "Last Login", "Monthly Cost", "Advice", "State",
)  # fmt: skip
REPORT_COLUMNS = (
    "Application", "Tenant", "Bought", "Assigned", "Holders", "Active", "Possibly Active", "Inactive", "Never Seen",
    "Not Observable", "Suspicious", "Findings", "Complete From", "Complete Until", "Last Complete Run", "Health",
)  # fmt: skip


def findings(who: Who, name: str, clock: Clock = system_clock) -> Table:
    """What the insights say of the application's seats, what each costs a month, and what was decided on it."""
    application = find_application(who, name)
    return _to_table(application, quick_picture(application, clock))


def _to_table(application: Application, picture: Picture) -> Table:
    found = lifecycle.to_rows(find_all(picture), worth.read_worth(application, picture.now))
    states = drawn.list_states(application.pk)
    rows: list[Sequence[Cell]] = [
        (
            f.key, f.user_id, f.plan, f.evidence, f.observed_since, f.last_login, f.monthly_cost or None, f.advice,
            states.get((f.key, f.subject), (0, "open"))[1],
        )
        for f in found
    ]  # fmt: skip
    return Table(FINDINGS_COLUMNS, rows, frozenset({"Observed Since", "Last Login"}))


@dataclass(frozen=True, slots=True)
class Report:
    """How one application stands."""

    application: Application
    picture: Picture
    activity: Counter[Activity]
    suspicious: Table
    findings: Table
    newest_roster: Run | None
    health: str

    @property
    def bought(self) -> int:
        return sum(purchase.bought for purchase in self.picture.purchases)

    @property
    def assigned(self) -> int:
        return sum(purchase.consumed for purchase in self.picture.purchases)

    @property
    def caution(self) -> str:
        """What cannot be said yet, in a sentence; empty when everything can."""
        sure, picture = sure_from(self.picture), self.picture
        if sure is None:
            return "No stretch of sign-ins is complete yet, so nobody is called unused."
        if picture.now - picture.as_of > STALE:
            return f"Nothing is known of what came after {to_text(picture.as_of)[:10]}: run `seatkeeper sync`."
        if sure > picture.as_of:
            span = f"{self.application.threshold_days} days"
            return f"Unused for {span} cannot be said before {to_text(sure)[:10]}; until then: none seen since."
        return ""


def report_on(who: Who, application: Application, clock: Clock = system_clock) -> Report:
    """All that the report shows of one application."""
    picture = quick_picture(application, clock)
    task = Task.objects.filter(connection_id=application.connection_id, key="roster").first()
    return Report(
        application,
        picture,
        Counter(activity(holder, picture) for holder in picture.holders),
        inventory.suspicious(who, application.name, clock),
        _to_table(application, picture),
        listing.newest_complete_run(task.pk) if task else None,
        health(application),
    )


def health(application: Application) -> str:
    """One word for how its reading goes: healthy, attention, failing, never run, or deactivated."""
    if not application.active:
        return "deactivated"
    words = []
    for task in Task.objects.filter(connection_id=application.connection_id, enabled=True):
        run = Run.objects.filter(task=task).order_by("-started", "-id").first()
        words.append("never run" if run is None else run.word)
        if run is not None and run.quarantined:
            words.append("quarantine")
    if not words or set(words) == {"never run"}:
        return "never run"
    if Word.REFUSED in words or Word.FAILED in words:
        return "failing"
    return "healthy" if set(words) <= {Word.COMPLETE, Word.RUNNING} else "attention"


def reports(who: Who, name: str | None = None, clock: Clock = system_clock) -> list[Report]:
    """Reports on one application, or on all that are active."""
    chosen = [find_application(who, name)] if name else [a for a in list_applications(who) if a.active]
    return [report_on(who, application, clock) for application in chosen]


def report_table(some: Sequence[Report]) -> Table:
    """One row an application, for scripts."""
    rows: list[Sequence[Cell]] = []
    for r in some:
        observed = r.picture.observed
        rows.append(
            (
                r.application.name, r.application.connection.tenant_id, r.bought, r.assigned,
                len(r.picture.holders), *(r.activity[kind] for kind in Activity),
                len(r.suspicious.rows), len(r.findings.rows),
                observed.start if observed else None, observed.end if observed else None,
                r.newest_roster.ended if r.newest_roster else None, r.health,
            )
        )  # fmt: skip
    return Table(REPORT_COLUMNS, rows, frozenset({"Complete From", "Complete Until", "Last Complete Run"}))
