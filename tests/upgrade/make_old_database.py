"""Makes the database of an earlier version: nine weeks as people lived them with it, and the figures that it printed.

Run it with that version's own interpreter, in a working tree of its commit:

    cd ../then && .venv/bin/python ../now/tests/upgrade/make_old_database.py ../now/tests/upgrade/data

It writes `old.sqlite3.xz` and `figures.json`. Three tenants are read every three days at a pretend time; meanwhile
findings are accepted and reopened, exceptions, prices, plans, an HR list, an activity report and members come and go.
The program is used through its command line, and through its services (by name, because names change) where there is no
command. The committed files were made at commit 74927ee.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

KEY: Final = "a key that protects nothing: this tenant is a pretence"
START: Final = datetime(2026, 5, 29, 6, tzinfo=UTC)
STEP: Final = timedelta(days=3)
VISITS: Final = 22
END: Final = START + (VISITS - 1) * STEP
NORTH, SOUTH, EAST = NAMES = ("Project North", "Project South", "Project East")
SEED: Final = 21
SETTINGS: Final[dict[str, Any]] = {
    "people": 48, "days": 45, "seed": SEED, "now": START.isoformat().replace("+00:00", "Z"), "churn": 26.0,
    "frozen": True,
}  # fmt: skip

ODD_NAMES: Final = "3b"  # the last digits of the object ids of those in Project South whose names hold a NUL

Run = Callable[..., tuple[int, str]]


def service(name: str) -> Any:
    return import_module(f"seatkeeper.services.{name}")


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Makes the program believe that it is this moment."""
    now = SimpleNamespace(time_ns=lambda: int(moment.timestamp()) * 10**9, monotonic_ns=time.monotonic_ns)
    with patch("seatkeeper.clock.time", now):
        yield


def run(*words: str) -> tuple[int, str]:
    """A command, in this process: its exit code and its rows."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code: object = 0
    with patch.object(sys, "argv", ["seatkeeper", *words]), redirect_stdout(out), redirect_stderr(err):
        try:
            import_module("seatkeeper.cli.main").run()
        except SystemExit as end:
            code = end.code or 0
    out.seek(0)
    if code not in (0, 5, 6):
        err.seek(0)
        raise RuntimeError(f"{words}: {code}: {err.read()}")
    return int(str(code)), out.read()


def ask(run: Run) -> dict[str, Any]:
    """What the program says of everything, by the command that was asked."""

    def rows(*words: str) -> Any:
        return json.loads(run(*words, "--format", "json")[1])

    day, before = END.date().isoformat(), (END - timedelta(days=30)).date().isoformat()
    said = {name: rows(*name.split()) for name in ("apps list", "report", "prices list", "notices list --all")}
    for name in NAMES:
        for command in ("roster", "access", "suspicious", "findings", "coverage", "quarantine", "runs"):
            said[f"{command} {name}"] = rows(command, name)
        for command in ("exceptions", "plans"):
            said[f"{command} {name}"] = rows(command, "list", name)
        for plan in said[f"plans {name}"]:
            said[f"plan {plan['Plan']}"] = rows("plans", "show", str(plan["Plan"]))
        said[f"history roster {name}"] = rows("history", "roster", name, before)
        said[f"history compare {name}"] = rows("history", "compare", name, before, day)
        said[f"history position {name}"] = rows("history", "position", name, before)
    return said


# --- the life ---------------------------------------------------------------------------------------------------------


class Life:
    """What people do on each visit; `who` is the person at the command line."""

    def __init__(self, sandbox: Any, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.who = service("members").operator()

    def add_applications(self) -> None:
        secret = self.folder / "secret.txt"
        secret.write_text(self.sandbox.client_secret)
        secret.chmod(0o600)
        for name, tenant in zip(NAMES, self.sandbox.tenants, strict=True):
            more = ["--task", "roster", "--task", "access", "--task", "licenses"]
            more += ["--task", "activity", "--tags", "north, pilot"] if name == NORTH else []
            run(
                "apps", "add", "microsoft-project", "--name", name, "--threshold", "30",
                "--tenant-id", tenant.tenant_id, "--client-id", self.sandbox.client_id,
                "--client-secret-file", str(secret), "--login-url", self.sandbox.login_url,
                "--graph-url", self.sandbox.graph_url, "--ca-file", self.sandbox.ca_file, *more,
            )  # fmt: skip

    def visit(self, number: int) -> None:
        """Everything is read, then people do what they do on that day."""
        moment = START + number * STEP
        with at(moment):
            if number == VISITS - 1:
                self.sandbox.tenants[1].switch_on("wrong-type", "any@all")
                for fault in ("page-size", "truncated-roster"):
                    self.sandbox.tenants[2].switch_on(fault, "1")
                self.sync(moment, EAST, "--task", "roster", "--full")
            for name in NAMES if number < VISITS - 1 else (NORTH, SOUTH):
                self.sync(moment, name)
            if act := getattr(self, f"on_visit_{number}", None):
                act()
            if number > 8:
                self.look_after_notices()
        for tenant in self.sandbox.tenants:
            tenant.move(seconds=STEP.total_seconds())

    def sync(self, moment: datetime, *words: str) -> None:
        run(
            "sync", *words, "--now", moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        )  # else the clock of the tenant's server counts

    def on_visit_1(self) -> None:
        run("prices", "set", "PROJECTPREMIUM", "46.50", "EUR")
        run("prices", "set", "PROJECTPROFESSIONAL", "308.40", "EUR", "--period", "year")
        run("prices", "set", "PROJECT_P1", "8.40", "EUR", "--from", "2026-05-01")

    def on_visit_2(self) -> None:
        first = service("setup").set_up("ada@northwind.example", "correct horse battery staple")
        ada = service("members").who_is(first.pk)
        service("memberships").invite(ada, "bo@northwind.example", "Viewer")
        service("tokens").make(ada, "reporting script", "Viewer")
        service("views").keep(ada, "users", "blocked", "?blocked=yes")
        targets = service("notice_targets")
        targets.add(ada, targets.NewTarget("Nobody", "https://192.0.2.7/hook", "webhook"))

    def on_visit_4(self) -> None:
        decisions = service("decisions")
        for place, finding in enumerate(self.findings(NORTH)[:4]):
            decisions.accept(self.who, finding.pk, f"agreed with the department ({place})")

    def on_visit_6(self) -> None:
        accepted = [finding for finding in self.findings(NORTH) if finding.state == "accepted"]
        service("decisions").reopen(self.who, accepted[0].pk, "the department changed its mind")

    def on_visit_7(self) -> None:
        idle = {row["User ID"] for row in self.rows("findings", SOUTH)}
        people = [row["User ID"] for row in self.rows("roster", SOUTH) if row["User ID"] in idle]
        run("exceptions", "add", SOUTH, "person", people[0], "--reason", "on parental leave")
        run("exceptions", "add", SOUTH, "person", people[-1], "--reason", "new laptop", "--until", "2026-07-01")
        run("exceptions", "add", SOUTH, "sku", "PROJECT_P1", "--reason", "paid for by a project")
        run("exceptions", "add", SOUTH, "department", "Legal", "--reason", "seasonal", "--finding", "unused")

    def on_visit_9(self) -> None:
        ended = self.rows("exceptions", "list", SOUTH)[2]
        run("exceptions", "end", str(ended["Exception"]))
        run("plans", "propose", NORTH, "--name", "Summer")
        run("plans", "approve", "1", "--except", self.rows("plans", "show", "1")[0]["User ID"])

    def on_visit_11(self) -> None:
        holders = [row["User ID"] for row in self.rows("roster", NORTH)]
        head = "Report refresh date,User name,Display name,Last activity date (UTC),Projects visited (Desktop),"
        head += "Projects visited (Web),Tasks created (Web),Tasks edited (Web),Other,Report period\n"
        lines = [
            f"2026-06-30,{user_id},Somebody,2026-06-{10 + n},3,1,2,0,Yes,90\n" for n, user_id in enumerate(holders[:5])
        ]
        report = self.folder / "report.csv"
        report.write_text(head + "".join(lines))
        run("apps", "report", NORTH, str(report))

    def on_visit_12(self) -> None:
        employees = service("employees")
        rows = self.rows("roster", SOUTH)
        people = [
            f"{row['Email']},{'Active' if n % 5 else 'Inactive'},CC {n % 3}\n"
            for n, row in enumerate(rows)
            if row["Email"]
        ]
        data = "Email,Status,Cost center\n" + "".join(people)
        employees.import_list(self.who, employees.keep_upload(self.who, data.encode()))

    def on_visit_13(self) -> None:
        strangers = import_module("seatkeeper.store.models").Stranger.objects
        one = strangers.filter(state="open").order_by("application", "account")[0]
        service("suspicious").recognize(self.who, one.application_id, one.object_id, "the auditor")

    def on_visit_16(self) -> None:
        run("apps", "edit", NORTH, "--threshold", "20")
        run("plans", "propose", SOUTH, "--name", "Not yet decided")

    def rows(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(run(*words, "--format", "json")[1])
        return found

    def look_after_notices(self) -> None:
        clock = import_module("seatkeeper.clock").system_clock
        service("notices").look(self.who.organization_id, clock())

    def findings(self, name: str) -> list[Any]:
        found = import_module("seatkeeper.store.models").Finding.objects
        return list(found.filter(application__name=name, resolved=None).order_by("pk"))


def spoil_name(row: dict[str, Any]) -> None:
    if row["id"][-1] in ODD_NAMES and "givenName" in row:
        row["givenName"] = f"{row['givenName']}\0"


def with_odd_names(handler: Callable[..., Any], tenant_id: str) -> Callable[..., Any]:
    """The pages of a list in which some people of one tenant have a NUL in their first name."""

    def answer(tenant: Any, request: Any) -> Any:
        found = handler(tenant, request)
        if tenant.tenant_id != tenant_id:
            return found
        shape = json.loads(found.body)
        for row in shape["value"]:
            spoil_name(row)
        return replace(found, body=json.dumps(shape, separators=(",", ":")).encode())

    return answer


class Unpaced:
    """Microsoft's limits are real time; a pretend time needs none of it."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def take(self, *_: object) -> None: ...

    def done(self, *_: object) -> None: ...


def live(folder: Path) -> dict[str, Any]:
    serve, tenant = import_module("seatkeeper.sandbox.serve"), import_module("seatkeeper.sandbox.tenant")
    settings, more = tenant.Settings(**SETTINGS), serve.More(tenants=len(NAMES))
    with serve.Sandbox(settings=settings, more=more) as sandbox, at(START):
        run("migrate")
        routes = import_module("seatkeeper.sandbox.routes")._EXACT
        odd = {path: with_odd_names(routes[path], sandbox.tenants[1].tenant_id) for path in ("/users", "/users/delta")}
        with patch("seatkeeper.services.connections.SharedPacer", Unpaced), patch.dict(routes, odd):
            life = Life(sandbox, folder)
            life.add_applications()
            for number in range(VISITS):
                life.visit(number)
                sys.stderr.write(f"day {number * STEP.days}\n")
    with at(END):
        return ask(run)


# A tenant's addresses and its certificate are of this machine; nobody answers there any more.
ELSEWHERE: Final = """
    UPDATE store_connection SET login_url = 'https://localhost:9', graph_url = 'https://localhost:9',
    ca_file = ''"""


def main(out: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"SEATKEEPER_HOME": str(folder / "home"), "SEATKEEPER_SECRET_KEY": KEY}
        os.environ |= {"SEATKEEPER_NOTICE_HOSTS": "192.0.2.7", "DJANGO_SETTINGS_MODULE": "seatkeeper.settings"}
        import_module("django").setup()
        said = live(folder)
        import_module("django.db").connections.close_all()
        kept = folder / "old.sqlite3"
        with closing(sqlite3.connect(folder / "home" / "seatkeeper.sqlite3")) as base:
            base.execute("VACUUM INTO ?", (str(kept),))
        with closing(sqlite3.connect(kept, isolation_level=None)) as base:
            base.execute(ELSEWHERE)
        (out / "old.sqlite3.xz").write_bytes(lzma.compress(kept.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    (out / "figures.json").write_text(json.dumps(said, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
