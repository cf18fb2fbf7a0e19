"""What is known of an application: its roster, access, suspicious activities, coverage and quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seatkeeper.clock import Clock, system_clock
from seatkeeper.connectors.feasibility import to_words
from seatkeeper.insights.evidence import activity
from seatkeeper.model import Instant, to_id, to_text
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.drawing.people import assigned_by, list_employees, to_strangers
from seatkeeper.services.members import Who
from seatkeeper.services.picture import know, quick_picture, read_history, read_spans
from seatkeeper.services.tables import Cell, Table
from seatkeeper.spans import RETENTION, ReadSpan, Span, join, last_unbroken, lateness_of, subtract
from seatkeeper.store import uses
from seatkeeper.store.models import Application, Quarantine

ROSTER_COLUMNS = (
    "User ID", "Email", "First Name", "Last Name", "Active Date",
    "Blocked", "Guest", "Department", "Plans", "Active Date Source", "Assigned By", "Object ID",
)  # fmt: skip
ACCESS_COLUMNS = (
    "User ID", "Last Login", "Evidence", "Observed Since", "Status", "Last Possible", "Object ID", "Last In Tenant",
)  # fmt: skip
SUSPICIOUS_COLUMNS = ("User ID", "Type", "Sign-ins", "First Seen", "Last Seen", "State")
COVERAGE_COLUMNS = ("From", "To", "State")
QUARANTINE_COLUMNS = ("First Seen", "Last Seen", "Task", "Reason", "Row")


def roster(who: Who, name: str) -> Table:
    """Application Roster: who holds a seat of the product."""
    rows: list[Sequence[Cell]] = [
        (
            h.user_id, h.mail, h.first_name, h.last_name, h.active,
            h.blocked, h.guest, h.department, h.plans, h.active_source, assigned_by(h), to_id(h.account),
        )
        for h in quick_picture(find_application(who, name)).holders
    ]  # fmt: skip
    return Table(ROSTER_COLUMNS, rows, frozenset({"Active Date"}))


def access(who: Who, name: str, clock: Clock = system_clock) -> Table:
    """Application Access: when each seat holder last signed in, and how sure we are."""
    picture = quick_picture(find_application(who, name), clock)
    rows: list[Sequence[Cell]] = [
        (
            h.user_id, h.last_login, h.evidence, h.observed_since,
            activity(h, picture), h.last_possible, to_id(h.account), h.in_tenant.last if h.in_tenant else None,
        )
        for h in picture.holders
    ]  # fmt: skip
    return Table(ACCESS_COLUMNS, rows, frozenset({"Last Login", "Observed Since", "Last Possible", "Last In Tenant"}))


def suspicious(who: Who, name: str, clock: Clock = system_clock) -> Table:
    """Suspicious SaaS Activities: successful sign-ins to the product by accounts that hold no seat of it.

    With an HR list also those by holders whom it does not know, or no longer.
    """
    application = find_application(who, name)
    known = know(application)
    strangers = to_strangers(
        application,
        known.product,
        known.generations.get("roster", 0),
        list_employees(application),
        clock(),
        counted=uses.are_counted(application.connection_id),
    )
    rows: list[Sequence[Cell]] = [
        (s.user_id, s.type, s.sign_ins, s.first_seen, s.last_seen, s.state) for s in strangers
    ]
    return Table(SUSPICIOUS_COLUMNS, rows, frozenset({"First Seen", "Last Seen"}))


def coverage(who: Who, name: Which, clock: Clock = system_clock) -> Table:
    """Since our history began: for which stretches of time sign-ins are complete."""
    return coverage_of(find_application(who, name), clock)


def coverage_of(application: Application, clock: Clock = system_clock) -> Table:
    """The same of an application that was found already."""
    return _coverage(*read_spans(application), clock())


def _coverage(readings: Sequence[ReadSpan], sure: Sequence[Span], now: Instant) -> Table:
    seen = join(Span(r.start, r.end) for r in readings)
    begin = min((span.start for span in seen), default=now - RETENTION)  # before it, our history had not begun
    parts = [(span, "complete") for span in sure]
    parts += [(gap, "provisional") for span in seen for gap in subtract(span, sure)]
    for gap in subtract(Span(begin, max(now, begin)), seen):
        edge = now - RETENTION
        if gap.start < edge:
            parts.append((Span(gap.start, min(gap.end, edge)), "lost"))
        if gap.end > edge:
            parts.append((Span(max(gap.start, edge), gap.end), "not yet"))
    rows: list[Sequence[Cell]] = [(span.start, span.end, state) for span, state in sorted(parts)]
    return Table(COVERAGE_COLUMNS, rows, frozenset({"From", "To"}))


def lag(who: Who, name: Which, clock: Clock = system_clock) -> str:
    """How far behind our history of sign-ins is, in words."""
    return _lag(*read_spans(find_application(who, name)), clock())


def _lag(readings: Sequence[ReadSpan], sure: Sequence[Span], now: Instant) -> str:
    known = last_unbroken(sure)
    if known is None:
        return "no stretch of sign-ins is complete yet"
    read = max(min(reading.end, reading.read_at) for reading in readings)
    words = f"complete up to {_short(known.end)}, {to_words(now - known.end)} ago"
    if read <= known.end:
        return words
    return f"{words}; provisional since then, up to {_short(read)}, {to_words(now - read)} ago"


def _short(instant: Instant) -> str:
    return to_text(instant)[:16].replace("T", " ")


class Lateness(NamedTuple):
    """How late sign-ins have come, and how long we wait for late ones before a stretch counts as complete."""

    longest: Instant
    waited: Instant


class SignInHistory(NamedTuple):
    """How far the history of sign-ins is complete: stretch by stretch, in words, and how late sign-ins come."""

    coverage: Table
    lag: str
    lateness: Lateness


def sign_in_history(who: Who, which: Which, clock: Clock = system_clock) -> SignInHistory:
    """All of it at once, read once."""
    readings, sure, longest = read_history(find_application(who, which))
    now = clock()
    lateness = Lateness(longest, lateness_of(longest))
    return SignInHistory(_coverage(readings, sure, now), _lag(readings, sure, now), lateness)


def quarantine(who: Who, name: str) -> Table:
    """Rows that could not be understood, as they came, with the reason."""
    connection = find_application(who, name).connection
    rows: list[Sequence[Cell]] = [
        (q.first_seen, q.last_seen, q.task, q.reason, bytes(q.raw).decode(errors="backslashreplace"))
        for q in Quarantine.objects.filter(connection=connection, resolved=False).order_by("-last_seen", "id")
    ]
    return Table(QUARANTINE_COLUMNS, rows, frozenset({"First Seen", "Last Seen"}))
