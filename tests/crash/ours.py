"""Our own design, as `seatkeeper sync` runs it, and everything that must hold in its database."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count

from seatkeeper import failpoints
from seatkeeper.app_uses import to_app_use
from seatkeeper.model import RequestLimit, RunStatus, to_id, to_text
from seatkeeper.sandbox.world.catalog import apps
from seatkeeper.services import roster, suspicious
from seatkeeper.services.applications import NewApplication, add_application
from seatkeeper.services.members import operator
from seatkeeper.settings import database
from seatkeeper.store import leases
from seatkeeper.store import models as tables
from seatkeeper.sync.coverage import read_ledger, watched_by
from tests.conftest import connected
from tests.crash.children import Child
from tests.crash.designs import How, Verdict
from tests.crash.world import Event, Truth, World
from tests.people import NAME, rows, same_time

GRADES = {app.id: app.grade() for app in apps()}
Said = dict[str, Any]


class Ours:
    name = "ours"

    def __init__(self, folder: Path, url: str = "") -> None:
        """With no URL, a SQLite file in the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file = folder, folder / "seatkeeper.sqlite3"
        self.url = url or f"sqlite://{self.file}"
        self.started = 0
        self.before: Said = {}
        self.seen: Said = {}

    @contextmanager
    def opened(self) -> Iterator[None]:
        with connected(self.url, durable=True):
            yield

    def copy(self, template: Path) -> Ours:
        """Begin with a database that was migrated already."""
        shutil.copyfile(template, self.file)
        return self

    def prepare(self, world: World) -> None:
        names = ("tenant_id", "client_id", "login_url", "graph_url")
        given: dict[str, Any] = {name: world.ready[name] for name in names}
        new = NewApplication(
            tasks=("licenses", "roster", "access"),  # whose rows the truth has
            product="microsoft-project",
            name=NAME,
            secret=world.ready["client_secret"],
            ca_file=Path(world.ready["ca_file"]).read_text(),
            **given,
        )
        with self.opened():
            add_application(operator(), new)
            self.before = _roster()

    def start(self, world: World, how: How = How()) -> Child:  # noqa: B008 - it is frozen
        """`seatkeeper sync --now …`, ended as it pleases the caller."""
        only = ["--task", how.task] if how.task else []
        arguments = ["seatkeeper", "sync", NAME, "--now", to_text(world.now), *only]
        self.started += 1
        return Child(lambda: _command(self.url, arguments, how), self.folder / f"log-{self.started % 4}")

    def peek(self) -> Verdict:
        """Readers see the roster of the last complete run, or by now that of the next: nothing between."""
        verdict = Verdict()
        if self.file.exists():
            verdict.corrupt += integrity(self.file) != "ok"
        with self.opened():
            self.seen = _roster()
        return verdict

    def half_truth(self, seen: Said, truth: Truth) -> list[str]:
        """What a reader saw after a kill must be the roster before the run, or the one that is true now."""
        if seen in (self.before, _true_roster(truth)):
            return []
        return [f"a reader saw a roster of {len(seen)} that never was: before {len(self.before)}"]

    def judge(self, world: World) -> Verdict:
        truth, verdict = world.truth(), Verdict()
        if self.file.exists():
            verdict.corrupt += integrity(self.file) != "ok"
        with self.opened():
            _judge_events(verdict, truth.events)
            _judge_people(verdict, truth)
            _judge_services(verdict, truth, world)
            _judge_ledgers(verdict, truth.events)
            self.before = _roster()
        return verdict

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows but those of runs, to see whether a process that lost its lease wrote any."""
        names = ("Account", "Seat", "SignIn", "Subscription", "Coverage", "Quarantine", "Task")
        with self.opened():
            return {name: sorted(getattr(tables, name).objects.values_list(), key=repr) for name in names}


def _command(url: str, arguments: list[str], how: How) -> int:
    """In the child: the command as the shell would run it, with its own connection to the database."""
    from seatkeeper.cli.main import run

    unpace()
    if how.lease is not None:
        shorten_leases(how.lease)
    if how.largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (how.largest_file, how.largest_file))
    if how.told:
        tell_commits(how.told)
    if how.pragma:
        be_careless(how.pragma)
    if how.idle is not None:
        database.IDLE_SECONDS = how.idle  # type: ignore[misc, assignment]
    failpoints.arm(how.failpoint)
    sys.argv = arguments
    with connected(url, durable=True):
        run()
    return 0


def shorten_leases(length: float) -> None:
    """Leases that lapse while a test watches, and are renewed in time."""
    right: Any = leases
    right.LONGEST, right.BEAT = length, length / 4


def tell_commits(file: Path) -> None:
    """A byte to the file whenever a transaction is committed and we were told so."""
    base_class: Any = BaseDatabaseWrapper
    commit, sink = base_class._commit, os.open(file, os.O_WRONLY | os.O_CREAT)

    def commit_and_tell(base: BaseDatabaseWrapper) -> None:
        commit(base)
        os.write(sink, b"!")

    base_class._commit = commit_and_tell


def be_careless(pragma: str) -> None:
    """SQLite as others set it."""
    ours = database.sqlite_settings

    def careless(path: Path) -> dict[str, Any]:
        settings = ours(path)
        settings["OPTIONS"]["init_command"] += f";PRAGMA {pragma}"
        return settings

    database.sqlite_settings = careless


def unpace() -> None:
    """Kills are many and the vendor's limits are real time: the budget is kept in the database, and is ample."""
    from seatkeeper.store.pacing import SharedPacer
    from seatkeeper.sync import connecting

    def ample(client_id: str, tenant_id: str, limit: RequestLimit) -> SharedPacer:
        return SharedPacer(client_id, tenant_id, limit._replace(in_tenant=1_000_000, over_all=1_000_000))

    vars(connecting)["SharedPacer"] = ample


def integrity(file: Path) -> str:
    """As the next process finds it, with whatever journal the dead one left."""
    base = sqlite3.connect(file)
    try:
        return str(base.execute("PRAGMA integrity_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        base.close()


def _roster() -> Said:
    return {
        row["Object ID"]: (row["User ID"], row["Email"], same_time(row["Active Date"]), row["Blocked"])
        for row in rows(roster.roster(operator(), NAME))
    }


def _true_roster(truth: Truth) -> Said:
    return {
        row["object_id"]: (row["user_id"], row["email"] or "", same_time(row["active_date"]), row["blocked"])
        for row in truth.roster
    }


def _judge_events(verdict: Verdict, events: list[Event]) -> None:
    kept = [
        (to_id(event), created, to_id(account), to_app_use(app).client, code)
        for event, created, account, app, code in tables.SignIn.objects.values_list(
            "event", "created", "account", "app_id__guid", "error_code"
        )
    ]
    verdict.compare("sign-in", kept, [event[:5] for event in events if event.visible])
    verdict.duplicated += len(kept) - len({event for event, *_ in kept})


def _judge_people(verdict: Verdict, truth: Truth) -> None:
    """Everybody of the directory once in the published generation, and no version twice in any."""
    generation = tables.Task.objects.get(key="roster").generation
    current = tables.Account.objects.filter(since__lte=generation, until__gt=generation)
    verdict.compare("account", [(to_id(k), upn) for k, upn in current.values_list("key", "upn")], truth.people.items())
    for table, fields in (
        (tables.Account, ("connection_id", "key", "since")),
        (tables.Seat, ("connection_id", "account", "sku", "product", "since")),
    ):
        twice = table.objects.values(*fields).annotate(times=Count("id")).filter(times__gt=1)
        verdict.duplicated += len(twice)


def _judge_services(verdict: Verdict, truth: Truth, world: World) -> None:
    """What a person is told: roster, access, suspicious activities and seats bought."""
    who = operator()
    _equal(verdict, "roster", _roster(), _true_roster(truth))
    newest: dict[tuple[str, str], int] = {}
    strange: dict[str, list[int]] = {}
    holders = {row["object_id"] for row in truth.roster}
    for event in truth.events:
        if event.visible and not event.error_code:
            place = event.account, GRADES[event.app]
            newest[place] = max(newest.get(place, 0), event.created)
            if event.account not in holders and GRADES[event.app] == "direct":
                strange.setdefault(event.account, []).append(event.created)
    access = rows(roster.access(who, NAME))
    said = {row["Object ID"]: (same_time(row["Last Login"]), same_time(row["Last Possible"])) for row in access}
    logins = [{h: newest.get((h, grade)) for h in holders} for grade in ("direct", "ambiguous")]
    told = [{h: to_text(t) if t else None for h, t in some.items()} for some in logins]
    _equal(verdict, "access", said, {h: (told[0][h], told[1][h]) for h in holders})
    unlicensed = sorted((row["Sign-ins"], row["First Seen"]) for row in rows(suspicious.suspicious(who, NAME)))
    expected = sorted((len(times), to_text(min(times))) for times in strange.values())
    _equal(verdict, "suspicious", _numbered(unlicensed), _numbered(expected))
    known = tables.Task.objects.get(key="licenses").generation
    owned = tables.Subscription.objects.filter(since__lte=known, until__gt=known)
    assigned = dict(owned.values_list("part_number", "consumed"))
    _equal(verdict, "subscription", assigned, truth.assigned)


def _numbered(found: list[tuple[Any, Any]]) -> Said:
    return {str(place): value for place, value in enumerate(found)}


def _equal(verdict: Verdict, what: str, said: Said, true: Said) -> None:
    different = [key for key in said.keys() | true.keys() if said.get(key) != true.get(key)]
    verdict.wrong += [f"{what} {key}: we say {said.get(key)}, true is {true.get(key)}" for key in different[:3]]


def _judge_ledgers(verdict: Verdict, events: list[Event]) -> None:
    """Coverage claims nothing that is not so, and no run or lease is left open."""
    application = tables.Application.objects.get()
    spans = read_ledger(application.connection_id).proven(watched_by(application))
    hidden = [event for event in events if not event.visible]
    false = [event for event in hidden if any(span.start <= event.created <= span.end for span in spans)]
    verdict.wrong += [f"coverage: {event.id} is claimed, and shows only later" for event in false[:3]]
    verdict.wrong += [
        f"run {pk} is open" for pk in tables.Run.objects.filter(status=RunStatus.RUNNING).values_list("pk")
    ]
    verdict.wrong += [f"task {key} is held" for key in tables.Task.objects.exclude(lease_owner="").values_list("key")]
    connection.close()
