"""Backups by themselves: made when due, read back, kept by day, week and month, and told when they fail."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections

from seatkeeper.clock import days, hours, system_clock
from seatkeeper.jobs import backups, housekeeping
from seatkeeper.notices import machine
from seatkeeper.services import backups as service
from seatkeeper.services.members import operator
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.upkeep import BackupPlan
from seatkeeper.store.models import Backup
from tests.conftest import Database

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackupPlan:
    operator()
    plan = BackupPlan(tmp_path / "backups", 24, 2, 1, 1)
    for module in (backups, machine):
        monkeypatch.setattr(module, "SEATKEEPER", SEATKEEPER._replace(backups=plan))
    return plan


def told() -> list[str]:
    return [each.title for each in machine.find_missing_backups(operator().organization_id, system_clock())]


@pytest.mark.both_engines
def test_one_is_made_when_it_is_due_and_no_other_before_the_next_is(plan: BackupPlan) -> None:
    now = system_clock()
    made = backups.make_due(lambda: now)
    assert made is not None
    assert (made.trouble, made.size) == ("", Path(made.file).stat().st_size)
    with zipfile.ZipFile(made.file) as bundle:
        assert bundle.testzip() is None
    assert backups.make_due(lambda: now + hours(22)) is None
    assert backups.make_due(lambda: now + hours(24)) is not None
    assert [row[3:] for row in service.list_backups().rows] == [("scheduled", "verified")] * 2
    assert told() == []


def test_without_a_folder_none_is_made() -> None:
    assert backups.make_due() is None
    assert not Backup.objects.exists()


@pytest.mark.both_engines
def test_of_several_processes_that_find_one_due_one_makes_it(plan: BackupPlan) -> None:
    def ask(_: int) -> bool:
        try:
            return backups.make_due() is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(ask, range(3))) == 1
    assert Backup.objects.count() == len(list(plan.folder.iterdir())) == 1


def test_one_that_fails_is_told_leaves_the_old_ones_and_is_tried_again(plan: BackupPlan) -> None:
    now = system_clock()
    for age in (9, 8, 7):
        assert backups.make_due(lambda age=age: now - days(age)) is not None  # type: ignore[misc]
    kept = sorted(plan.folder.iterdir())
    blocked = plan.folder.with_name("blocked")
    plan.folder.rename(blocked)
    plan.folder.write_text("a file where the folder was")
    failed = backups.make_due(lambda: now)
    assert failed is not None
    assert "cannot be written" in failed.trouble
    assert sorted(path.name for path in blocked.iterdir()) == [path.name for path in kept]
    assert told() == ["The last backup failed"]
    plan.folder.unlink()
    blocked.rename(plan.folder)
    assert backups.make_due(lambda: now + hours(0.5)) is None, "not at once"
    assert backups.make_due(lambda: now + hours(1)) is not None
    assert told() == []


def test_too_old_a_backup_is_told(plan: BackupPlan) -> None:
    now = system_clock()
    assert told() == [], "none is due yet"
    backups.make_due(lambda: now - hours(49))
    assert told() == ["The last backup is too old"]


def test_one_of_a_process_that_was_killed_holds_up_the_next_for_a_while_only(plan: BackupPlan) -> None:
    now = system_clock()
    Backup.objects.create(file="x", scheduled=True, started=now - hours(5))
    assert backups.make_due(lambda: now) is None
    assert backups.make_due(lambda: now + hours(2)) is not None


def test_what_a_killed_process_left_behind_is_removed_and_other_files_are_not(plan: BackupPlan) -> None:
    plan.folder.mkdir()
    (old := plan.folder / ".seatkeeper-abc").mkdir()
    (old / "draft.zip").write_bytes(b"half")
    os.utime(old, (0, 0))
    (fresh := plan.folder / ".seatkeeper-def").mkdir()
    (theirs := plan.folder / "monday.zip").write_bytes(b"not ours")
    backups.make_due()
    assert (old.exists(), fresh.exists(), theirs.exists()) == (False, True, True)


def test_the_newest_of_each_day_week_and_month_are_kept() -> None:
    first = datetime(2026, 1, 1, 2, tzinfo=UTC)
    paths = [Path(f"seatkeeper-{first + timedelta(hours=8 * n):%Y%m%dT%H%M%SZ}.zip") for n in range(3 * 200)]
    kept = [path.name[11:19] for path in backups.to_keep(paths, BackupPlan(Path(), 8, 3, 2, 4))]
    # It was made until Sunday, 2026-07-19: three days, of the weeks the last Sundays, of the months their last days.
    assert kept == ["20260430", "20260531", "20260630", "20260712", "20260717", "20260718", "20260719"]
    assert len(backups.to_keep(paths, BackupPlan(Path(), 8, 0, 0, 0))) == 1, "the newest is always kept"


def test_housekeeping_makes_it(plan: BackupPlan) -> None:
    housekeeping.tidy()
    assert Backup.objects.get().trouble == ""


FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from seatkeeper.cli.start import set_up; set_up()
from pathlib import Path
from seatkeeper.store import backup
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
try:
    backup.write(Path({path!r}))
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.both_engines
def test_where_no_more_can_be_written_it_says_so_and_leaves_no_part(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "full" / "backup.zip"
    path.parent.mkdir()
    most = 40_000 if database.engine == "sqlite" else 4_000  # bytes of any file: less than the copy, or the bundle, has
    done = subprocess.run(
        [sys.executable, "-c", FULL.format(path=str(path), most=most)], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(f"BadInput File: {path} cannot be written"), done.stdout + done.stderr
    assert list(path.parent.iterdir()) == []
