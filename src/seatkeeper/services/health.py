"""Whether this process can do its work, for whoever sends requests here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, connection
from django.db.models import Min

from seatkeeper.clock import hours, system_clock
from seatkeeper.errors import BadSetting
from seatkeeper.jobs.job import most_connections
from seatkeeper.jobs.scheduler import Scheduler
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.measures import LEAST_FREE, look_at_disk
from seatkeeper.store.models import Application
from seatkeeper.store.schema import check_room, check_schema

LATE_LOOK: Final = 300.0  # seconds; the scheduler looks every two
HANGING: Final = hours(1)  # a refresh that has waited for so long

_alive: list[Callable[[], bool]] = []  # of the scheduler that this process runs, if it does
_looked_ago: list[Callable[[], float]] = []


def start_scheduler() -> Scheduler:
    """This process runs the tasks that are due, and is well only while it does. Raises BadSetting."""
    check_room(most_connections(SEATKEEPER.slots))
    scheduler = Scheduler()
    watch(scheduler.is_alive, scheduler.looked_ago)
    scheduler.start()
    return scheduler


def watch(is_alive: Callable[[], bool], looked_ago: Callable[[], float] = lambda: 0.0) -> None:
    """This process runs a scheduler, which shall be alive and look for what is due; `looked_ago` is in seconds."""
    _alive[:], _looked_ago[:] = [is_alive], [looked_ago]


def unwatch() -> None:
    _alive.clear()
    _looked_ago.clear()


def look() -> dict[str, bool]:
    """What must hold before requests are sent here, by name. The last three are about the work of this process."""
    found = {"database": False, "schema": False, "disk": look_at_disk().free >= LEAST_FREE}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found |= {"database": True, "schema": check_schema()}
    except BadSetting as error:  # a newer program has migrated it, or it is damaged
        found["database"] = not isinstance(error.__cause__, DatabaseError)
    except DatabaseError:
        pass
    found["scheduler"] = all(is_alive() for is_alive in _alive)
    found["look"] = all(ago() < LATE_LOOK for ago in _looked_ago)
    found["refresh"] = not (_alive and found["schema"]) or not _refresh_hangs()
    return found


def _refresh_hangs() -> bool:
    oldest = Application.objects.filter(active=True).aggregate(since=Min("refresh_wanted_since"))["since"]
    return oldest is not None and oldest < system_clock() - HANGING
