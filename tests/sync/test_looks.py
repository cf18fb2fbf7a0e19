"""Who only looks at what others made in Power BI: told by acts that are there, once all of the log was searched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatkeeper.store.models import Finding, SeatHolder, Task
from tests.people import Tenant

from . import audited

pytestmark = pytest.mark.usefixtures("database")

TASK = "audit-events"


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with audited.opened(more_people=True, people=60) as found:
        yield found


def found(state: str = "open") -> set[str]:
    return set(Finding.objects.filter(key="only-viewing", state=state).values_list("object_id", flat=True))


def id_of(name: str) -> str:
    return str(SeatHolder.objects.get(first_name=name).object_id)


def test_a_viewer_is_told_and_whoever_makes_anything_or_leaves_no_record_is_not(tenant: Tenant) -> None:
    tenant.sync()
    looks, more = audited.kept("power-bi viewed"), audited.kept("power-bi made")
    assert id_of("Wes") in found() <= looks.keys() - more.keys()
    assert id_of("Ada") in more
    assert id_of("Bo") not in found() | looks.keys()  # never came
    row = Finding.objects.get(key="only-viewing", object_id=id_of("Wes"))
    assert (row.certainty, row.frees, row.saves) == (3, "", 0)


def test_one_made_record_ends_it(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.sync()
    wes = id_of("Wes")

    def publish(row: audited.Row) -> None:
        if row["userPrincipalName"].startswith("wes."):
            row["operation"] = "CreateReport"

    audited.rewrite(monkeypatch, publish)
    tenant.move(days=6)
    tenant.sync()
    assert wes in found("resolved")


def test_while_the_first_search_of_a_product_is_under_way_nothing_is_said(tenant: Tenant) -> None:
    tenant.sync()
    assert found()
    Task.objects.filter(key=TASK).update(checkpoint='{"until": 1, "wanted": ["crm"]}')  # another product's alone
    tenant.sandbox.tenant.search_fault = "stuck"
    tenant.move(days=1)
    results = {result.kind.key: result for result in tenant.sync()}
    assert results[TASK].exit_code == 5
    assert Task.objects.get(key=TASK).full_read_at is None
    assert not found()
    assert found("unproven")


def test_a_task_that_is_not_ticked_tells_nothing(tenant: Tenant) -> None:
    tenant.sync()
    Task.objects.filter(key=TASK).update(enabled=False)
    tenant.move(days=1)
    tenant.sync("roster")
    assert not found()
