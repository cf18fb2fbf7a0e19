"""Listings of an application: the columns of the roster, filters that agree with what is drawn, nobody else's rows."""

from __future__ import annotations

from typing import Any

import pytest

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.insights.evidence import Activity
from seatkeeper.services import overview
from seatkeeper.services.findings import health
from seatkeeper.services.listings import activity, applications, findings, licenses, quarantine, runs, suspicious, users
from seatkeeper.services.listings.base import Question
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Holding, Organization, Standing, Task
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")


def ask(module: Any, tenant: Tenant, *scope: int, **question: Any) -> list[Any]:
    return list(module.LISTING.ask(module.rows(tenant.who, *scope), Question(**question)).rows)


def the_id() -> int:
    return Application.objects.get().pk


def test_users_are_those_of_the_roster_in_its_order() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        listed = ask(users, tenant, the_id(), size=1000, sort="user_id")
        assert sorted(row.user_id for row in listed) == sorted(row["User ID"] for row in tenant.roster())
        assert [row.user_id for row in ask(users, tenant, the_id(), size=5, page=2)] == [
            row.user_id for row in ask(users, tenant, the_id(), size=10)[5:]
        ]


@pytest.mark.parametrize("status", list(Activity))
def test_users_by_status(status: Activity) -> None:
    with open_tenant() as tenant:
        tenant.sync()
        found = ask(users, tenant, the_id(), size=1000, filters={"status": [status]})
        assert len(found) == sum(row["Status"] == status for row in tenant.access())


def test_users_are_found_by_any_name_in_any_case() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        row = Holding.objects.exclude(first_name="").order_by("pk")[0]
        for words in (row.user_id.upper(), row.first_name, row.object_id[:20]):
            assert row.pk in {found.pk for found in ask(users, tenant, the_id(), search=words, size=1000)}
        assert ask(users, tenant, the_id(), search="nobody is called so") == []


def test_applications_show_the_newest_drawing_and_their_health() -> None:
    with open_tenant() as tenant:
        (row,) = ask(applications, tenant)
        assert (row.bought, row.health, row.last_complete) == (None, "never run", None)
        tenant.sync()
        tenant.move(days=1)
        tenant.sync()
        (row,) = ask(applications, tenant)
        drawn = Standing.objects.order_by("-day")[0]
        assert (row.bought, row.people_active, row.findings) == (drawn.bought, drawn.active, drawn.findings)
        assert row.health == health(Application.objects.get()) == "healthy"
        assert row.last_complete is not None
        Task.objects.filter(key="access").update(enabled=False)
        Application.objects.update(tags="one, two", active=False)
        (row,) = ask(applications, tenant, filters={"health": ["deactivated"], "active": ["no"]}, search="TWO")
        assert row.health == "deactivated"
        listed = applications.listing(tenant.who)
        by_tag = listed.ask(applications.rows(tenant.who), Question(filters={"tag": ["two"]}))
        assert by_tag.total == 1


def test_licenses_are_sorted_and_searched_without_a_database() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        listed = ask(licenses, tenant, the_id(), sort="-bought")
        assert [row.bought for row in listed] == sorted((row.bought for row in listed), reverse=True)
        assert sum(row.bought for row in listed) == Standing.objects.get().bought
        (one,) = ask(licenses, tenant, the_id(), search="project_p1")
        assert one.part_number == "PROJECT_P1"
        with pytest.raises(BadInput):
            ask(licenses, tenant, the_id(), sort="pk")


def test_findings_strangers_runs_and_rows_in_quarantine_are_listed() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        assert len(ask(findings, tenant, the_id(), size=1000, filters={"state": ["open"]})) == len(tenant.findings())
        assert len(ask(suspicious, tenant, the_id(), size=1000)) == len(tenant.suspicious())
        assert {row.application_name for row in ask(suspicious, tenant)} == {tenant.name}
        assert {row.title for row in ask(runs, tenant, the_id())} >= {"Application Roster", "Application Access"}
        assert ask(quarantine, tenant, the_id()) == []


def test_activity_counts_every_day() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        shown = activity.list_days(tenant.who, the_id(), tenant.clock)
        assert len(shown) == activity.SPAN
        assert sum(day.sign_ins for day in shown) > 0
        assert all(day.people <= day.sign_ins for day in shown)


def test_the_overview_puts_every_holder_into_one_bucket() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        shown = overview.read(tenant.who, the_id(), tenant.clock)
        people = Holding.objects.count()
        assert sum(shown.status.values()) == people == sum(b.people for b in shown.buckets) + shown.never
        assert shown.buckets[0].title == "0–15"
        assert shown.buckets[-1].title == "121+"
        assert shown.cautions != []  # sixty days cannot be said from thirty days of history
        assert len(shown.history) == 1


def test_another_organization_sees_nothing() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        other = Who(Organization.objects.create(name="Other", created=1).pk, "other", frozenset(May))
        assert applications.rows(other).count() == suspicious.rows(other).count() == runs.rows(other).count() == 0
        for module in (users, findings, suspicious, licenses, runs, quarantine):
            with pytest.raises(NotFound):
                module.rows(other, the_id())
