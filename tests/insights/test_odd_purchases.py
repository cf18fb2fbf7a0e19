"""What the vendor says of purchases and assignments that is free, contradicts itself, or came to nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.clock import days
from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.insights.base import FailedAssignment, Finding, Subscription
from seatkeeper.insights.exempt import ExceptionRule, ExceptionRules
from seatkeeper.insights.findings import assignment_error, over_assigned, renewal, unassigned
from seatkeeper.model import to_id, to_key
from seatkeeper.reporting.purchases import to_purchases, to_renewals
from seatkeeper.reporting.seats import Skus
from seatkeeper.store import models as stored
from tests.insights.test_activity import NOW, PLAN, snapshot, span

P1 = next(sku for sku in load_products().products[0].skus if sku.part_number == "PROJECT_P1")
KEY = to_key(P1.id)
BOUGHT = Subscription(PLAN, "Enabled", 18, 0, 0, 36)


def owned(enabled: int) -> stored.Subscription:
    return stored.Subscription(
        sku=KEY,
        part_number="PROJECT_P1",
        status="Enabled",
        enabled=enabled,
        warning=0,
        suspended=0,
        consumed=1,
        plans="",
    )


def term(total: int, status: str = "Enabled", *, trial: bool = False) -> stored.Renewal:
    return stored.Renewal(sku=KEY, status=status, total=total, trial=trial, next_lifecycle=NOW + days(20))


def skus(*rows: stored.Subscription) -> Skus:
    return Skus(load_products().products[0], rows)


@pytest.mark.parametrize(
    ("enabled", "terms", "paid"),
    [
        (1_000_000, [], 0),
        (1_000_000, [term(1_000_000, trial=True)], 0),
        (1_000_000, [term(1_000_000)], 0),
        (25, [term(25, trial=True)], 0),
        (43, [term(25, trial=True), term(18)], 18),
        (18, [term(18), term(25, "Deleted", trial=True)], 18),
        (999_999, [], 999_999),
    ],
)
def test_trials_and_free_units_cost_nothing_and_are_not_idle(
    enabled: int, terms: list[stored.Renewal], paid: int
) -> None:
    row = owned(enabled)
    (purchase,) = to_purchases([row], terms, skus(row), [])
    assert purchase.paid == paid
    shown = replace(snapshot(span(200)), purchases=[purchase])
    assert len(list(unassigned.find(shown))) == (paid > 1)


@pytest.mark.parametrize(
    ("status", "words"), [("Enabled", "renews or ends"), ("Suspended", "ends for good"), ("Deleted", None)]
)
def test_only_what_is_in_force_renews_what_is_suspended_ends_and_what_is_deleted_is_over(
    status: str, words: str | None
) -> None:
    shown = replace(snapshot(span(200)), renewals=to_renewals([term(7, status)], skus()))
    told = [found.advice for found in renewal.find(shown)]
    assert len(told) == (words is not None)
    assert words is None or words in told[0]


def test_a_sku_without_a_part_number_goes_by_its_id() -> None:
    row = owned(5)
    row.sku, row.part_number = to_key("aaaaaaaa-1111-4111-8111-111111111111"), ""
    assert skus(row).of(row.sku).part_number == to_id(row.sku)


def test_terms_that_contradict_the_sku_are_named_as_a_contradiction() -> None:
    (found,) = over_assigned.find(replace(snapshot(span(200)), purchases=[replace(BOUGHT, terms=36)]))
    assert "contradicts itself" in found.advice
    (found,) = over_assigned.find(replace(snapshot(span(200)), purchases=[replace(BOUGHT, terms=18)]))
    assert "18 more seats given than the 18 bought" in found.advice


def test_a_licence_that_could_not_be_given_is_an_error_of_somebody_without_a_seat() -> None:
    failed = FailedAssignment(b"a" * 16, "ada@x.example", PLAN, "CountViolation")
    (found,) = assignment_error.INSIGHT.find(replace(snapshot(span(200)), failed=[failed]))
    assert (found.key, found.user_id, found.skus) == ("assignment-error", "ada@x.example", (PLAN,))
    assert "CountViolation" in found.advice


@pytest.mark.parametrize("part_number", [PLAN.part_number, PLAN.part_number.lower(), f" {PLAN.part_number.title()} "])
def test_a_part_number_in_an_exception_is_the_same_with_spaces_around_it_and_in_any_case(part_number: str) -> None:
    rules = ExceptionRules([ExceptionRule("", "sku", part_number, None)], NOW)
    found = Finding("unused", "", "", "", None, None, "", b"a" * 16, (PLAN,))
    assert rules.cover(found, "")
    assert not rules.cover(found._replace(skus=(PLAN._replace(part_number="ANOTHER"),)), "")


@pytest.mark.parametrize("department", ["PMO", "PMO ", " pmo", "Pmo\t"])
def test_a_department_is_the_same_with_spaces_around_it_and_in_any_case(department: str) -> None:
    rules = ExceptionRules([ExceptionRule("", "department", "PMO", None)], NOW)
    found = Finding("unused", "", "", "", None, None, "", b"a" * 16, (PLAN,))
    assert rules.cover(found, department)
    assert not rules.cover(found, "PM")
