"""A change returns at once, its mark is saved with it, and whoever does background work refreshes the figures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.db import connections, transaction

from seatkeeper import failpoints
from seatkeeper.clock import system_clock
from seatkeeper.errors import NotFound
from seatkeeper.failpoints import Reached
from seatkeeper.jobs import refreshes
from seatkeeper.jobs.scheduler import Scheduler
from seatkeeper.jobs.sweep import sweep
from seatkeeper.jobs.work import perform
from seatkeeper.reporting import people, refresh
from seatkeeper.services import applications, exceptions, prices
from seatkeeper.services import refreshes as asked
from seatkeeper.services.members import ROLES, Role, Who
from seatkeeper.store.models import Application, DailySummary, Finding, Organization, SeatHolder
from tests.jobs.conftest import wait_for
from tests.people import Tenant, read_tenant

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.both_engines]

PRICE = prices.NewPrice("PROJECTPROFESSIONAL", "10", "EUR")


@pytest.fixture
def tenant(database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """A tenant that counts as large, read once."""
    monkeypatch.setattr(refreshes, "SMALL", 5)
    with read_tenant(people=80, threshold_days=10) as tenant:
        yield tenant


def member(tenant: Tenant) -> Who:
    return tenant.who._replace(name="ada@example.com", member_id=1)


def the_application() -> Application:
    return Application.objects.get()


def priced() -> int:
    return SeatHolder.objects.exclude(cost="").count()


def test_a_large_application_is_refreshed_after_the_answer_and_says_so_until_then(tenant: Tenant) -> None:
    began = system_clock()
    prices.set_price(member(tenant), PRICE)
    assert (priced(), refreshes.list_due()) == (0, [the_application().pk])
    assert began <= (asked.pending(tenant.who) or 0) <= system_clock()
    refreshes.refresh_due(the_application().pk)
    assert priced() > 0
    assert (asked.pending(tenant.who), refreshes.list_due()) == (None, [])


def test_a_small_application_is_refreshed_before_the_answer(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshes, "SMALL", 2_000)
    prices.set_price(member(tenant), PRICE)
    assert priced() > 0
    assert refreshes.list_due() == []


def test_the_command_line_waits_for_the_figures(tenant: Tenant) -> None:
    prices.set_price(tenant.who, PRICE)
    assert priced() > 0
    assert refreshes.list_due() == []


def test_every_kind_of_change_leaves_its_mark(tenant: Tenant) -> None:
    who, finding = member(tenant), Finding.objects.filter(key="blocked")[0]

    def due() -> bool:
        return the_application().refresh_wanted_since is not None

    new = exceptions.NewException("person", finding.user_id, "on leave")
    exception = exceptions.exempt(who, tenant.name, new)
    assert due()
    assert Finding.objects.get(pk=finding.pk).state == "open"
    refresh.refresh_application(the_application())
    assert Finding.objects.get(pk=finding.pk).state == "excepted"
    assert not due()
    changes = (
        lambda: exceptions.end_exception(who, exception.pk),
        lambda: applications.edit_application(who, tenant.name, applications.Edit(threshold_days=3)),
        lambda: applications.set_active(who, tenant.name, active=True),
        lambda: prices.load_example(who),
        lambda: prices.delete_price(who, prices.list_prices(who)[0].pk),
        lambda: prices.import_prices(who, b"SKU,Amount,Currency\nPROJECT_P1,10,EUR\n", "prices.csv"),
    )
    for change in changes:
        change()
        assert due()
        refresh.refresh_application(the_application())
        assert not due()


def test_a_change_that_is_not_saved_leaves_no_mark(tenant: Tenant) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        asked.request(member(tenant), [the_application()])
        raise ZeroDivisionError
    assert refreshes.list_due() == []


def test_what_is_changed_during_a_refresh_asks_for_another(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    real = people.list_employees

    def change_meanwhile(application: Application) -> people.Employees:
        monkeypatch.setattr(people, "list_employees", real)
        applications.edit_application(member(tenant), tenant.name, applications.Edit(threshold_days=1))
        return real(application)

    monkeypatch.setattr(people, "list_employees", change_meanwhile)
    prices.set_price(member(tenant), PRICE)
    refreshes.refresh_due(the_application().pk)
    before = DailySummary.objects.latest("day").active
    assert refreshes.list_due() == [the_application().pk]
    refreshes.refresh_due(the_application().pk)
    assert DailySummary.objects.latest("day").active < before
    assert refreshes.list_due() == []


def test_a_process_that_dies_during_a_refresh_leaves_the_mark_for_the_next(tenant: Tenant) -> None:
    prices.set_price(member(tenant), PRICE)
    failpoints.arm("FP:before-refreshed=error")
    with pytest.raises(Reached):
        refreshes.refresh_due(the_application().pk)
    assert (priced(), refreshes.list_due()) == (0, [the_application().pk])
    scheduler = Scheduler()
    scheduler.start()
    wait_for(lambda: not refreshes.list_due(), "the refresh")
    scheduler.ask_to_stop()
    assert scheduler.wait(30)
    assert priced() > 0


def test_a_change_waits_for_no_refresh_that_is_being_saved(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    if connections["default"].vendor == "sqlite":
        pytest.skip("on SQLite one transaction writes at a time")
    inside, leave = threading.Event(), threading.Event()

    def linger(_name: str) -> None:
        inside.set()
        assert leave.wait(60)

    monkeypatch.setattr(refresh, "reach", linger)
    DailySummary.objects.update(digest="")

    def refresh_it() -> None:
        refresh.refresh_application(the_application())
        connections.close_all()

    refresher = threading.Thread(target=refresh_it)
    refresher.start()
    assert inside.wait(60)
    try:
        applications.edit_application(member(tenant), tenant.name, applications.Edit(threshold_days=7))
    finally:
        leave.set()
        refresher.join()
    assert refreshes.list_due() == [the_application().pk]


def test_one_that_cannot_be_refreshed_holds_up_no_other(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshed: list[int] = []

    def refresh_one(application_id: int) -> None:
        if application_id == 1:
            raise ZeroDivisionError
        refreshed.append(application_id)

    monkeypatch.setattr(refreshes, "list_due", lambda: [1, 2])
    monkeypatch.setattr(refreshes, "refresh_due", refresh_one)
    for job in sweep():
        if job.name == "refresh":
            perform(job, lambda: False)
    assert refreshed == [2]


def test_nobody_hears_of_another_organizations_changes(tenant: Tenant) -> None:
    other = Who(Organization.objects.create(name="Other", created=0).pk, "eve", ROLES[Role.ADMINISTER], 2)
    with pytest.raises(NotFound):
        applications.find(other, the_application().pk)
    prices.set_price(member(tenant), PRICE)
    assert asked.pending(other) is None
    assert asked.pending(other, the_application().pk) is None
