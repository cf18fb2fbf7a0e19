"""Backups by themselves: made when one is due, and removed when newer ones stand in their place."""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from seatkeeper.clock import Clock, hours, seconds, system_clock
from seatkeeper.errors import BadInput, WrongUse
from seatkeeper.model import TICKS, Instant
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.upkeep import BackupPlan
from seatkeeper.store import backup
from seatkeeper.store.backup import Header
from seatkeeper.store.models import Backup, Organization

log = logging.getLogger("seatkeeper.jobs")

TRY_AGAIN: Final = seconds(3000)  # after one that failed
LONGEST: Final = hours(6)  # that one is taken to be under way: later its process is gone
_NAME: Final = re.compile(r"seatkeeper-\d{8}T\d{6}Z\.zip")


def make_due(clock: Clock = system_clock) -> Backup | None:
    """Make a backup if one is due; its row says how that went. None when none is, or another process is at it."""
    plan = SEATKEEPER.backups
    if plan is None or not _is_due(plan, clock()):
        return None
    with transaction.atomic():  # of several processes that find one due, one makes it
        list(Organization.objects.select_for_update().order_by("pk")[:1])
        if not _is_due(plan, now := clock()):  # not a moment from before the wait: another one's would be later
            return None
        file = plan.folder / f"seatkeeper-{_to_date(now):%Y%m%dT%H%M%SZ}.zip"
        row = Backup.objects.create(file=str(file), scheduled=True, started=now)
    try:
        make(row, clock)
    except WrongUse as error:
        log.warning("The backup %s was not made: %s", file.name, error)
    else:
        remove_old(plan)
    return row


def make(row: Backup, clock: Clock = system_clock) -> Header:
    """Write the file of the row, which then says how that went. Raises BadInput when it cannot be written."""
    path = Path(row.file)
    try:
        if row.scheduled:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        header = backup.write(path)
        row.size = path.stat().st_size
    except OSError as error:
        row.trouble = f"{path} cannot be written: {error.strerror}."
        raise BadInput("file", row.trouble) from None
    except WrongUse as error:
        row.trouble = str(error)
        raise
    finally:
        row.ended = clock()
        row.save()
    return header


def remove_old(plan: BackupPlan) -> None:
    """Only files with the name of a scheduled backup; and what a process that was killed has left behind."""
    named = {path for path in plan.folder.iterdir() if _NAME.fullmatch(path.name)}
    for path in named - set(to_keep(named, plan)):
        path.unlink(missing_ok=True)
        Backup.objects.filter(file=str(path)).update(removed=True)
    for folder in plan.folder.glob(".seatkeeper-*"):
        if folder.is_dir() and folder.stat().st_mtime < time.time() - LONGEST / TICKS:
            shutil.rmtree(folder, ignore_errors=True)


def to_keep(paths: Iterable[Path], plan: BackupPlan) -> list[Path]:
    """The newest, and the newest of each of the last days, weeks and months that have any."""
    newest_first = sorted(paths, reverse=True)
    kept = set(newest_first[:1])
    for count, period in ((plan.daily, "%Y%m%d"), (plan.weekly, "%G-%V"), (plan.monthly, "%Y%m")):
        newest = {_date_of(path).strftime(period): path for path in reversed(newest_first)}
        kept |= {newest[name] for name in sorted(newest, reverse=True)[:count]}
    return sorted(kept)


def newest() -> Backup | None:
    """The newest that was made whole, whoever made it."""
    return Backup.objects.filter(ended__isnull=False, trouble="").order_by("-started").first()


def _is_due(plan: BackupPlan, now: Instant) -> bool:
    rows = Backup.objects.filter(scheduled=True, started__lte=now)  # one of a later time was dated by a wrong clock
    if rows.filter(ended=None, started__gt=now - LONGEST).exists():
        return False
    tried, made = rows.filter(started__gt=now - TRY_AGAIN), rows.filter(ended__isnull=False, trouble="")
    return not tried.exists() and not made.filter(started__gt=now - hours(plan.every) + TRY_AGAIN).exists()


def _to_date(moment: Instant) -> datetime:
    return datetime.fromtimestamp(moment / TICKS, UTC)


def _date_of(path: Path) -> datetime:
    return datetime.strptime(path.name, "seatkeeper-%Y%m%dT%H%M%SZ.zip").replace(tzinfo=UTC)
