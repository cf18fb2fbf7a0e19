"""People and their seats when a list of SKUs is imported: SKUs get their titles, and nobody's seat ends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from seatkeeper.connectors.microsoft.products import TABLE, load_shipped
from seatkeeper.model import FOREVER, to_id
from seatkeeper.services import sku_lists
from seatkeeper.store.models import Application, DailySummary, Run, Seat, SeatHolder, Task
from seatkeeper.sync.sku_lists import follow
from tests.people import Tenant, open_tenant, read_tenant
from tests.skus import PRODUCTS, Listed, shipped, write

pytestmark = pytest.mark.usefixtures("database")
PROJECT = PRODUCTS["microsoft-project"]
PLAN3 = next(sku for sku in shipped() if sku.part_number == "PROJECTPROFESSIONAL")
RENAMED = PLAN3._replace(title="Planner Plan 3 (renamed)")
OTHERS = [sku for sku in shipped(PROJECT.key) if sku.id != PLAN3.id]


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped table is older than Project Plan 3, which many people hold."""
    data = TABLE.shipped()
    skus = tuple(sku for sku in PROJECT.skus if sku.id != PLAN3.id)
    older = msgspec.structs.replace(data, products=(msgspec.structs.replace(PROJECT, skus=skus), *data.products[1:]))
    monkeypatch.setattr(TABLE, "shipped", lambda: older)


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are followed, and the shipped table is from before the tenant's today."""
    older = msgspec.structs.replace(load_shipped(), date="2026-07-01")
    monkeypatch.setattr(TABLE, "shipped", lambda: older)
    follow()


def take(tenant: Tenant, *skus: Listed) -> sku_lists.Preview:
    return sku_lists.import_list(tenant.who, write(skus), "list.csv", tenant.clock)


def seats() -> dict[tuple[bytes, str], str]:
    """The kind of each seat on the published roster, by account and SKU."""
    rows = Seat.objects.filter(until=FOREVER).values_list("account", "sku", "kind")
    return {(bytes(account), to_id(bytes(sku))): kind for account, sku, kind in rows}


def holders(tenant: Tenant) -> set[str]:
    return {row["Object ID"] for row in tenant.roster()}


def plans(tenant: Tenant) -> set[str]:
    return {title for row in tenant.roster() for title in str(row["Plans"]).split(", ")}


def bought(application: str = "Microsoft Project") -> set[str]:
    summary = DailySummary.objects.filter(application__name=application).latest("pk")
    return {row["title"] for row in msgspec.json.decode(summary.skus, type=list[dict[str, Any]])}


@pytest.mark.usefixtures("following", "behind")
def test_an_unlisted_sku_gets_its_title_at_once_and_its_kind_with_the_next_run_and_nobody_is_retired() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync()
        people, before = holders(tenant), seats()
        mine = {name for name in before if name[1] == PLAN3.id}
        assert {before[name] for name in mine} == {"unlisted"}
        assert "PROJECTPROFESSIONAL" in plans(tenant)
        tenant.sync("roster")
        assert not Run.objects.latest("pk").full

        assert take(tenant, *OTHERS, RENAMED).summary == "1 SKU is new (1 with Microsoft Project)."
        assert seats() == before
        assert RENAMED.title in plans(tenant) & bought() & {row["Plan"] for row in tenant.findings()}
        assert "PROJECTPROFESSIONAL" not in plans(tenant) | bought()

        (result,) = tenant.sync("roster")
        assert result.exit_code == 0
        assert Run.objects.latest("pk").full  # everybody was read anew
        assert Run.objects.latest("pk").gone == 0
        assert holders(tenant) == people
        assert seats() == before | dict.fromkeys(mine, "seat")
        tenant.sync("roster")
        assert not Run.objects.latest("pk").full


@pytest.mark.usefixtures("following", "behind")
@pytest.mark.parametrize("tasks", [(), ("roster",)], ids=["the tenant says what it owns", "only the list knows"])
def test_nobodys_seat_ends_when_a_newer_list_does_not_name_the_sku_or_its_plans(tasks: tuple[str, ...]) -> None:
    with open_tenant(people=60) as tenant:
        take(tenant, *OTHERS, RENAMED)
        tenant.sync(*tasks)
        people, before = holders(tenant), seats()
        assert "seat" in {kind for (_account, sku), kind in before.items() if sku == PLAN3.id}
        storage = next(plan.id for plan in PROJECT.plans if not plan.seat)
        for month in ([*OTHERS, RENAMED._replace(plans=frozenset([storage]))], OTHERS):
            take(tenant, *month)
            assert [result.exit_code for result in tenant.sync("roster", full=True)] == [0]
            assert (holders(tenant), seats()) == (people, before)
            assert RENAMED.title in plans(tenant)


@pytest.mark.usefixtures("following", "behind")
def test_a_name_that_sounds_like_no_persons_licence_lists_its_holders_apart_and_ends_nothing() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync()
        before = seats()
        take(tenant, *OTHERS, PLAN3._replace(title="Planner for Devices"))
        tenant.sync("roster")
        kinds = {name: "other-product" if name[1] == PLAN3.id else kind for name, kind in before.items()}
        assert seats() == kinds


@pytest.mark.usefixtures("following")
def test_a_list_that_says_what_is_known_reads_nobody_anew_and_refreshes_nothing() -> None:
    with read_tenant(people=60) as tenant:
        tenant.sync("roster")
        before = list(DailySummary.objects.values_list("pk", "digest", "refreshed"))
        versions = Task.objects.get(key="roster").checkpoint

        assert take(tenant, *shipped(PROJECT.key)).differences == []

        assert list(DailySummary.objects.values_list("pk", "digest", "refreshed")) == before
        assert not Application.objects.filter(refresh_wanted_since__isnull=False).exists()
        assert Task.objects.get(key="roster").checkpoint == versions
        tenant.sync("roster")
        assert not Run.objects.latest("pk").full


@pytest.mark.usefixtures("following")
def test_another_title_is_shown_at_once_and_needs_no_reading() -> None:
    with read_tenant(people=60) as tenant:
        tenant.sync("roster")
        shown = set(SeatHolder.objects.values_list("plans", flat=True))
        assert not any(RENAMED.title in text for text in shown)
        take(tenant, *OTHERS, RENAMED)
        assert any(RENAMED.title in text for text in SeatHolder.objects.values_list("plans", flat=True))
        assert RENAMED.title in plans(tenant) & bought()
        tenant.sync("roster")
        assert not Run.objects.latest("pk").full
        sku_lists.reset(tenant.who, tenant.clock)
        assert set(SeatHolder.objects.values_list("plans", flat=True)) == shown
