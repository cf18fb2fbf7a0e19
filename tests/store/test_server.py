"""What PostgreSQL lacks is named before anything is done, with the way out."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, NotSupportedError, connection

from seatkeeper.errors import BadSetting
from seatkeeper.settings import database as settings
from seatkeeper.store import schema

from ..conftest import Database


@pytest.mark.both_engines
def test_a_pooler_that_drops_the_limits_of_a_session_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert schema.check_schema()
    monkeypatch.setattr(settings, "IDLE_SECONDS", 7)  # not what this session was opened with
    if database.engine == "sqlite":
        assert schema.check_schema()
        return
    with pytest.raises(BadSetting, match="pooler that lends each transaction another session"):
        schema.check_schema()


@pytest.mark.both_engines
def test_more_slots_than_postgresql_takes_connections_are_refused(database: Database) -> None:
    schema.check_room(10)
    if database.engine == "sqlite":
        schema.check_room(100_000)
        return
    with pytest.raises(BadSetting, match="SEATKEEPER_SLOTS: so many slots need 100000 connections") as refused:
        schema.check_room(100_000)
    assert "raise max_connections" in str(refused.value)


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("connection failed: FATAL: sorry, too many clients already", "has no connection left"),
        ("FATAL: unsupported startup parameter: options", "PgBouncer in transaction mode"),
        ("connection refused", "Is it running"),
    ],
)
def test_each_trouble_of_the_server_has_a_sentence_of_its_own(
    database: Database, monkeypatch: pytest.MonkeyPatch, trouble: str, told: str
) -> None:
    def fail() -> None:
        raise DatabaseError(trouble)

    monkeypatch.setattr(schema, "_check_server", fail)
    with pytest.raises(BadSetting, match=told):
        schema.check_schema()


def test_a_postgresql_that_is_too_old_is_named(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise NotSupportedError("PostgreSQL 14 or later is required (found 12.1).")

    monkeypatch.setattr(schema, "_check_server", fail)
    with pytest.raises(BadSetting, match=r"too old\. Upgrade it to version 14"):
        schema.check_schema()
    assert connection.vendor == database.engine.replace("postgres", "postgresql")
