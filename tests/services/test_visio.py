"""Visio beside Project in one tenant: two products by data alone, each with the roster and findings that are true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from seatkeeper.clock import days
from seatkeeper.insights.catalog import find_all
from seatkeeper.insights.findings.higher_plan import INSIGHT as HIGHER_PLAN
from seatkeeper.model import to_id, to_text
from seatkeeper.reporting.snapshot import take_snapshot
from seatkeeper.sandbox.world import truth_findings, visio_use
from seatkeeper.services import activity_reports
from seatkeeper.services.listings import person
from seatkeeper.store.models import Application, Run, SeatHolder, Task
from tests.people import NAME, Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

VISIO = "microsoft-visio"
ALL = ("licenses", "roster", "access", "activity")
DAY = 86_400
THRESHOLD = 15
IDLE = ("unused", "never-seen")


class Said(NamedTuple):
    """A finding: which, about whom, and about which SKUs."""

    key: str
    object_id: str
    skus: tuple[str, ...]


@contextmanager
def opened(people: int) -> Iterator[Tenant]:
    with open_tenant(people=people, churn=20.0, tasks=ALL, threshold_days=THRESHOLD) as found:
        found.add(product=VISIO, name="Visio", tasks=ALL, threshold_days=THRESHOLD)
        yield found


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened(people=300) as found:
        yield found


def visio() -> Application:
    return Application.objects.get(product=VISIO)


def upload(tenant: Tenant, period: int = 90) -> None:
    """The report as an administrator downloads it today."""
    body = visio_use.report(tenant.sandbox.tenant, period=period).encode()
    last_day = to_text(tenant.clock() - days(2))[:10]
    activity_reports.import_report(
        tenant.who, "Visio", body, "visio.csv", period=period, until=last_day, clock=tenant.clock
    )


def said(tenant: Tenant) -> set[Said]:
    found = [f for f in find_all(take_snapshot(visio(), tenant.clock)) if f.key != HIGHER_PLAN.key]
    return {Said(f.key, to_id(f.account) if f.account else "", _names(f.part_numbers)) for f in found}


def _names(part_numbers: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(part_numbers)))


def true(tenant: Tenant, *, active: int | None, reported: bool, threshold: int = THRESHOLD) -> set[Said]:
    """What is certain: `active` is how many seconds ago somebody read when accounts got in anywhere."""
    now = tenant.sandbox.tenant.seconds
    told = None if active is None else now - active
    reader = truth_findings.Reader(threshold * DAY, 30 * DAY, None, (now,), told, now if reported else None)
    found = truth_findings.findings(tenant.sandbox.tenant, reader, product=VISIO)
    return {Said(row["finding"], row["object_id"], _names(row["skus"])) for row in found}


def test_both_products_have_the_rosters_that_are_true_and_the_tasks_are_read_once_for_both(tenant: Tenant) -> None:
    tenant.name = NAME
    results = tenant.sync()
    assert [result.exit_code for result in results] == [0, 0, 0, 0]
    assert Run.objects.count() == Task.objects.filter(enabled=True).count() == 4
    for number in (0, 6):
        tenant.move(days=number)
        tenant.name = NAME
        tenant.sync("roster")
        truth = tenant.sandbox.truth()
        for name, rows in ((NAME, truth["roster"]), ("Visio", truth["products"][VISIO]["roster"])):
            tenant.name = name
            shown = {row["Object ID"]: (row["User ID"], row["Blocked"], row["Guest"]) for row in tenant.roster()}
            assert shown == {row["object_id"]: (row["user_id"], row["blocked"], row["guest"]) for row in rows}


def test_nobody_s_visio_is_called_unused_while_nothing_shows_its_use(tenant: Tenant) -> None:
    tenant.sync("licenses", "roster", "access")
    assert {row.evidence for row in SeatHolder.objects.filter(application=visio())} == {"not observable yet"}
    found = said(tenant)
    assert not {one.key for one in found} & set(IDLE)
    assert found == true(tenant, active=None, reported=False)
    assert {one.key for one in found} >= {"blocked", "guest", "two-plans"}


def test_with_its_report_and_the_last_sign_ins_visio_s_findings_are_true() -> None:
    with opened(people=1500) as tenant:
        unused = set()
        for number in (0, 5, 9):
            tenant.move(days=number)
            tenant.name = NAME
            tenant.sync()
            upload(tenant)
            found, certain = said(tenant), true(tenant, active=DAY, reported=True)  # so late it may be told
            assert {one for one in found if one.key not in IDLE} == {one for one in certain if one.key not in IDLE}
            assert {one for one in found if one.key in IDLE} <= certain
            assert not {one for one in found if one.key == "never-seen"}  # who is not told of may have come
            # A day in the report ends at its midnight, and who came since then may have used it.
            later = [true(tenant, active=ago, reported=True, threshold=THRESHOLD + 1) for ago in (0, DAY)]
            assert {one for one in later[0] & later[1] if one.key == "unused"} <= found
            unused |= {one for one in found if one.key == "unused"}
        assert unused


def test_plan_2_used_on_the_web_alone_asks_for_plan_1(tenant: Tenant) -> None:
    tenant.name = NAME
    tenant.sync()
    upload(tenant)
    told = {use.person.id: use for use in visio_use.uses(tenant.sandbox.tenant, period=90)}
    found = {to_id(f.account) for f in HIGHER_PLAN.find(take_snapshot(visio(), tenant.clock)) if f.account}
    web_only = {key for key, use in told.items() if use.web and not use.desktop and use.last is not None}
    holders = SeatHolder.objects.filter(application=visio(), plans__contains="Plan 2")
    assert found == web_only & set(holders.values_list("object_id", flat=True))
    assert found


def test_a_visio_holder_s_page_says_what_can_be_known(tenant: Tenant) -> None:
    tenant.name = NAME
    tenant.sync()
    upload(tenant)
    ada = SeatHolder.objects.get(application=visio(), first_name="Ada")
    found = person.read(tenant.who, visio().pk, ada.object_id, tenant.clock)
    assert [said.key for said in found.signals] == ["report", "activations", "account-activity"]
    assert all(said.last and said.until for said in found.signals if said.key != "activations")
    assert found.why[0].startswith("No sign-in shows the use of this product")
