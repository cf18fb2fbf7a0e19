"""Settings of backups and retention: nonsense is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatkeeper.clock import days
from seatkeeper.connectors.catalog import list_vendors
from seatkeeper.errors import BadSetting
from seatkeeper.settings.upkeep import LEAST_SIGN_INS, BackupPlan, read_backup_plan, read_retention

FOLDER = {"SEATKEEPER_BACKUP_FOLDER": "/srv/backups"}


def test_without_a_folder_there_is_no_plan() -> None:
    assert read_backup_plan({}) is None


def test_a_folder_alone_means_daily_and_seven_days_four_weeks_twelve_months() -> None:
    assert read_backup_plan(FOLDER) == BackupPlan(Path("/srv/backups"), 24, 7, 4, 12)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEATKEEPER_BACKUP_FOLDER", "backups"),
        ("SEATKEEPER_BACKUP_EVERY", "0"),
        ("SEATKEEPER_BACKUP_EVERY", "daily"),
        ("SEATKEEPER_BACKUP_EVERY", "721"),
        ("SEATKEEPER_BACKUP_KEEP", "7"),
        ("SEATKEEPER_BACKUP_KEEP", "7,4,-1"),
        ("SEATKEEPER_BACKUP_KEEP", "7,4,1000"),
        ("SEATKEEPER_BACKUP_KEEP", "7,4,٣"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_backup_plan(FOLDER | {name: value})


@pytest.mark.parametrize("name", ["SEATKEEPER_BACKUP_EVERY", "SEATKEEPER_BACKUP_KEEP"])
def test_a_plan_by_half_is_refused(name: str) -> None:
    with pytest.raises(BadSetting, match=rf"{name} is set, but SEATKEEPER_BACKUP_FOLDER is not"):
        read_backup_plan({name: "1" if name.endswith("EVERY") else "1,1,1"})


@pytest.mark.parametrize("value", ["-1", "36501", "a year", "1.5", ""])
def test_a_retention_is_a_number_of_days(value: str) -> None:
    with pytest.raises(BadSetting, match=r"SEATKEEPER_KEEP_RUNS.*days \(0 for ever\)"):
        read_retention({"SEATKEEPER_KEEP_RUNS": value})


def test_sign_ins_that_are_still_needed_cannot_be_given_up() -> None:
    with pytest.raises(BadSetting, match=r"SEATKEEPER_KEEP_SIGN_INS: 59 days.*Keep 60 days or more, or 0"):
        read_retention({"SEATKEEPER_KEEP_SIGN_INS": "59"})
    assert read_retention({"SEATKEEPER_KEEP_SIGN_INS": "60"}).sign_ins == 60
    assert read_retention({"SEATKEEPER_KEEP_SIGN_INS": "0"}).sign_ins == 0


def test_the_least_is_longer_than_any_vendor_keeps_its_log_and_sends_late_ones() -> None:
    for vendor in list_vendors():
        if vendor.log:
            assert days(LEAST_SIGN_INS) >= vendor.log.retention + 2 * vendor.log.lateness
