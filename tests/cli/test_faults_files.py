"""Files that are cut, damaged or half written: a command says so in a sentence, and the next one works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from seatkeeper.cli import screen
from seatkeeper.errors import BadInput
from seatkeeper.store import check_schema, migrate
from seatkeeper.tabular.tables import Table
from tests.cli.conftest import Shell
from tests.conftest import connected
from tests.thorough import in_turn


def test_a_database_with_an_overwritten_page_is_named_and_not_written_to(shell: Shell) -> None:
    shell.add()
    shell.sync()
    file = shell.home / "seatkeeper.sqlite3"
    good = file.read_bytes()
    file.write_bytes(good[:100] + b"\xff" * 4096 + good[4196:])
    bad = file.read_bytes()
    for words in (("roster", "Project"), ("sync", "Project")):
        done = shell.run(*words)
        assert done.code == 2, done
        assert "the database file is damaged" in done.err
        assert "Traceback" not in done.err
    assert file.read_bytes() == bad
    file.write_bytes(good)
    assert shell.sync().code == 0


class PulledPlug(BaseException):
    """What ends a process without a chance to clean up."""


@pytest.mark.parametrize("statement", in_turn([1, 5, 14, 27, 44], 5))
def test_a_migration_that_is_cut_short_is_finished_by_the_next(
    statement: int, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

    done = 0
    execute = BaseDatabaseSchemaEditor.execute

    def cut(self: BaseDatabaseSchemaEditor, sql: object, params: object = ()) -> None:
        nonlocal done
        done += 1
        if done == statement:
            raise PulledPlug
        execute(self, sql, params)  # type: ignore[arg-type]

    url = f"sqlite://{tmp_path}/new.sqlite3"
    with django_db_blocker.unblock(), connected(url):
        with patch.object(BaseDatabaseSchemaEditor, "execute", cut), pytest.raises(PulledPlug):
            migrate()
        assert not check_schema()
    with django_db_blocker.unblock(), connected(url):
        migrate()
        assert check_schema()
        assert len(connection.introspection.table_names()) > 10


class Torn(Table):
    """Rows that end before their end."""

    def written(self) -> Iterator[list[str | int | bool | None]]:
        for number in range(1000):
            yield [number]
        raise PulledPlug


@pytest.mark.parametrize("form", [screen.Format.CSV, screen.Format.JSONL])
def test_a_file_is_written_whole_or_not_at_all(form: screen.Format, tmp_path: Path) -> None:
    target = tmp_path / "roster"
    with pytest.raises(PulledPlug):
        screen.print_table(Torn(["Name"], []), form, target)
    assert not target.exists()


def test_a_disk_that_fills_up_leaves_no_half_file_under_the_name(tmp_path: Path) -> None:
    target = tmp_path / "roster.csv"
    write = Path.write_bytes

    def fill(self: Path, body: bytes) -> int:
        write(self, body[: len(body) // 2])
        raise OSError(28, "No space left on device")

    with patch.object(Path, "write_bytes", fill), pytest.raises(BadInput, match="No space left"):
        screen.print_table(Table(["Name"], [["Ada"]] * 1000), screen.Format.CSV, target)
    assert list(tmp_path.iterdir()) == []
