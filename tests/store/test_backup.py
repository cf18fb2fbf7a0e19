"""Backups: taken under load and never damaged, restored elsewhere, refused where they would do harm."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from seatkeeper.errors import BadInput
from seatkeeper.services import applications, backups
from seatkeeper.services.applications import NewApplication
from seatkeeper.services.members import operator
from seatkeeper.store import backup
from seatkeeper.store.backup import HEADER
from seatkeeper.store.models import Application, AuditEvent, Connection
from tests.thorough import THOROUGH

from ..conftest import Database

pytestmark = pytest.mark.both_engines
ROUNDS: Final = 400 if THOROUGH else 10
# Each transaction moves a unit from one row to another: in every consistent copy the sum is the same.
LOAD: Final = """
import sys
from seatkeeper.cli.start import set_up; set_up()
from django.db import connection, transaction
print("ready", flush=True)
number = 0
while True:
    number += 1
    with transaction.atomic(), connection.cursor() as cursor:
        values = ["x" * (number % 900), number % 500]
        cursor.execute("UPDATE ledger SET amount = amount - 1, filler = %s WHERE id = %s", values)
        cursor.execute("UPDATE ledger SET amount = amount + 1 WHERE id = %s", [(number * 7) % 500])
"""


@pytest.fixture
def application(database: Database) -> Application:
    new = NewApplication(
        "microsoft-project", "Project", "8f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11", "1b6a6d0e-58a5-4b53-8a4f-3f0f6d9c2a22",
        secret="a~very.secret-Value_0123456789",
    )  # fmt: skip
    return applications.add_application(operator(), new)


@contextmanager
def load() -> Iterator[subprocess.Popen[str]]:
    """Somebody who writes all the time, in a process of his own."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE ledger (id integer PRIMARY KEY, amount integer NOT NULL, filler text NOT NULL)")
        with transaction.atomic():
            cursor.executemany("INSERT INTO ledger VALUES (%s, 100, %s)", [(n, "y" * 300) for n in range(500)])
    process = subprocess.Popen([sys.executable, "-c", LOAD], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield process
        assert process.poll() is None, "whoever writes is not thrown out by a backup"
    finally:
        process.kill()
        process.communicate()


def total(path: Path) -> int:
    """The sum that every consistent copy has."""
    with zipfile.ZipFile(path) as bundle:
        if connection.vendor == "postgresql":
            rows = bundle.read("tables/ledger").decode().splitlines()
            return sum(int(row.split("\t")[1]) for row in rows)
        copy = Path(bundle.extract("database.sqlite3", path.parent))
    with sqlite3.connect(copy) as base:
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (found,) = base.execute("SELECT sum(amount) FROM ledger").fetchone()
    base.close()
    return int(found)


@pytest.mark.deep
@pytest.mark.timeout(3600 if THOROUGH else 300)
def test_backups_under_load_are_all_whole(
    application: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, damaged = time.monotonic(), 0
    with load():
        for number in range(ROUNDS):
            file = tmp_path / f"{number}.zip"
            backup.write(file)
            damaged += total(file) != 50_000
            file.unlink()
    with capsys.disabled():
        took = time.monotonic() - begun
        sys.stdout.write(f"\n{connection.vendor}: {ROUNDS} backups in {took:.0f} s under load, {damaged} damaged\n")
    assert damaged == 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE ledger")


def test_what_was_backed_up_comes_back_whole_and_goes_on_from_there(application: Application, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    backups.make(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".seatkeeper-*")) == []
    applications.delete_application(operator(), "Project")
    events = AuditEvent.objects.count()
    done = backups.restore(file, replace=True)
    assert (done.sealed, done.opened) == (1, 1)
    assert Application.objects.get().name == "Project"
    assert AuditEvent.objects.count() < events + 1
    applications.edit_application(operator(), "Project", applications.Edit(tags="again"))  # new rows get new numbers
    assert AuditEvent.objects.order_by("-pk").values_list("action", flat=True)[0] == "application.edited"


def test_a_database_that_has_data_is_replaced_only_when_asked_for(application: Application, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    backup.write(file)
    with pytest.raises(BadInput, match="--replace"):
        backup.restore(file, replace=False)
    assert Application.objects.count() == 1


def test_without_the_key_a_restore_says_that_credentials_stay_sealed(application: Application, tmp_path: Path) -> None:
    backup.write(file := tmp_path / "backup.zip")
    with override_settings(SECRET_KEY="another" * 10):
        done = backups.restore(file, replace=True)
        assert (done.sealed, done.opened) == (1, 0)
    with zipfile.ZipFile(file) as bundle:
        everything = b"".join(map(bundle.read, bundle.namelist()))
    assert settings.SECRET_KEY.encode() not in everything
    assert b"a~very.secret-Value" not in everything


def changed(file: Path, **header: object) -> Path:
    """The same backup with another header."""
    other = file.with_name("other.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == HEADER:
                data = msgspec.json.encode(msgspec.json.decode(data) | header)
            new.writestr(name, data)
    return other


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"migrations": [["store", "9999_of_tomorrow"]], "version": "99.0"}, "made by Seatkeeper 99.0"),
        ({"format": 2}, "newer than this program"),
        ({"engine": "oracle"}, "a copy of a oracle database"),
    ],
)
def test_a_backup_that_this_program_cannot_use_is_refused_and_nothing_is_touched(
    application: Application, tmp_path: Path, header: dict[str, object], said: str
) -> None:
    backup.write(file := tmp_path / "backup.zip")
    with pytest.raises(BadInput, match=said):
        backup.restore(changed(file, **header), replace=True)
    assert Application.objects.count() == 1


def test_what_is_no_whole_backup_is_refused(application: Application, tmp_path: Path) -> None:
    backup.write(file := tmp_path / "backup.zip")
    whole = file.read_bytes()
    for number, content in enumerate((b"", b"PK", whole[:-100], whole[:200] + b"\xff" * 64 + whole[264:])):
        (other := tmp_path / f"{number}.zip").write_bytes(content)
        with pytest.raises(BadInput, match=r"no backup|damaged"):
            backup.restore(other, replace=True)
    with pytest.raises(BadInput, match="cannot be read"):
        backup.restore(tmp_path / "nowhere.zip", replace=True)
    with pytest.raises(BadInput, match="exists already"):
        backup.write(file)
    with pytest.raises(BadInput, match="cannot be written"):
        backup.write(tmp_path / "no" / "folder.zip")
    assert Application.objects.count() == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "planted",
    [
        "TRIGGER planted AFTER INSERT ON store_auditevent BEGIN DELETE FROM auth_user; END",
        "VIEW planted AS SELECT * FROM auth_user",
    ],
)
def test_a_backup_in_which_somebody_planted_what_acts_by_itself_is_refused(
    application: Application, tmp_path: Path, planted: str
) -> None:
    backup.write(file := tmp_path / "backup.zip")
    with zipfile.ZipFile(file) as bundle:
        bundle.extractall(tmp_path / "inside")
    with sqlite3.connect(tmp_path / "inside" / "database.sqlite3") as base:
        base.execute(f"CREATE {planted}")
    base.close()
    with zipfile.ZipFile(other := tmp_path / "other.zip", "w") as bundle:
        for path in (tmp_path / "inside").iterdir():
            bundle.write(path, path.name)
    with pytest.raises(BadInput, match=r"planted.*no version of Seatkeeper"):
        backup.restore(other, replace=True)
    assert Application.objects.count() == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_restore_beside_a_hot_journal_or_onto_a_damaged_file_is_whole(
    application: Application, tmp_path: Path
) -> None:
    backup.write(file := tmp_path / "backup.zip")
    place = Path(connection.settings_dict["NAME"])
    connection.close()
    # A writer that dies in the middle leaves a hot journal.
    died = subprocess.run(
        [sys.executable, "-c", f"""
import os, sqlite3
base = sqlite3.connect({str(place)!r}, isolation_level=None)
base.execute("PRAGMA journal_mode=DELETE"); base.execute("PRAGMA cache_size=1"); base.execute("BEGIN IMMEDIATE")
base.execute("CREATE TABLE junk (x)")
for n in range(2000): base.execute("INSERT INTO junk VALUES (?)", ["z" * 500])
base.execute("UPDATE store_auditevent SET detail = 'torn'")
os._exit(9)
"""], check=False)  # fmt: skip
    assert died.returncode == 9
    journal = place.with_name(place.name + "-journal")
    assert journal.stat().st_size > 512
    hot = journal.read_bytes()
    for spoil in (None, b"not a database" * 400, b"", "gone"):
        journal.write_bytes(hot)
        if spoil == "gone":
            place.unlink()
        elif spoil is not None:
            place.write_bytes(spoil)  # type: ignore[arg-type]
        done = backups.restore(file, replace=True)
        assert done.opened == 1
        connection.close()
        with sqlite3.connect(place) as base:
            assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert base.execute("SELECT count(*) FROM sqlite_master WHERE name = 'junk'").fetchone() == (0,)
        base.close()
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert Application.objects.count() == 1
        connection.close()


@pytest.mark.deep
def test_a_backup_of_an_older_version_is_brought_to_todays_shape(database: Database, tmp_path: Path) -> None:
    from seatkeeper.store import schema
    from seatkeeper.store.schema import Executor

    executor = Executor(connection)
    executor.migrate([("store", "0019_versions")])
    backup.write(file := tmp_path / "old.zip")
    schema.migrate()
    backup.restore(file, replace=True)
    assert schema.check_schema()
    assert Connection.objects.count() == 0
