"""Office 365: seats by suites, use that only Microsoft's reports show, and absence that proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from seatkeeper.clock import days
from seatkeeper.insights.catalog import find_all
from seatkeeper.model import to_id, to_instant
from seatkeeper.reporting.snapshot import take_snapshot
from seatkeeper.services import applications
from seatkeeper.services.catalogue import guide
from seatkeeper.services.listings import person, users
from seatkeeper.services.listings.base import Question
from seatkeeper.store.models import Application, SeatHolder
from tests.people import NAME, TASKS, Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

OFFICE, COPILOT, PROJECT = "office-365", "microsoft-365-copilot", "microsoft-project"
ALL = ("licenses", "roster", "activity", "usage-reports")


@contextmanager
def opened(*tasks: str, people: int = 120) -> Iterator[Tenant]:
    with open_tenant(people=people, tasks=tasks, threshold_days=15) as tenant:
        tenant.add(product=OFFICE, name="Office", tasks=tasks, threshold_days=15)
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        tenant.name = "Office"
        yield tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened(*ALL) as found:
        found.sync()
        yield found


def office() -> Application:
    return Application.objects.get(product=OFFICE)


def holder(name: str) -> SeatHolder:
    return SeatHolder.objects.get(application=office(), first_name=name)


def idle(tenant: Tenant) -> set[str]:
    """Who is called idle, by their ids."""
    found = find_all(take_snapshot(office(), tenant.clock))
    return {to_id(f.account) for f in found if f.key in {"unused", "never-seen"} and f.account}


def test_its_seats_are_those_that_are_true(tenant: Tenant) -> None:
    truth = tenant.sandbox.truth()["products"][OFFICE]
    shown = {row["Object ID"]: (row["User ID"], row["Blocked"], row["Guest"]) for row in tenant.roster()}
    assert shown == {row["object_id"]: (row["user_id"], row["blocked"], row["guest"]) for row in truth["roster"]}
    assert truth["holders"] == len(shown) > 50
    dates = {row["object_id"]: to_instant(row["active_date"]) for row in truth["roster"]}
    assert {row.object_id: row.active_date for row in SeatHolder.objects.filter(application=office())} == dates


def test_a_day_of_the_reports_confirms_the_seat_with_their_own_known_until_and_nothing_of_other_products(
    tenant: Tenant,
) -> None:
    told = {row["object_id"]: row["last_activity"] for row in tenant.sandbox.truth()["products"][OFFICE]["reported"]}
    for row in SeatHolder.objects.filter(application=office()):
        said = row.signals.get("usage-reports")
        assert (row.evidence == "confirmed") is bool(told[row.object_id])
        assert (said is None) is (told[row.object_id] is None)
        if said:
            assert said["last"] == to_instant(f"{told[row.object_id]}T00:00:00Z")
            assert said["until"] == to_instant("2026-07-30T00:00:00Z") - 1
    assert holder("Hal").status == "active"
    project = SeatHolder.objects.exclude(application=office())
    assert project.exists()
    assert not [row for row in project if "usage-reports" in row.signals]


def test_nobody_is_idle_by_what_the_reports_lack() -> None:
    with opened("licenses", "roster", "usage-reports") as tenant:
        for number in (0, 40):
            tenant.move(days=number)
            tenant.sync()
            assert SeatHolder.objects.filter(application=office(), signals={}).exists()
            assert not idle(tenant)
        tenant.sandbox.tenant.reports_empty = True
        tenant.move(days=60)
        tenant.sync("usage-reports")
        assert not idle(tenant)


def test_only_the_last_sign_in_anywhere_bounds_use_from_above(tenant: Tenant) -> None:
    tenant.move(days=30)
    tenant.sync()
    found = idle(tenant)
    assert found
    for row in SeatHolder.objects.filter(application=office(), object_id__in=found):
        assert row.last_in_tenant is not None
        assert row.last_in_tenant < tenant.clock() - days(15)
    assert holder("Hal").object_id not in found  # comes daily


def test_what_is_known_of_a_person_has_the_signal_with_its_workloads(tenant: Tenant) -> None:
    hal = holder("Hal")
    found = person.read(tenant.who, office().pk, hal.object_id, tenant.clock)
    assert [said.key for said in found.signals] == ["usage-reports", "audit-events", "activations", "account-activity"]
    told = found.signals[0]
    assert (told.title, told.of_days, told.last) == ("Usage Reports", True, hal.signals["usage-reports"]["last"])
    assert {part.used for part in told.parts} == {
        "Microsoft 365 Apps", "Apps on Windows", "Exchange", "Teams", "SharePoint", "OneDrive",
    }  # fmt: skip
    assert told.proves == "Confirms use on the day that it names. Its lack proves nothing."
    assert any("Office 365 was used last on" in sentence for sentence in found.why)


def test_the_list_of_users_sorts_by_the_signal_where_it_tells_of_the_product(tenant: Tenant) -> None:
    listing, found = users.listing(tenant.who, office().pk), users.rows(tenant.who, office().pk)
    assert next(column.title for column in listing.columns if column.key == "usage-reports") == "Last Office Use"
    answer = listing.ask(found, Question(sort="-usage-reports", columns=("user_id", "usage-reports")))
    last = [getattr(row, "usage-reports") for row in answer.rows]
    assert last[0] is not None
    assert [one for one in last if one] == sorted([one for one in last if one], reverse=True)
    project = users.listing(tenant.who, Application.objects.get(name=NAME).pk)
    assert "usage-reports" not in [column.key for column in project.columns]


def test_a_task_that_is_ticked_fails_the_check_list_without_its_permission() -> None:
    with open_tenant(product=OFFICE, tasks=(*TASKS, "usage-reports")) as tenant:
        told = [check for check in applications.authorize(tenant.who, NAME) if "Reports.Read.All" in check.title]
        assert [(check.passed, check.message[:37]) for check in told] == [
            (False, "Usage Reports needs Reports.Read.All ")
        ]


def test_the_check_list_and_the_steps_ask_for_the_permission_where_the_product_needs_it() -> None:
    with open_tenant() as tenant:
        assert not [check for check in applications.authorize(tenant.who, NAME) if "Reports.Read.All" in check.title]
        tenant.add(product=OFFICE, name="Office")
        told = [check for check in applications.authorize(tenant.who, "Office") if "Reports.Read.All" in check.title]
        assert [(check.passed, check.message[:35]) for check in told] == [(None, "Only where Usage Reports is ticked:")]
        assert "230c1aed-a721-4c5d-9cb4-a90514e508ef" in told[0].commands
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        (granted,) = [check for check in applications.authorize(tenant.who, "Office") if "Reports.Read" in check.title]
        assert granted.passed is True
        asked = {
            key: {(need.task.key, need.permission) for need in guide(tenant.who, key).needs}
            for key in (OFFICE, COPILOT, PROJECT)
        }
        assert asked[OFFICE] - asked[PROJECT] == {("usage-reports", "Reports.Read.All")}
        assert asked[COPILOT] - asked[PROJECT] == {("copilot-usage", "Reports.Read.All")}
