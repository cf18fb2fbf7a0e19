"""The database's shape: older is migrated, newer is refused, and every column is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Field
from pytest_django import DjangoDbBlocker

from seatkeeper.errors import BadSetting
from seatkeeper.settings import database as settings
from seatkeeper.store import check_schema, migrate

from ..conftest import connected

pytestmark = pytest.mark.both_engines


def test_a_migrated_database_is_in_shape_and_migrating_again_does_nothing(database: object) -> None:
    assert check_schema()
    migrate()
    assert check_schema()


def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: object) -> None:
    MigrationRecorder(connection).record_applied("store", "0999_from_the_future")
    for guard in (check_schema, migrate):
        with pytest.raises(BadSetting, match=r"newer than this program.*0999_from_the_future"):
            guard()


def test_a_database_that_lacks_a_migration_of_a_library_must_be_migrated_first(database: object) -> None:
    MigrationRecorder(connection).record_unapplied("usersessions", "0001_initial")
    assert not check_schema()


def test_migrations_of_others_in_the_same_database_are_none_of_our_business(database: object) -> None:
    MigrationRecorder(connection).record_applied("wiki", "0999_pages")
    assert check_schema()


def test_a_fresh_database_must_be_migrated_first(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock(), connected(f"sqlite://{tmp_path}/new.sqlite3"):
        assert not check_schema()
        migrate()
        assert check_schema()


@pytest.mark.parametrize("url", ["sqlite://{folder}/file", "postgresql://ada:p4ssw0rd@/x?host={folder}"])
def test_a_database_that_cannot_be_used_names_the_setting(
    url: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    (tmp_path / "file").write_text("this is not a database, it is a text that is long enough to be looked at")
    with django_db_blocker.unblock(), connected(url.format(folder=tmp_path)), pytest.raises(BadSetting) as refused:
        check_schema()
    assert "SEATKEEPER_DATABASE_URL" in str(refused.value)
    assert "p4ssw0rd" not in str(refused.value) + refused.value.detail


def test_the_migrations_make_exactly_the_models(database: object) -> None:
    call_command("makemigrations", "store", check=True, dry_run=True, verbosity=0)


def test_every_column_is_in_the_data_dictionary() -> None:
    for model in apps.get_app_config("store").get_models():
        assert model.__doc__
        for field in model._meta.get_fields():
            if (
                isinstance(field, Field)
                and field.concrete
                and field.column
                and not getattr(field, "auto_created", False)
            ):
                assert re.fullmatch(r"\S.+\.", str(field.help_text)), f"{model.__name__}.{field.name}"


def test_sqlite_is_durable_and_checks_what_belongs_together(
    sqlite_database: str, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), connected(sqlite_database, durable=True), connection.cursor() as cursor:
        found = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert found == {"journal_mode": "wal" if settings.WAL_IS_SAFE else "persist", "synchronous": 2, "foreign_keys": 1}
