"""SEATKEEPER_DATABASE_URL: what it may say, and that its password is never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatkeeper.errors import BadSetting
from seatkeeper.settings.database import read_database

NAME = "SEATKEEPER_DATABASE_URL"
PASSWORD = "p4ss:w@rd/?#"
QUOTED = "p4ss%3Aw%40rd%2F%3F%23"


def test_sqlite_takes_an_absolute_path(tmp_path: Path) -> None:
    path = tmp_path / "a file.sqlite3"
    for url in (f"sqlite://{path}", f"sqlite:///{path}", f"sqlite://{path}".replace(" ", "%20")):
        assert read_database(NAME, url, Path())["NAME"] == str(path)
    assert read_database(NAME, None, path)["NAME"] == str(path)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"postgresql://ada:{QUOTED}@db.example.com:5433/seats", ("ada", PASSWORD, "db.example.com", "5433", "seats")),
        ("postgres://ada@[::1]/seats", ("ada", "", "::1", "", "seats")),
        ("postgresql://postgres:@/postgres?host=/tmp/x", ("postgres", "", "/tmp/x", "", "postgres")),
        ("postgresql:///seats", ("", "", "", "", "seats")),
    ],
)
def test_postgresql_is_taken_apart(url: str, expected: tuple[str, ...]) -> None:
    found = read_database(NAME, url, Path())
    assert tuple(found[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")) == expected
    assert found["OPTIONS"] == {"options": "-c idle_in_transaction_session_timeout=25000"}


def test_postgresql_options_are_passed_on() -> None:
    url = "postgresql://ada:x@h/seats?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    found = read_database(NAME, url, Path())["OPTIONS"]
    assert (found["sslmode"], found["sslrootcert"]) == ("verify-full", "/etc/ca.pem")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ada:p4ssw0rd@h/db",
        "p4ssw0rd",
        "sqlite://relative/path",
        "sqlite::memory:",
        "sqlite:///nowhere/at/all.sqlite3",
        "sqlite:////tmp",
        "sqlite:////tmp/x.sqlite3?mode=ro",
        "postgresql://ada:p4ssw0rd@h",
        "postgresql://ada:p4ssw0rd@h/a/b",
        "postgresql://ada:p4ssw0rd@h:port/db",
        "postgresql://ada:p4ssw0rd@h:99999/db",
        "postgresql://ada:p4/ssw0rd@h/db",
        "postgresql://ada:p4?ssw0rd@h/db",
        "postgresql://ada:p4#ssw0rd@h/db",
        "postgresql://ada:p4ssw0rd@[::1/db",
        "postgresql://ada:p4ssw0rd@h/db?ssl=p4ssw0rd",
    ],
)
def test_anything_else_is_refused_by_name_without_the_password(url: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read_database(NAME, url, Path())
    assert str(refused.value).startswith(NAME)
    assert "ssw0rd" not in str(refused.value)
    assert refused.value.__cause__ is None
