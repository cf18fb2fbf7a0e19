"""When a product is used: counts by day, for the heat map and the chart of use over time."""

from __future__ import annotations

from typing import Final, NamedTuple

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.services import applications
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import ProductDay

DAY: Final = days(1)
SPAN: Final = 90  # days that are shown


class UseOfDay(NamedTuple):
    """A day, in days since 1970-01-01; people are counted once a day, however often they came."""

    day: int
    sign_ins: int
    people: int
    possible: int  # at applications that several products share


def list_days(who: Who, application_id: int, clock: Clock = system_clock) -> list[UseOfDay]:
    """Each of the last days, oldest first, those without any use included."""
    who.require(May.SEE)
    application, last = applications.find(who, application_id), clock() // DAY
    first = last - SPAN + 1
    counted = ProductDay.objects.filter(
        connection_id=application.connection_id, product=application.product, day__range=(first, last)
    )
    found = {row[0]: UseOfDay(*row) for row in counted.values_list("day", "sign_ins", "people", "possible")}
    return [found.get(day, UseOfDay(day, 0, 0, 0)) for day in range(first, last + 1)]
