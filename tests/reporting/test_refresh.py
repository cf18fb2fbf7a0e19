"""A connection that is refreshed as a whole shows what each of its applications shows by itself, row for row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest

from seatkeeper.reporting import daily_summary, people, refresh
from seatkeeper.services import additions
from seatkeeper.services.suspicious import suspicious
from seatkeeper.store.models import Application, Connection, DailySummary, Finding, SeatHolder, UnlicensedUser
from seatkeeper.store.queries import roster
from tests.people import Tenant, open_tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")

OTHERS = ("microsoft-visio", "power-bi", "office-365")
MADE = {"id", "refreshed", "digest", "last_seen"}


@pytest.fixture(name="tenant")
def a_tenant_of_several_products() -> Iterator[Tenant]:
    with open_tenant(people=60, everything=True, tasks=["licenses", "roster", "access"]) as tenant:
        tenant.sync("licenses")
        additions.add_products(tenant.who, Connection.objects.get().pk, OTHERS)
        tenant.sync()
        yield tenant


def shown() -> dict[str, list[dict[str, Any]]]:
    """Every stored row of every application, without what tells one refresh from another."""
    newest = [daily_summary.newest(application) for application in Application.objects.order_by("pk")]
    return {
        table.__name__: [
            {name: value for name, value in row.items() if name not in MADE}
            for row in table.objects.order_by("application", order).values()
        ]
        for table, order in ((SeatHolder, "account"), (UnlicensedUser, "account"), (Finding, "pk"))
    } | {"summaries": [{"skus": one.skus, "suspicious": one.suspicious} for one in newest if one]}


@pytest.mark.deep
def test_together_they_show_what_each_shows_alone_and_the_accounts_are_looked_through_once(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown()
    assert all(before.values())
    assert {row["application_id"] for row in before["SeatHolder"]} == set(
        Application.objects.values_list("pk", flat=True)
    )
    list_failing = Mock(wraps=roster.list_failing)
    monkeypatch.setattr(roster, "list_failing", list_failing)
    DailySummary.objects.update(digest="")
    refresh.refresh_all(Connection.objects.get().pk, tenant.clock)
    together = shown()
    list_failing.assert_called_once()
    monkeypatch.setattr(people, "PORTION", 2)  # of many portions the rows are the same
    DailySummary.objects.update(digest="")
    for application in Application.objects.all():
        refresh.refresh_application(application, tenant.clock)
    assert shown() == together == before


def test_unlicensed_users_are_listed_by_name_in_whatever_order_they_are_stored() -> None:
    with read_tenant() as tenant:
        names = [str(row[0]).casefold() for row in suspicious(tenant.who, tenant.name).rows]
    assert len(names) > 1
    assert names == sorted(names)
