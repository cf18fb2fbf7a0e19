"""Listings of an application: the columns of the roster, filters that agree with what is stored, nobody else's rows."""

from __future__ import annotations

from typing import Any

import pytest

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.insights.evidence import Activity
from seatkeeper.services import activity_reports, overview, reports
from seatkeeper.services.listings import activity, applications, findings, licenses, quarantine, runs, suspicious, users
from seatkeeper.services.listings.base import Question
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, DailySummary, Organization, SeatHolder, Task
from tests.people import Tenant, open_tenant, read_tenant
from tests.services.test_activity_reports import HEAD, line

pytestmark = pytest.mark.usefixtures("database")


def ask(module: Any, tenant: Tenant, *scope: int, **question: Any) -> list[Any]:
    return list(module.LISTING.ask(module.rows(tenant.who, *scope), Question(**question)).rows)


def the_id() -> int:
    return Application.objects.get().pk


def test_users_are_those_of_the_roster_in_its_order() -> None:
    with read_tenant() as tenant:
        listed = ask(users, tenant, the_id(), size=1000, sort="user_id")
        assert sorted(row.user_id for row in listed) == sorted(row["User ID"] for row in tenant.roster())
        assert [row.user_id for row in ask(users, tenant, the_id(), size=5, page=2)] == [
            row.user_id for row in ask(users, tenant, the_id(), size=10)[5:]
        ]


@pytest.mark.parametrize("status", list(Activity))
def test_users_by_status(status: Activity) -> None:
    with read_tenant() as tenant:
        found = ask(users, tenant, the_id(), size=1000, filters={"status": [status]})
        assert len(found) == sum(row["Status"] == status for row in tenant.access())


def test_users_are_found_by_any_name_in_any_case() -> None:
    with read_tenant() as tenant:
        row = SeatHolder.objects.exclude(first_name="").order_by("pk")[0]
        for words in (row.user_id.upper(), row.first_name, row.object_id[:20]):
            assert row.pk in {found.pk for found in ask(users, tenant, the_id(), search=words, size=1000)}
        assert ask(users, tenant, the_id(), search="nobody is called so") == []


def test_applications_show_the_newest_summary_and_their_health() -> None:
    with open_tenant() as tenant:
        (row,) = ask(applications, tenant)
        assert (row.bought, row.health, row.last_complete) == (None, "never run", None)
        tenant.sync()
        tenant.move(days=1)
        tenant.sync()
        (row,) = ask(applications, tenant)
        summary = DailySummary.objects.order_by("-day")[0]
        assert (row.bought, row.people_active, row.findings) == (summary.bought, summary.active, summary.findings)
        assert row.health == "healthy"
        assert row.last_complete is not None
        Task.objects.filter(key="access").update(enabled=False)
        Application.objects.update(tags="one, two", active=False)
        (row,) = ask(applications, tenant, filters={"health": ["deactivated"], "active": ["no"]}, search="TWO")
        assert row.health == "deactivated"
        listed = applications.listing(tenant.who)
        by_tag = listed.ask(applications.rows(tenant.who), Question(filters={"tag": ["two"]}))
        assert by_tag.total == 1


def test_licenses_are_sorted_and_searched_without_a_database() -> None:
    with read_tenant() as tenant:
        listed = ask(licenses, tenant, the_id(), sort="-bought")
        assert [row.bought for row in listed] == sorted((row.bought for row in listed), reverse=True)
        assert sum(row.bought for row in listed) == DailySummary.objects.get().bought
        (one,) = ask(licenses, tenant, the_id(), search="project_p1")
        assert one.part_number == "PROJECT_P1"
        with pytest.raises(BadInput):
            ask(licenses, tenant, the_id(), sort="pk")


def test_findings_unlicensed_users_runs_and_rows_in_quarantine_are_listed() -> None:
    with read_tenant() as tenant:
        assert len(ask(findings, tenant, the_id(), size=1000, filters={"state": ["open"]})) == len(tenant.findings())
        assert len(ask(suspicious, tenant, the_id(), size=1000)) == len(tenant.suspicious())
        assert {row.application_name for row in ask(suspicious, tenant)} == {tenant.name}
        assert {row.title for row in ask(runs, tenant, the_id())} >= {"Application Roster", "Application Access"}
        assert ask(quarantine, tenant, the_id()) == []


def test_activity_counts_every_day() -> None:
    with read_tenant() as tenant:
        shown = activity.list_days(tenant.who, the_id(), tenant.clock)
        assert len(shown) == activity.SPAN
        assert sum(day.sign_ins for day in shown) > 0
        assert all(day.people <= day.sign_ins for day in shown)


def test_the_overview_counts_a_use_that_only_the_activity_report_shows() -> None:
    """As the listing, the status and the evidence do: the last activity is one thing."""
    with read_tenant() as tenant:
        idle = SeatHolder.objects.filter(last_activity=None)
        before, people = overview.read(tenant.who, the_id(), tenant.clock), [row.user_id for row in idle]
        assert before.never == len(people) > 1
        report = HEAD + "".join(line(user_id, "2026-07-30") for user_id in people[1:])
        activity_reports.import_report(tenant.who, the_id(), report.encode(), "report.csv", clock=tenant.clock)
        after = overview.read(tenant.who, the_id(), tenant.clock)
        assert (after.never, after.buckets[0].people) == (1, before.buckets[0].people + len(people) - 1)
        assert after.never == SeatHolder.objects.filter(evidence__in=("none seen", "not observable yet")).count()


def test_the_report_and_the_overview_say_the_same_of_what_cannot_be_said() -> None:
    with open_tenant() as tenant:
        for move in (lambda: None, lambda: tenant.sync("roster"), tenant.sync, lambda: tenant.move(days=9)):
            move()
            (report,) = reports.reports(tenant.who, tenant.name, tenant.clock)
            shown = overview.read(tenant.who, the_id(), tenant.clock)
            assert report.cautions == shown.cautions != []


def test_the_overview_puts_every_holder_into_one_bucket() -> None:
    with read_tenant() as tenant:
        shown = overview.read(tenant.who, the_id(), tenant.clock)
        people = SeatHolder.objects.count()
        assert sum(shown.status.values()) == people == sum(b.people for b in shown.buckets) + shown.never
        assert shown.buckets[0].title == "0–15"
        assert shown.buckets[-1].title == "121+"
        assert shown.cautions != []  # sixty days cannot be said from thirty days of history
        assert len(shown.history) == 1


def test_another_organization_sees_nothing() -> None:
    with read_tenant():
        other = Who(Organization.objects.create(name="Other", created=1).pk, "other", frozenset(May))
        assert applications.rows(other).count() == suspicious.rows(other).count() == runs.rows(other).count() == 0
        for module in (users, findings, suspicious, licenses, runs, quarantine):
            with pytest.raises(NotFound):
                module.rows(other, the_id())
