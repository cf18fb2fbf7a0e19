"""A licence inside another: certain, or not said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.insights.base import Seat, Sku, Snapshot
from seatkeeper.insights.findings import overlap
from tests.insights.test_activity import holder, snapshot, span

PRO = Sku(b"p" * 16, "POWER_BI_PRO", "Power BI Pro", 1, plans=frozenset({"pro"}))
E5 = Sku(b"e" * 16, "SPE_E5", "Microsoft 365 E5", None, plans=frozenset({"pro", "exchange", "teams"}))
TWIN = Sku(b"t" * 16, "POWER_BI_PRO_DEPT", "Power BI Pro Dept", None, plans=PRO.plans)
HANA = holder(3)


def seat(sku: Sku, *in_force: str) -> Seat:
    return Seat(sku, "seat", None, "", "direct", "Active", "", in_force=frozenset(in_force or {"BI_AZURE_P2"}))


def hana(*own: Seat, inside: tuple[Seat, ...] = ()) -> Snapshot:
    """Hana holds these, and these of another product."""
    found = snapshot(span(200), replace(HANA, seats=own))
    return replace(found, apart=[replace(HANA, seats=inside)] if inside else [])


def drop(seen: Snapshot) -> list[str]:
    return [number for found in overlap.INSIGHT.find(seen) for number in found.part_numbers]


def test_what_a_suite_of_hers_has_she_need_not_hold_beside_it() -> None:
    (found,) = overlap.INSIGHT.find(hana(seat(PRO), inside=(seat(E5),)))
    assert (found.key, found.part_numbers) == ("overlap", ("POWER_BI_PRO",))
    assert found.advice == "Microsoft 365 E5 has all that is in it: drop Power BI Pro."
    assert drop(hana(seat(PRO._replace(level=None)), seat(E5))) == ["POWER_BI_PRO"]


@pytest.mark.parametrize(
    "seen",
    [
        hana(seat(PRO)),
        hana(seat(PRO), inside=(seat(E5, "EXCHANGE_S_ENTERPRISE"),)),  # switched off for her
        hana(seat(PRO._replace(plans=frozenset({"pro", "more"}))), inside=(seat(E5),)),
        hana(seat(PRO._replace(plans=frozenset())), inside=(seat(E5),)),  # nobody says what it carries
        hana(seat(PRO), inside=(seat(E5._replace(plans=frozenset())),)),  # a trial, which will end
        hana(seat(PRO), seat(E5._replace(level=2))),  # both are ranked: the finding of two plans judges them
    ],
)
def test_without_certainty_nothing_is_said(seen: Snapshot) -> None:
    assert drop(seen) == []


def test_of_two_with_the_same_plans_one_goes_and_not_both() -> None:
    assert drop(hana(seat(PRO), seat(TWIN))) == ["POWER_BI_PRO"]
    assert drop(hana(seat(TWIN), seat(PRO))) == ["POWER_BI_PRO"]
    assert drop(hana(seat(PRO), seat(PRO))) == []
