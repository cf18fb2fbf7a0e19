"""A tenant whose Office 365 is managed, with what its reports of use really say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from seatkeeper.connectors.microsoft import usage_reports as microsoft
from seatkeeper.model import to_id, to_instant
from seatkeeper.sandbox.graph import lists, refusals, reports_office
from seatkeeper.sandbox.graph.request import Answer, Request
from seatkeeper.store.models import LastUse
from tests.people import Tenant, open_tenant

OFFICE = "office-365"
ALL = ("licenses", "roster", "usage-reports")
ACTIVE, APPS = (report.function for report in microsoft.REPORTS)
Row = dict[str, Any]


@contextmanager
def opened(**changes: Any) -> Iterator[Tenant]:
    with open_tenant(product=OFFICE, name="Office", tasks=ALL, **changes) as tenant:
        tenant.name = "Office"
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        yield tenant


def day(text: str | None) -> int | None:
    return None if text is None else to_instant(f"{text}T00:00:00Z")


def kept(used: str = "") -> dict[str, int]:
    rows = LastUse.objects.filter(signal="usage-reports", used=used)
    return {to_id(bytes(row.account)): row.last for row in rows}


def untils(person: str) -> dict[str, int | None]:
    return {row.used: row.until for row in LastUse.objects.all() if to_id(bytes(row.account)) == person}


def told(tenant: Tenant) -> dict[str, Row]:
    """Who used it, by what is true."""
    reported = tenant.sandbox.truth()["products"][OFFICE]["reported"]
    return {row["object_id"]: row for row in reported if row["last_activity"]}


def true(tenant: Tenant, used: str = "") -> dict[str, int | None]:
    found = {key: row["used"].get(used) if used else row["last_activity"] for key, row in told(tenant).items()}
    return {key: day(date) for key, date in found.items() if date}


def id_of(tenant: Tenant, name: str) -> str:
    directory = tenant.sandbox.tenant.directory
    return next(person.id for person in directory.stories if person.given == name)


def rewrite(monkeypatch: pytest.MonkeyPatch, change: Callable[[Row], None], *rows: str) -> None:
    """From now on the rows of the reports come changed."""
    for name in rows or ("active_row", "apps_row"):
        plain = getattr(reports_office, name)

        def row_of(*given: Any, plain: Any = plain) -> Row:
            row: Row = plain(*given)
            change(row)
            return row

        monkeypatch.setattr(reports_office, name, row_of)


def refuse(monkeypatch: pytest.MonkeyPatch, refused: dict[str, refusals.Refusal]) -> None:
    """From now on some reports are refused."""
    plain = lists.serve

    def serve(tenant: Any, request: Request, *given: Any) -> Answer:
        for name, refusal in refused.items():
            if name.lower() in request.path.lower():
                raise refusal
        return plain(tenant, request, *given)

    monkeypatch.setattr(lists, "serve", serve)


def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microsoft, "PAGE", 5)
