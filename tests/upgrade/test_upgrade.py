"""A database that an earlier version made: nothing is lost, and it says what it said, unless we meant otherwise."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from seatkeeper.clock import system_clock
from seatkeeper.reporting import refresh
from seatkeeper.sandbox.serve import More, Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.store import check_schema, migrate
from seatkeeper.store import models as tables
from tests.conftest import connected
from tests.spoiled import spoiled
from tests.upgrade import old
from tests.upgrade.make_old_database import END, KEY, NORTH, SETTINGS, SOUTH, START, at, run, spoil_name
from tests.upgrade.make_old_database import ask as ask_everything

FIGURES: dict[str, list[dict[str, Any]]] = json.loads((old.DATA / "figures.json").read_text())


@pytest.fixture(scope="module")
def then(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old database as it is, to compare with."""
    return old.unpack(tmp_path_factory.mktemp("old") / "then.sqlite3")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), override_settings(SECRET_KEY=KEY):
        yield request.param


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, engine: str) -> str:
    """The URL of any database of our PostgreSQL; none is started for SQLite."""
    return str(request.getfixturevalue("postgres_template")) if engine == "postgres" else ""


@pytest.fixture(scope="module")
def once(engine: str, server: str, then: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the old database after the first start of today's program."""
    file = tmp_path_factory.mktemp("upgraded") / "seatkeeper.sqlite3"
    with ExitStack() as stack:
        url = stack.enter_context(old.postgres(server)) if server else f"sqlite://{file}"
        with connected(url), at(END):
            if server:
                old.rebuild(then)
            else:
                old.unpack(file)
            migrate()
        yield url


@pytest.fixture
def upgraded(once: str, server: str, tmp_path: Path) -> Iterator[None]:
    """A copy of it; it is the moment at which the old version was left."""
    with ExitStack() as stack:
        if server:
            url = stack.enter_context(old.postgres(server, urlsplit(once).path.strip("/")))
        else:
            url = f"sqlite://{shutil.copy(once.removeprefix('sqlite://'), tmp_path)}"
        stack.enter_context(connected(url))
        stack.enter_context(at(END))
        yield


# --- nothing is lost --------------------------------------------------------------------------------------------------


# What there was: the old table and its columns, today's model, and its fields where they are called otherwise.
KEPT: dict[str, tuple[str, ...]] = {
    "members": ("store_membership JOIN auth_user u ON u.id = member_id", "email role", "Membership",
                "member__email role"),
    "tokens": ("store_apitoken", "name role digest", "ApiToken"),
    "views": ("store_savedview", "listing name query", "SavedView"),
    "notice targets": ("store_noticetarget", "name kind address", "NoticeTarget"),
    "notices": ("store_notice", "kind title opened closed", "Notice"),
    "audit trail": ("store_auditevent", "at who action subject detail", "AuditEvent"),
    "applications": ("store_application", "name threshold_days tags active", "Application"),
    "credentials": ("store_connection", "tenant_id client_id credential", "Connection"),
    "employees": ("store_employee", "email active cost_center", "Employee"),
    "recognitions": ("store_recognition", "account reason by at", "Recognition"),
    "exceptions": ("store_exemption", "scope value reason by at until", "FindingException"),
    "activity reports": ("store_productactivity", "user_id last desktop web", "ProductActivity"),
    "prices": ("store_price", "part_number amount currency period valid_from valid_until", "Price",
               "sku amount currency period valid_from valid_until"),
    "plans": ("store_reclaimplan", "name state by created", "ReclaimPlan"),
    "seats in plans": ("store_reclaimitem", "object_id sku finding state", "ReclaimItem"),
    "savings": ("store_saving", "day object_id part_number finding", "Saving"),
    "findings": ("store_finding", "key subject first_seen resolved", "Finding"),
    "decisions": ("store_findingevent e JOIN store_finding f ON f.id = finding_id",
                  "key subject at by e.state note", "FindingEvent",
                  "finding__key finding__subject at by state note"),
    "runs": ("store_run", "started word rows gone", "Run", "started status rows gone"),
    "quarantine": ("store_quarantine", "raw reason resolved", "Quarantine"),
    "accounts": ("store_account", "key since until upn licensing", "Account"),
    "seats": ("store_seat", "account sku since until plans", "Seat"),
    "subscriptions": ("store_subscription", "sku since until enabled consumed", "Subscription"),
    "sign-ins": ("store_signin", "created event account error_code", "SignIn"),
    "ledger": ("store_coverage", "start end read_at", "Coverage"),
    "days": ("store_standing", "application_id day bought holders active inactive never_seen", "DailySummary"),
}  # fmt: skip


def was(then: Path, what: str) -> Counter[tuple[Any, ...]]:
    table, columns, *_ = KEPT[what]
    return Counter(map(_plain, old.ask(then, f"SELECT {', '.join(columns.split())} FROM {table}")))


def now_is(what: str) -> Counter[tuple[Any, ...]]:
    _table, columns, model, *renamed = KEPT[what]
    rows = apps.get_model("store", model)._default_manager.values_list(*(renamed[0] if renamed else columns).split())
    return Counter(map(_plain, rows))


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    if row[0] == "renewal":  # since 0031 its subject names the subscription besides the SKU
        row = (row[0], row[1].partition(" ")[0], *row[2:])
    return tuple(map(_plain_cell, row))


def _plain_cell(cell: Any) -> Any:
    """The same on both engines: bytes as text; yes, no and amounts as numbers."""
    if isinstance(cell, bytes | memoryview):
        return bytes(cell).hex()
    return float(cell) if isinstance(cell, bool | Decimal) else cell


@pytest.mark.parametrize("what", KEPT)
def test_there_is_something_to_lose(what: str, then: Path) -> None:
    assert was(then, what)


def test_nothing_is_lost(upgraded: None, then: Path) -> None:
    for what in KEPT:
        assert now_is(what) == was(then, what), what


# --- the same figures -------------------------------------------------------------------------------------------------


class Difference(NamedTuple):
    """Cells that say something else than before, on purpose."""

    command: str
    column: str
    reason: str
    fits: Callable[[Any, Any], bool]


NOT_YET_JUDGED = {("inactive", "not observable"), ("never seen", "not observable")}
GIVEN, GRACE = "it is not before the seat was given", "a seat in its grace period is not judged yet"
OPEN = "what is accepted, excepted or recognized waits for nobody"
DIFFERENCES = (
    Difference("access", "Observed Since", GIVEN, lambda before, now: now >= before),
    Difference("findings", "Observed Since", GIVEN, lambda before, now: now >= before),
    Difference("access", "Status", GRACE, lambda *cells: cells in NOT_YET_JUDGED),
    Difference("report", "Inactive", GRACE, lambda before, now: now < before),
    Difference("report", "Never Seen", GRACE, lambda before, now: now < before),
    Difference("report", "Not Observable", GRACE, lambda before, now: now > before),
    Difference("report", "Findings", OPEN, lambda *cells: cells in _all_and_open("Findings")),
    Difference("report", "Suspicious", OPEN, lambda *cells: cells in _all_and_open("Suspicious")),
    Difference("findings", "Monthly Cost", "a known price is shown", lambda before, now: before is None and now),
    Difference(
        "findings",
        "Advice",
        "it says what the directory's figure shows",
        lambda before, now: "got in nowhere" in before and "no successful sign-in" in now,
    ),
    Difference("findings", "Advice", "no vendor is named", lambda before, now: now == _without_vendor(before)),
    Difference("notices", "Cause", "the column is called Condition", lambda _before, now: now is None),
)
KEYS = {
    "apps": "Name", "report": "Application", "prices": "SKU", "notices": "Notice,Kind,Since", "roster": "Object ID",
    "access": "Object ID", "suspicious": "User ID", "findings": "Finding,User ID,Plan", "coverage": "From",
    "quarantine": "Row", "runs": "Run", "exceptions": "Exception", "plans": "Plan", "plan": "Object ID,SKU ID",
    "history": "Object ID,SKU",
}  # fmt: skip


def _all_and_open(column: str) -> set[tuple[int, int]]:
    """How many rows the old version listed for each application, and how many of them were open."""
    lists = [FIGURES[f"{column.lower()} {row['Application']}"] for row in FIGURES["report"]]
    return {(len(rows), sum(row["State"] == "open" for row in rows)) for rows in lists}


def _without_vendor(text: str) -> str:
    return text.replace("Microsoft", "the vendor")


def compare(today: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Every cell that is not as it was, and not meant to be."""
    for asked, before in FIGURES.items():
        command = asked.split()[0]
        was, now = _by_key(command, before), _by_key(command, today[asked])
        if was.keys() != now.keys():
            yield f"{asked}: rows {was.keys() ^ now.keys()}"
        for key in was.keys() & now.keys():
            for column, cell in was[key].items():
                new = now[key].get(column)
                if new != cell and not any(_is_meant(each, command, column, cell, new) for each in DIFFERENCES):
                    yield f"{asked}, {key}, {column}: was {cell!r}, is {new!r}"


def _by_key(command: str, rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    found = {tuple(row.get(name) for name in KEYS[command].split(",")): row for row in rows}
    assert len(found) == len(rows), command
    return found


def _is_meant(each: Difference, command: str, column: str, before: Any, now: Any) -> bool:
    return (each.command, each.column) == (command, column) and each.fits(before, now)


def test_it_says_what_it_said_at_once_and_after_a_refresh(upgraded: None) -> None:
    assert list(compare(ask_everything(run))) == []
    for connection in tables.Connection.objects.all():
        refresh.refresh_all(connection.pk, system_clock)
    assert list(compare(ask_everything(run))) == []


def test_a_comparison_sees_what_changed() -> None:
    today: dict[str, list[dict[str, Any]]] = json.loads(json.dumps(FIGURES))
    assert list(compare(today)) == []
    today[f"roster {NORTH}"].pop()
    today[f"access {NORTH}"][0]["Observed Since"] = "2020-01-01T00:00:00Z"
    today["report"][0]["Bought"] += 1
    assert len(list(compare(today))) == 3


# --- life goes on -----------------------------------------------------------------------------------------------------


def test_the_next_run_goes_on_where_the_old_version_stopped(upgraded: None) -> None:
    """What was decided stays decided, the credential opens, and whom a NUL in a name had kept out is there."""
    decided = dict(tables.Finding.objects.exclude(state__in=["open", "resolved"]).values_list("pk", "state"))
    days = tables.Coverage.objects.count()
    settings, more = Settings(**SETTINGS), More(tenants=3)
    with Sandbox(settings=settings, more=more) as sandbox, spoiled(spoil_name, "/users", "/users/delta"):
        for tenant in sandbox.tenants:
            tenant.move(seconds=(END - START).total_seconds() + 3600)
        tables.Connection.objects.update(
            login_url=sandbox.login_url, graph_url=sandbox.graph_url, ca_file=Path(sandbox.ca_file).read_text()
        )
        for name in (NORTH, SOUTH):
            run("sync", name, "--full", "--now", "2026-07-31T07:00:00Z")  # its changes are told by another machine now
    assert not tables.Quarantine.objects.filter(task="roster", resolved=False).exists()
    names = [row["First Name"] for row in json.loads(run("roster", SOUTH, "--format", "json")[1])]
    assert [name for name in names if name.endswith("\ufffd")]
    assert tables.Coverage.objects.count() > days
    assert set(decided.values()) == {"accepted", "excepted"}
    assert dict(tables.Finding.objects.filter(pk__in=decided).values_list("pk", "state")) == decided


@pytest.mark.deep
def test_a_run_that_waited_for_a_word_can_still_be_discarded(upgraded: None) -> None:
    held = tables.Run.objects.get(status="held")
    assert run("runs", "discard", str(held.pk))[0] == 0
    assert not tables.Run.objects.filter(status="held").exists()


# --- every migration --------------------------------------------------------------------------------------------------


@pytest.mark.deep
def test_every_migration_applies_to_tables_that_are_filled(server: str, then: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(old.postgres(server)) if server else f"sqlite://{tmp_path / 'seatkeeper.sqlite3'}"
        stack.enter_context(connected(url))
        _migrate_filled_tables(then)


def _migrate_filled_tables(then: Path) -> None:
    filling, of_then = old.Filling(then), old.migrations_of(then)
    applied = 0
    for migration in old.step_by_step():
        applied += 1
        if migration.app_label == "store" and ("store", migration.name) in of_then:
            filling.fill()  # tables of libraries, which have no rows to speak of, have their last shape by now
    assert applied > len(of_then)
    filling.fill()
    assert filling.tables == set()
    assert check_schema()
    for what in KEPT:
        assert now_is(what) == was(then, what), what
