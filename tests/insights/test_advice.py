"""Findings that stand on more than sign-ins: the vendor's activity report, its renewal dates, its count of seats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.clock import days
from seatkeeper.connectors.catalog import find_product
from seatkeeper.insights.base import (
    DeletedHolder,
    Holder,
    RenewingSubscription,
    Reported,
    Seat,
    Sighting,
    Sku,
    Subscription,
)
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.insights.findings import deleted, higher_plan, renewal, retired_service, two_plans, unused
from seatkeeper.model import Evidence, to_key
from seatkeeper.reporting.seats import Skus
from tests.insights.test_activity import NOW, PLAN, holder, snapshot, span, told_by

WEB_ONLY = Reported(NOW - days(3), 0, 12, False, days(90), NOW - days(2))
PLAN_1 = Sku(b"1" * 16, "PROJECT_P1", "Plan 1", 1, frozenset({"web", "essentials"}))
PLAN_3 = PLAN._replace(opens=frozenset({"desktop", "online", "web", "essentials"}))
ONLINE = Sku(b"5" * 16, "PROJECTONLINE_PLAN_1", "Project Online", 5, frozenset({"online", "essentials"}))
DESKTOP = Sku(b"2" * 16, "PROJECTCLIENT", "Desktop", 2, frozenset({"desktop"}))
BOUGHT = Subscription(PLAN, "Enabled", 10, 0, 0, 1)
TWO, GIVEN = replace(BOUGHT, consumed=2), {PLAN.key: 1}


def reported_by(person: Holder, reported: Reported | None) -> Holder:
    """The same person, in an uploaded report if there is one."""
    if reported is None:
        return person
    told = Sighting("report", reported.last, True, reported.until, reported=reported)
    return told_by(person, told, span(200))


def test_use_on_the_web_alone_asks_for_the_lower_plan() -> None:
    ada = reported_by(holder(3), WEB_ONLY)
    (found,) = higher_plan.INSIGHT.find(snapshot(span(200), ada))
    assert (found.key, found.plan, found.part_numbers) == ("higher-plan", "Plan 3", ("PROJECTPROFESSIONAL",))
    assert "90 days" in found.advice


@pytest.mark.parametrize(
    "reported",
    [
        None,  # sign-ins alone cannot tell the desktop client from the web
        WEB_ONLY._replace(desktop=1),
        WEB_ONLY._replace(web=0),  # nothing at all is another finding
        WEB_ONLY._replace(period=days(7)),
        WEB_ONLY._replace(until=NOW - days(31)),
    ],
)
def test_without_a_fresh_long_report_of_web_use_nobody_is_told_to_take_a_lower_plan(reported: Reported | None) -> None:
    assert not list(higher_plan.find(snapshot(span(200), reported_by(holder(3), reported))))


def test_the_lowest_plan_is_never_called_too_high() -> None:
    seat = Seat(PLAN_1, "seat", None, "", "direct", "Active", "")
    assert not list(higher_plan.find(snapshot(span(200), replace(reported_by(holder(3), WEB_ONLY), seats=(seat,)))))


def test_use_that_only_the_report_shows_is_use() -> None:
    ada = reported_by(holder(observed=span(200)), WEB_ONLY)
    assert activity(ada, snapshot(span(200), ada)) is Activity.ACTIVE


def test_old_use_in_the_report_is_inactive_not_never_seen() -> None:
    told = Reported(NOW - days(100), 1, 0, False, days(180), NOW - days(2))
    ada = reported_by(holder(observed=span(200)), told)
    assert ada.evidence is Evidence.CONFIRMED
    assert activity(ada, snapshot(span(200), ada)) is Activity.INACTIVE


def test_somebody_deleted_is_found_only_while_more_seats_are_counted_than_held() -> None:
    gone = DeletedHolder(b"z" * 16, "zoe", PLAN, NOW - days(5))
    still_counted = replace(snapshot(span(200), holder(3)), gone=[gone], given=GIVEN, purchases=[TWO])
    (found,) = deleted.find(still_counted)
    assert (found.user_id, found.plan, found.part_numbers) == ("zoe", "Plan 3", ("PROJECTPROFESSIONAL",))
    assert not list(deleted.find(replace(still_counted, purchases=[BOUGHT])))


def test_after_thirty_days_a_deleted_account_cannot_hold_anything() -> None:
    gone = DeletedHolder(b"z" * 16, "zoe", PLAN, NOW - days(31))
    assert not list(deleted.find(replace(snapshot(span(200), holder(3)), gone=[gone], given=GIVEN, purchases=[TWO])))


def test_as_many_of_the_last_deleted_are_named_as_seats_are_counted_too_much() -> None:
    gone = [DeletedHolder(name * 16, name.decode(), PLAN, NOW - days(ago)) for name, ago in ((b"y", 2), (b"z", 20))]
    seen = replace(snapshot(span(200), holder(3)), gone=gone, given=GIVEN, purchases=[TWO])
    assert [found.user_id for found in deleted.find(seen)] == ["y"]
    assert len(list(deleted.find(replace(seen, purchases=[replace(BOUGHT, consumed=3)])))) == 2


def test_a_seat_that_is_switched_off_is_not_taken_for_one_of_the_deleted() -> None:
    """The bug this stands for: whoever has the SKU with every plan off is counted as given, and is no holder."""
    gone = DeletedHolder(b"z" * 16, "zoe", PLAN, NOW - days(5))
    seen = replace(snapshot(span(200), holder(3)), gone=[gone], given={PLAN.key: 2}, purchases=[TWO])
    assert not list(deleted.find(seen))


@pytest.mark.parametrize(
    ("plans", "dropped"),
    [
        ((PLAN_1, PLAN_3), ["Plan 1"]),
        ((ONLINE, PLAN_3), ["Project Online"]),  # called higher, and opens less
        ((ONLINE, PLAN_1), []),
        ((DESKTOP, PLAN_1), []),
        ((DESKTOP, ONLINE, PLAN_1, PLAN_3), ["Plan 1", "Project Online", "Desktop"]),
        ((PLAN_3, PLAN_3._replace(key=b"4" * 16, title="Plan 3 (Department)")), ["Plan 3"]),
    ],
)
def test_a_plan_is_dropped_only_where_another_opens_all_that_it_does(
    plans: tuple[Sku, ...], dropped: list[str]
) -> None:
    seats = tuple(Seat(plan, "seat", None, "", "direct", "Active", "") for plan in plans)
    found = list(two_plans.find(snapshot(span(200), replace(holder(3), seats=seats))))
    assert sorted(each.plan for each in found) == sorted(dropped)


def test_somebody_who_came_back_to_a_seat_is_not_called_unused_in_its_first_days() -> None:
    observed = span(200)
    back, settled = holder(100, observed=observed, active=20), holder(100, observed=observed, active=40)
    assert not list(unused.find(snapshot(observed, back)))
    assert len(list(unused.find(snapshot(observed, back, settled)))) == 1


def test_a_seat_of_which_only_project_online_is_switched_on_opens_a_retired_service() -> None:
    seat = Seat(
        PLAN, "seat", None, "", "direct", "Active", "", retired=NOW + days(60), retired_service="Project Online"
    )
    (found,) = retired_service.find(snapshot(span(200), replace(holder(3), seats=(seat,))))
    assert "Project Online, which ends on" in found.advice


@pytest.mark.parametrize(("ahead", "said"), [(59, True), (61, False), (-1, False), (0, True)])
def test_a_renewal_is_told_sixty_days_ahead_and_not_once_it_is_past(ahead: int, *, said: bool) -> None:
    coming = replace(snapshot(span(200)), renewals=[RenewingSubscription(PLAN, 25, False, NOW + days(ahead))])
    found = list(renewal.find(coming))
    assert bool(found) is said
    assert all("25 seats" in each.advice for each in found)


def test_an_add_on_does_not_make_the_plan_it_stands_on_superfluous() -> None:
    power_bi = find_product("power-bi")
    listed = {sku.part_number: sku.id for sku in power_bi.skus}
    skus = Skus(power_bi, ())

    def dropped(*names: str) -> list[str]:
        seats = [Seat(skus.of(to_key(listed[name])), "seat", None, "", "", "", "") for name in names]
        return [f.plan for f in two_plans.find(snapshot(span(200), replace(holder(3), seats=tuple(seats))))]

    assert dropped("POWER_BI_PRO", "PBI_PREMIUM_PER_USER") == ["Power BI Pro"]
    assert dropped("POWER_BI_PRO", "PBI_PREMIUM_PER_USER_ADDON") == []  # sold to whoever has Pro, and nothing without
