"""Exceptions: somebody or something that findings leave alone, with a reason and, if wanted, an end."""

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
from seatkeeper.services import audit, refreshes
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.findings import check_reason
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import FindingException, SeatHolder
from seatkeeper.tabular.tables import Cell, Table

__all__ = ["SCOPES"]

COLUMNS: Final = ("Exception", "What", "Which", "Finding", "Reason", "Until", "By", "At")


@dataclass(frozen=True, slots=True)
class NewException:
    """Whom or what to except. `value` is an object id or user id, a part number, or a department."""

    scope: str
    value: str
    reason: str
    finding: str = ""
    until: Instant | None = None


def exempt(who: Who, which: Which, new: NewException, clock: Clock = system_clock) -> FindingException:
    """Except somebody or something from findings. Raises BadInput."""
    who.require(May.LICENSES)
    application = find_application(who, which)
    keys = [insight.key for insight in INSIGHTS]
    if new.finding and new.finding not in keys:
        raise BadInput("finding", f"{new.finding[:40]!r} is not one of {', '.join(keys)}.")
    if new.until is not None and new.until <= clock():
        raise BadInput("until", "it is past already. Leave it empty for an exception without an end.")
    reason = check_reason("reason", new.reason, least=3)
    wanted = new.value.strip()
    if new.scope == "person":
        people = (
            SeatHolder.objects.filter(application=application) if wanted.isprintable() else SeatHolder.objects.none()
        )
        person = people.filter(object_id=wanted).first() or people.filter(user_id__iexact=wanted).first()
        if person is None:
            raise BadInput("person", f"nobody on the roster is called {wanted[:60]!r}.")
        value, label = person.object_id, person.user_id  # what is stored, and how people know it
    elif new.scope in SCOPES:
        value = label = check_reason(new.scope, wanted, least=1)
    else:
        raise BadInput("scope", f"{new.scope[:40]!r} is not one of {', '.join(SCOPES)}.")
    with transaction.atomic():
        exception, _made = FindingException.objects.update_or_create(
            application=application,
            finding=new.finding,
            scope=new.scope,
            value=value,
            defaults={"label": label, "reason": reason, "until": new.until, "by": who.name, "at": clock()},
        )
        audit.record(who, "exemption.made", label, f"{new.finding or 'every finding'}: {reason}")
        refreshes.request(who, [application], clock)
    return exception


def end_exception(who: Who, exception_id: int, clock: Clock = system_clock) -> None:
    """What it covered is open again at once. Raises NotFound."""
    who.require(May.LICENSES)
    mine = FindingException.objects.of(who).filter(pk=exception_id)
    with transaction.atomic():
        exception = mine.select_related("application__connection").first()
        if exception is None:
            raise NotFound("The exception")
        audit.record(who, "exemption.ended", exception.label, exception.reason)
        exception.delete()
        refreshes.request(who, [exception.application], clock)


def list_exceptions(who: Who, which: Which) -> list[FindingException]:
    """All of an application, the lapsed ones included: they say why nothing was done then."""
    who.require(May.SEE)
    return list(FindingException.objects.filter(application=find_application(who, which)).order_by("label", "pk"))


def exception_table(who: Who, which: Which) -> Table:
    """The same as rows."""
    rows: list[Sequence[Cell]] = [
        (row.pk, row.scope, row.label, row.finding or "every one", row.reason, row.until, row.by, row.at)
        for row in list_exceptions(who, which)
    ]
    return Table(COLUMNS, rows, frozenset({"Until", "At"}))


def to_end(text: str) -> Instant | None:
    """The end of a day that somebody typed in, in UTC; None for no day. Raises BadInput."""
    if not text:
        return None
    try:
        return to_instant(f"{date.fromisoformat(text).isoformat()}T00:00:00Z") + days(1)
    except ValueError:
        raise BadInput("until", "this is not a day. Write it like 2027-03-31.") from None
