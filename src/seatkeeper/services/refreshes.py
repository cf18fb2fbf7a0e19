"""After a change, the figures that pages and commands read are refreshed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Min

from seatkeeper.clock import Clock, system_clock
from seatkeeper.jobs import refreshes
from seatkeeper.model import Instant
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application


def request(who: Who, applications: Iterable[Application], clock: Clock = system_clock) -> None:
    """To be called in the transaction of the change. On the command line somebody waits for the figures."""
    refreshes.request(applications, clock, at_once=who.at_the_machine)


def pending(who: Who, application_id: int | None = None) -> Instant | None:
    """Since when something was changed that the figures of one or of all applications do not show; None: they do."""
    who.require(May.SEE)
    mine = Application.objects.of(who)
    if application_id is not None:
        mine = mine.filter(pk=application_id)
    since: Instant | None = mine.aggregate(since=Min("refresh_wanted_since"))["since"]
    return since
