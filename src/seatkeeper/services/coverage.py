"""How far what is read of an application reaches: for which time sign-ins are complete, and what was set aside."""

from __future__ import annotations

from collections.abc import Sequence

from seatkeeper.clock import Clock, system_clock
from seatkeeper.model import Instant, to_text
from seatkeeper.services import readings
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.listings import quarantine as listing
from seatkeeper.services.members import Who
from seatkeeper.spans import to_words
from seatkeeper.store.models import Quarantine
from seatkeeper.sync.coverage import SignInCoverage, coverage_of
from seatkeeper.tabular.tables import Cell, Table

COVERAGE_COLUMNS = ("From", "To", "State")
QUARANTINE_COLUMNS = ("First Seen", "Last Seen", "Task", "Reason", "Row")


def coverage(who: Who, which: Which, clock: Clock = system_clock) -> Table:
    """Since our history began: for which stretches of time sign-ins are complete."""
    return coverage_table(sign_in_coverage(who, which, clock))


def coverage_table(found: SignInCoverage) -> Table:
    return Table(COVERAGE_COLUMNS, found.stretches, frozenset({"From", "To"}))


def sign_in_coverage(who: Who, which: Which, clock: Clock = system_clock) -> SignInCoverage:
    """How far the history of sign-ins is complete, stretch by stretch."""
    return coverage_of(find_application(who, which), clock())


def lag_in_words(found: SignInCoverage, now: Instant) -> str:
    """How far behind our history of sign-ins is."""
    known, read = found.known_until, found.read_until
    if known is None:
        return "no stretch of sign-ins is complete yet"
    words = f"complete up to {_short(known)}, {to_words(now - known)} ago"
    if read is None or read <= known:
        return words
    return f"{words}; provisional since then, up to {_short(read)}, {to_words(now - read)} ago"


def _short(instant: Instant) -> str:
    return to_text(instant)[:16].replace("T", " ")


def quarantine(who: Who, name: str) -> Table:
    """Rows that could not be understood, as they came, with the reason."""
    application = find_application(who, name)
    readings.note(who, listing.LISTING, "exported", application.pk)
    rows: list[Sequence[Cell]] = [
        (q.first_seen, q.last_seen, q.task, q.reason, bytes(q.raw).decode(errors="backslashreplace"))
        for q in Quarantine.objects.filter(connection=application.connection, resolved=False).order_by(
            "-last_seen", "id"
        )
    ]
    return Table(QUARANTINE_COLUMNS, rows, frozenset({"First Seen", "Last Seen"}))
