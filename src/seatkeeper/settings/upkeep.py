"""How the database is looked after: backups by themselves, and how long each kind of data is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from seatkeeper.errors import BadSetting

BACKUP_FOLDER: Final = "SEATKEEPER_BACKUP_FOLDER"
BACKUP_EVERY: Final = "SEATKEEPER_BACKUP_EVERY"
BACKUP_KEEP: Final = "SEATKEEPER_BACKUP_KEEP"
KEEP_SIGN_INS: Final = "SEATKEEPER_KEEP_SIGN_INS"
KEEP_RUNS: Final = "SEATKEEPER_KEEP_RUNS"
KEEP_QUARANTINE: Final = "SEATKEEPER_KEEP_QUARANTINE"
KEEP_NOTICES: Final = "SEATKEEPER_KEEP_NOTICES"
KEEP_AUDIT: Final = "SEATKEEPER_KEEP_AUDIT"
KEEP_SUMMARIES: Final = "SEATKEEPER_KEEP_SUMMARIES"

LONGEST_EVERY: Final = 30 * 24  # hours
LONGEST_KEPT: Final = 36_500  # days
# A sign-in that the vendor may send once more is still needed: without it, it would look new and late.
LEAST_SIGN_INS: Final = 60  # days


class BackupPlan(NamedTuple):
    """Where backups are made by themselves, how often in hours, and how many are kept of each kind."""

    folder: Path
    every: int
    daily: int
    weekly: int
    monthly: int


class Retention(NamedTuple):
    """For how many days each kind of data is kept; 0 is for ever."""

    sign_ins: int
    runs: int
    quarantine: int
    notices: int
    audit: int
    summaries: int


def read_backup_plan(given: Mapping[str, str]) -> BackupPlan | None:
    """None where no folder is set: then somebody else makes the backups. Raises BadSetting."""
    every = _read_number(given, BACKUP_EVERY, 24, 1, LONGEST_EVERY, "hours")
    text = given.get(BACKUP_KEEP, "7,4,12")
    counts = [part.strip() for part in text.split(",")]
    if len(counts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in counts):
        raise BadSetting(
            f"{BACKUP_KEEP}: {text[:80]!r} is not three numbers below 1,000: how many daily, weekly and monthly "
            "backups are kept, such as 7,4,12"
        )
    folder = Path(given.get(BACKUP_FOLDER, "")).expanduser()
    if BACKUP_FOLDER not in given:
        if named := [name for name in (BACKUP_EVERY, BACKUP_KEEP) if name in given]:
            raise BadSetting(f"{named[0]} is set, but {BACKUP_FOLDER} is not: no backup is made without a folder")
        return None
    if not folder.is_absolute():
        raise BadSetting(f"{BACKUP_FOLDER} is not an absolute path: {folder}. Write it from the root")
    return BackupPlan(folder, every, *map(int, counts))


def read_retention(given: Mapping[str, str]) -> Retention:
    """Raises BadSetting for what is no number of days, and for sign-ins that are needed for longer."""
    sign_ins = _read_days(given, KEEP_SIGN_INS, 400)
    if 0 < sign_ins < LEAST_SIGN_INS:
        raise BadSetting(
            f"{KEEP_SIGN_INS}: {sign_ins} days are too few. Vendors send the sign-ins of their own last 30 days again, "
            f"and late ones; without ours they would count as new. Keep {LEAST_SIGN_INS} days or more, or 0 for ever"
        )
    return Retention(
        sign_ins,
        _read_days(given, KEEP_RUNS, 400),
        _read_days(given, KEEP_QUARANTINE, 90),
        _read_days(given, KEEP_NOTICES, 400),
        _read_days(given, KEEP_AUDIT, 0),
        _read_days(given, KEEP_SUMMARIES, 0),
    )


def _read_days(given: Mapping[str, str], name: str, usual: int) -> int:
    return _read_number(given, name, usual, 0, LONGEST_KEPT, "days (0 for ever)")


def _read_number(given: Mapping[str, str], name: str, usual: int, least: int, most: int, unit: str) -> int:
    text = given.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 8 and least <= int(text) <= most):
        raise BadSetting(f"{name}: {text[:80]!r} is not a number of {unit} from {least} to {most:,}")
    return int(text)
