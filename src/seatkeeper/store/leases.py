"""Who runs a task: a lease is a row, claimed by one conditional UPDATE, fenced by a number that only grows.

Times here are this machine's own clock, never `--now`: a lease is about processes, not about data.
"""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path
from typing import Final

import psutil
from django.db import transaction
from django.db.models import F, Q

from seatkeeper import clock
from seatkeeper.errors import LeaseLost
from seatkeeper.store.models import Task

LONGEST: Final = 300.0  # seconds: longer than the longest wait between two pages; a dead process gives it up at once
CLOCKS_DIFFER: Final = 60.0  # seconds, between the machines that share a database


def this_process() -> str:
    """This process, told apart from every other: `machine:process:start`."""
    return f"{_machine()}:{os.getpid()}:{_started(os.getpid())}"


def claim(task_id: int, owner: str, seconds: float, *, after: int | None = None) -> int | None:
    """Take the task for so long, and return the fence to save with; None when another process has it.

    A lease whose process is gone is taken over at once; otherwise when it lapses. With `after`, the fence that the task
    had when its run was decided on, None too when somebody has taken it since: what was wanted may be done.
    """
    shorten_impossible(Q(pk=task_id))
    now = clock.system_clock()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    holder = Task.objects.filter(pk=task_id).values_list("lease_owner", flat=True).first()
    if holder and owner_is_dead(holder):
        free |= Q(lease_owner=holder)
    with transaction.atomic():
        mine = Task.objects.filter(free, pk=task_id)
        won = (mine if after is None else mine.filter(fence=after)).update(
            fence=F("fence") + 1, lease_owner=owner, lease_until=now + clock.seconds(seconds)
        )
        return Task.objects.values_list("fence", flat=True).get(pk=task_id) if won else None


def hold(task_id: int, fence: int, seconds: float) -> None:
    """Renew inside the transaction that saves; raises LeaseLost, so that it rolls back, after a takeover.

    The row stays locked until that transaction ends: nobody can take over between the check and the commit.
    """
    until = clock.system_clock() + clock.seconds(seconds)
    if not Task.objects.filter(pk=task_id, fence=fence).exclude(lease_owner="").update(lease_until=until):
        raise LeaseLost("Another process took this task over; what was saved before that stays")


def release(task_id: int, fence: int) -> None:
    """Give the task back. Does nothing when it was taken over."""
    Task.objects.filter(pk=task_id, fence=fence).update(lease_owner="", lease_until=None)


def shorten_impossible(which: Q = Q()) -> None:  # noqa: B008 - it is never changed
    """A lease that ends later than any lease lasts was dated by a clock that was set wrong: it ends as if taken now.

    It is shortened and not broken: whoever is alive renews it at the next page, so no task is run twice at once.
    """
    latest = clock.system_clock() + clock.seconds(LONGEST)
    Task.objects.filter(which, lease_until__gt=latest + clock.seconds(CLOCKS_DIFFER)).update(lease_until=latest)


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
