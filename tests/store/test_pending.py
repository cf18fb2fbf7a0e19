"""The migrations to come are listed with an estimate, and the way back is kept before they are applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from seatkeeper.errors import BadInput
from seatkeeper.services import backups, machine
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store import check_schema
from seatkeeper.store.pending import list_pending
from tests.conftest import Database, connected
from tests.upgrade import old
from tests.upgrade.make_old_database import KEY


def test_nothing_is_to_come_in_todays_shape(database: Database) -> None:
    assert list_pending() == []
    assert machine.plan_migration().rows == []


@pytest.fixture
def then(tmp_path: Path, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The old database as SQLite's, with a data folder beside it."""
    path = old.unpack(tmp_path / "seatkeeper.sqlite3")
    monkeypatch.setattr(backups, "SEATKEEPER", SEATKEEPER._replace(home=tmp_path))
    monkeypatch.setattr("django.conf.settings.SECRET_KEY", KEY)
    with django_db_blocker.unblock(), connected(f"sqlite://{path}"):
        yield path


def test_what_is_to_come_is_told_in_order_with_the_rows_it_looks_at(then: Path) -> None:
    pending = list_pending()
    store = [one.name for one in pending if one.app == "store"]
    assert store == sorted(store)
    assert len(store) > 10
    assert all(one.seconds > 0 and one.title for one in pending if one.app == "store")
    assert max(one.rows for one in pending) > 1000
    assert not check_schema(), "looking changes nothing"


@pytest.mark.deep
def test_a_sqlite_database_is_copied_before_it_is_migrated_and_the_copy_leads_back(then: Path, tmp_path: Path) -> None:
    before = sorted(old.ask(then, "SELECT app, name FROM django_migrations"))
    (older := tmp_path / "before-0001_initial.zip").write_bytes(b"of the upgrade before")
    copy = machine.migrate()
    assert copy is not None
    assert copy.name.startswith("before-0")
    assert check_schema()
    assert not older.exists(), "one copy is kept"
    assert machine.migrate() is None
    connection.close()
    then.unlink()
    header = backups.restore(copy, replace=True).header
    assert sorted(tuple(each) for each in header.migrations) == before


def test_nothing_is_migrated_when_the_copy_cannot_be_made(then: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        if not _is_root():
            with pytest.raises(BadInput, match="cannot be written"):
                machine.migrate()
            assert not check_schema()
    finally:
        tmp_path.chmod(0o700)


def _is_root() -> bool:
    import os

    return os.geteuid() == 0
