"""Who runs a task: a lease is a row, claimed by one conditional UPDATE, fenced by a number that only grows.

A process renews what it holds every few seconds, whatever its run waits for; one that has fallen silent loses it. Times
here are the database's own clock, which all processes share, never `--now`: a lease is about processes, not about data.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

import psutil
from django.db import Error, connection, connections, transaction
from django.db.models import F, Q

from seatkeeper import clock
from seatkeeper.errors import LeaseLost
from seatkeeper.model import TICKS, Instant
from seatkeeper.store.models import Task

log = logging.getLogger("seatkeeper.leases")

LONGEST: Final = 30.0  # seconds from the last sign of life; a process that is provably gone loses its lease at once
BEAT: Final = 8.0  # seconds between two signs of life: three may be lost
CLOCK_JUMP: Final = 60.0  # seconds that a lease may end later than any does before its clock is called wrong

_held: Final[dict[int, int]] = {}  # fences by task, of the runs under way in this process
_changed: Final = threading.Condition()


def this_process() -> str:
    """This process, told apart from every other: `machine:process:start`."""
    return f"{_machine()}:{os.getpid()}:{_started(os.getpid())}"


def now() -> Instant:
    """By the clock that all processes share: the database server's, or this machine's where the database is a file."""
    if connection.vendor == "sqlite":
        return clock.system_clock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT floor(extract(epoch FROM clock_timestamp()) * %s)::bigint", [TICKS])
        return int(cursor.fetchone()[0])


def claim(task_id: int, owner: str, *, after: int | None = None) -> int | None:
    """Take the task, and return the fence to save with; None when another process has it.

    A lease whose process is gone is taken over at once; otherwise when it lapses. With `after`, the fence that the task
    had when its run was decided on, None too when somebody has taken it since: what was wanted may be done.
    """
    shorten_impossible(Q(pk=task_id))
    moment = now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=moment)
    holder = Task.objects.filter(pk=task_id).values_list("lease_owner", flat=True).first()
    if holder and owner_is_dead(holder):
        free |= Q(lease_owner=holder)
    with transaction.atomic():
        mine = Task.objects.filter(free, pk=task_id)
        won = (mine if after is None else mine.filter(fence=after)).update(
            fence=F("fence") + 1, lease_owner=owner, lease_until=moment + clock.seconds(LONGEST)
        )
        return Task.objects.values_list("fence", flat=True).get(pk=task_id) if won else None


def hold(task_id: int, fence: int) -> None:
    """Inside the transaction that saves: raises LeaseLost, so that it rolls back, after a takeover.

    The row stays locked until that transaction ends: nobody can take over between the check and the commit.
    """
    mine = Task.objects.select_for_update().filter(pk=task_id, fence=fence).exclude(lease_owner="")
    if mine.values_list("pk", flat=True).first() is None:
        raise LeaseLost("Another process took this task over; what was saved before that stays")


@contextmanager
def kept(task_id: int, fence: int) -> Iterator[None]:
    """Renew the lease, from a thread of this process, for as long as what happens inside lasts."""
    with _changed:
        if not _held:
            threading.Thread(target=_beat, name="heartbeat", daemon=True).start()
        _held[task_id] = fence
    try:
        yield
    finally:
        with _changed:
            if _held.get(task_id) == fence:  # else another thread of this process has taken it over
                del _held[task_id]
            _changed.notify_all()


def _beat() -> None:
    while True:
        with _changed:
            if _changed.wait_for(lambda: not _held, BEAT):
                break
            tasks = list(_held)
        try:
            Task.objects.filter(pk__in=tasks, lease_owner=this_process()).update(
                lease_until=now() + clock.seconds(LONGEST)
            )
        except Error:
            log.warning("the leases could not be renewed; it is tried again in %.0f seconds", BEAT)
            connections.close_all()  # one that was lost is opened anew
    connections.close_all()


def release(task_id: int, fence: int) -> None:
    """Give the task back. Does nothing when it was taken over."""
    Task.objects.filter(pk=task_id, fence=fence).update(lease_owner="", lease_until=None)


def shorten_impossible(which: Q = Q()) -> None:  # noqa: B008 - it is never changed
    """A lease that ends later than any lease lasts was dated by a clock that was set wrong: it ends as if taken now.

    It is shortened and not broken: whoever is alive renews it at the next beat, so no task is run twice at once.
    """
    latest = now() + clock.seconds(LONGEST)
    wrong = Task.objects.filter(which, lease_until__gt=latest + clock.seconds(CLOCK_JUMP))
    if wrong.exists():  # seldom: to write nothing would take the lock of a file, too
        wrong.update(lease_until=latest)


def break_lease(task_id: int) -> bool:
    """Take the task from whoever has it: nothing more of that run is saved. False when nobody has it."""
    held = Task.objects.filter(pk=task_id).exclude(lease_owner="")
    return bool(held.update(fence=F("fence") + 1, lease_owner="", lease_until=None))


def let_go(task_id: int) -> None:
    """Give back what this process holds of a task that it is at no more, and could not release then."""
    Task.objects.filter(pk=task_id, lease_owner=this_process()).update(lease_owner="", lease_until=None)


def owner_is_dead(owner: str) -> bool:
    """True only when the owner ran on this machine and is provably gone; when in doubt, its lease must lapse."""
    machine, _, process = owner.rpartition(":")[0].rpartition(":")
    if machine != _machine() or not process.isdigit():
        return False
    try:
        if psutil.Process(int(process)).status() == psutil.STATUS_ZOMBIE:
            return True
        return _started(int(process)) != owner.rpartition(":")[2]
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


@lru_cache(maxsize=1)
def _machine() -> str:
    """Host name, boot and process namespace: where a process number means the same process.

    Containers may share a host name or a kernel, but not all three.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        boot = str(round(psutil.boot_time()))
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = ""
    return ":".join((socket.gethostname(), boot, namespace))


def _started(process: int) -> str:
    """When a process started, by a clock that nobody sets where there is one: a corrected clock kills nobody."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except OSError:
        return str(round(psutil.Process(process).create_time()))
