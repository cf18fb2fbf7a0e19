"""The pretend tenant as tests use it: one application added, its clock in our hands, and its truth to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Value
from django.db.models.functions import Replace

from seatkeeper.clock import Clock
from seatkeeper.model import Instant, to_instant, to_text
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services import applications, findings, roster, runs, suspicious
from seatkeeper.services.members import Who, operator
from seatkeeper.store.models import Connection, Task
from seatkeeper.tabular.tables import Table
from tests.kept import fill

NOW = "2026-08-01T06:00:00Z"
NAME = "Microsoft Project"
TASKS = ("licenses", "roster", "access")  # a test says so where it is about another


class Quiet:
    def tell(self, *_: object) -> None: ...


@dataclass
class Tenant:
    """A sandbox whose product is managed by us."""

    sandbox: Sandbox
    who: Who
    name: str = NAME
    moved: Instant = field(default=0)

    @property
    def clock(self) -> Clock:
        return lambda: to_instant(NOW) + self.moved

    def move(self, **span: float) -> None:
        """Let time pass, at the vendor and here."""
        from datetime import timedelta

        self.sandbox.tenant.move(**span)
        self.moved += int(timedelta(**span).total_seconds()) * 10_000_000

    def new_application(self, **changes: Any) -> applications.NewApplication:
        s = self.sandbox
        fields: dict[str, Any] = {
            "product": "microsoft-project",
            "name": self.name,
            "tasks": TASKS,
            "tenant_id": s.tenant_id,
            "client_id": s.client_id,
            "secret": s.client_secret,
            "login_url": s.login_url,
            "graph_url": s.graph_url,
            "ca_file": Path(s.ca_file).read_text(),
        }
        return applications.NewApplication(**(fields | changes))

    def add(self, **changes: Any) -> None:
        applications.add_application(self.who, self.new_application(**changes))

    def sync(self, *tasks: str, full: bool = False) -> list[runs.TaskResult]:
        request = runs.SyncRequest(self.name, tasks, full)
        return list(runs.sync(self.who, request, Quiet(), clock=self.clock))

    def roster(self) -> list[dict[str, Any]]:
        return rows(roster.roster(self.who, self.name))

    def access(self) -> list[dict[str, Any]]:
        return rows(roster.access(self.who, self.name))

    def suspicious(self) -> list[dict[str, Any]]:
        return rows(suspicious.suspicious(self.who, self.name))

    def findings(self) -> list[dict[str, Any]]:
        return rows(findings.findings(self.who, self.name))

    def person(self, first_name: str) -> dict[str, Any]:
        """What access says of the person of a story."""
        users = {row["User ID"] for row in self.roster() if row["First Name"] == first_name}
        (found,) = [row for row in self.access() if row["User ID"] in users]
        return found


def rows(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.written()]


def _sandbox(
    people: int, seed: int, faults: Sequence[str], churn: float, sign_ins: int | None, **more: bool
) -> Sandbox:
    settings = Settings(people=people, days=45, seed=seed, churn=churn, sign_ins=sign_ins, now=NOW, frozen=True, **more)
    return Sandbox(settings=settings, faults=faults)


@contextmanager
def open_tenant(
    people: int = 60,
    seed: int = 1,
    faults: Sequence[str] = (),
    churn: float = 2.0,
    sign_ins: int | None = None,
    copilot: bool = False,
    everything: bool = False,
    more_people: bool = False,
    **changes: Any,
) -> Iterator[Tenant]:
    """A tenant whose clock stands still until it is moved, with its application added."""
    more = {"copilot": copilot, "everything": everything, "more_people": more_people}
    with _sandbox(people, seed, faults, churn, sign_ins, **more) as sandbox:
        tenant = Tenant(sandbox, operator())
        tenant.add(**changes)
        yield tenant


@contextmanager
def read_tenant(
    people: int = 60,
    seed: int = 1,
    faults: Sequence[str] = (),
    churn: float = 2.0,
    sign_ins: int | None = None,
    **changes: Any,
) -> Iterator[Tenant]:
    """A tenant as `open_tenant` and a first `sync` leave it, for tests of what is done with its rows.

    It is read once and its rows are copied; the sandbox is the test's own. A test of reading itself reads.
    """
    options = (people, seed, faults, churn, sign_ins)

    def read() -> None:
        with open_tenant(*options, **changes) as tenant:
            tenant.sync()

    fill((options, changes), read)
    with _sandbox(*options) as sandbox:
        (read_at,) = Connection.objects.values_list("graph_url", flat=True)
        there = {"login_url": sandbox.login_url, "graph_url": sandbox.graph_url}
        Connection.objects.update(ca_file=Path(sandbox.ca_file).read_text(), **there)
        Task.objects.update(checkpoint=Replace("checkpoint", Value(read_at), Value(sandbox.graph_url)))
        yield Tenant(sandbox, operator())


def same_time(text: str | None) -> str | None:
    """Times compared as instants: Microsoft leaves out zeros at the end of a fraction."""
    return None if text is None else to_text(to_instant(text))


def compare_with_truth(tenant: Tenant) -> list[str]:
    """Every difference between what we say and what is true, field by field; empty when all is equal."""
    truth = tenant.sandbox.truth()
    said = {
        r["Object ID"]: (r["User ID"], r["Email"] or None, r["First Name"] or None, r["Last Name"] or None,
                         same_time(r["Active Date"]), r["Blocked"], r["Guest"])
        for r in tenant.roster()
    }  # fmt: skip
    true = {
        r["object_id"]: (r["user_id"], r["email"] or None, r["first_name"] or None, r["last_name"] or None,
                         same_time(r["active_date"]), r["blocked"], r["guest"])
        for r in truth["roster"]
    }  # fmt: skip
    wrong = _differences("roster", said, true)
    logins = {r["object_id"]: r for r in truth["access"]}
    wrong += _differences(
        "access",
        {r["Object ID"]: (same_time(r["Last Login"]), same_time(r["Last Possible"])) for r in tenant.access()},
        {
            key: tuple(same_time(logins.get(key, {}).get(field)) for field in ("last_login", "last_possible"))
            for key in true
        },
    )
    return wrong + _differences(
        "suspicious",
        {
            r["User ID"]: (r["Sign-ins"], same_time(r["First Seen"]), same_time(r["Last Seen"]))
            for r in tenant.suspicious()
        },
        {
            r["user_id"]: (r["sign_ins"], same_time(r["first_seen"]), same_time(r["last_seen"]))
            for r in truth["suspicious"]
        },
    )


def _differences(what: str, said: dict[str, Any], true: dict[str, Any]) -> list[str]:
    return [
        f"{what} {key}: we say {said.get(key)}, true is {true.get(key)}"
        for key in sorted(said.keys() | true.keys())
        if said.get(key) != true.get(key)
    ]
