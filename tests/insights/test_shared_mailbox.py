"""Seats of shared mailboxes: ask first, and nothing where nobody tells what kind of mailbox it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.account_facts import MailboxKind
from seatkeeper.clock import days
from seatkeeper.insights.base import Finding, Holder, Seat, Sku
from seatkeeper.insights.exempt import ExceptionRules
from seatkeeper.insights.facts import Facts, Mailbox
from seatkeeper.insights.findings import large_mailbox, shared_mailbox
from seatkeeper.insights.money import PriceList, reckon
from seatkeeper.model import Certainty
from tests.insights.test_activity import NOW, holder, snapshot

GB = 10**9
E3 = Sku(b"e" * 16, "SPE_E3", "Microsoft 365 E3", None, frozenset({"exchange", "teams"}), mailbox=True)
VISIO = Sku(b"v" * 16, "VISIOONLINE_PLAN1", "Visio Plan 1", 1, frozenset({"web"}))
SAM = Mailbox(MailboxKind.SHARED, 12 * GB, archive=False, until=NOW - days(3))


def sam(mailbox: Mailbox | None = SAM, *skus: Sku) -> Holder:
    seats = tuple(Seat(sku, "seat", None, "", "direct", "Active", "") for sku in skus or (E3, VISIO))
    return replace(holder(400), seats=seats, facts=Facts(mailbox=mailbox))


def find(one: Holder) -> list[Finding]:
    return list(shared_mailbox.INSIGHT.find(snapshot(None, one)))


def named(one: Holder) -> list[str]:
    return [number for found in find(one) for number in found.part_numbers]


def test_each_seat_is_named_with_what_to_check_before_it_is_taken_back() -> None:
    suite, visio = find(sam())
    assert (suite.key, suite.part_numbers, visio.part_numbers) == (
        "shared-mailbox", ("SPE_E3",), ("VISIOONLINE_PLAN1",)
    )  # fmt: skip
    assert {suite.certainty, visio.certainty} == {Certainty.ASK_FIRST}
    assert "a shared one, of 12.0 GB and without an archive: up to 50 GB it needs no licence" in suite.advice
    assert "litigation hold" in suite.advice
    assert "Exchange Online Plan 2" in suite.advice
    assert "so Visio Plan 1 serves nobody" in visio.advice


@pytest.mark.parametrize(
    ("kind", "words"), [(MailboxKind.ROOM, "that of a room"), (MailboxKind.EQUIPMENT, "that of equipment")]
)
def test_a_room_and_equipment_are_told_as_such(kind: MailboxKind, words: str) -> None:
    assert all(words in found.advice for found in find(sam(SAM._replace(kind=kind))))


@pytest.mark.parametrize(
    "mailbox",
    [
        SAM._replace(size=50 * GB + 1),
        SAM._replace(archive=True),
        SAM._replace(size=None),
        SAM._replace(archive=None),
    ],
)
def test_of_one_that_may_need_a_licence_only_those_are_named_that_bring_no_mailbox(mailbox: Mailbox) -> None:
    assert named(sam(mailbox)) == ["VISIOONLINE_PLAN1"]


def test_a_licence_of_another_product_that_brings_a_mailbox_is_left_to_a_large_one() -> None:
    bundle = VISIO._replace(part_number="BUNDLE", mailbox=True)
    assert named(sam(SAM._replace(size=80 * GB), bundle)) == []
    assert named(sam(SAM, bundle)) == ["BUNDLE"]


def test_the_largest_that_needs_none_is_of_50_gb() -> None:
    assert named(sam(SAM._replace(size=50 * GB))) == ["SPE_E3", "VISIOONLINE_PLAN1"]


@pytest.mark.parametrize(
    "mailbox",
    [None, SAM._replace(kind=MailboxKind.USER), SAM._replace(until=NOW - days(31)), SAM._replace(until=None)],
)
def test_where_the_kind_is_not_known_or_not_of_late_nothing_is_said(mailbox: Mailbox | None) -> None:
    assert named(sam(mailbox)) == []


def test_it_ends_when_the_mailbox_is_a_person_s_and_waits_where_nobody_tells() -> None:
    def ends(mailbox: Mailbox | None) -> bool:
        return shared_mailbox.INSIGHT.end(sam(mailbox), snapshot(None), None).over

    assert ends(SAM._replace(kind=MailboxKind.USER))
    assert not ends(None)
    assert not ends(SAM._replace(until=NOW - days(31)))


def test_its_seats_could_be_given_back() -> None:
    told = snapshot(None, sam())
    balance = reckon(told, list(shared_mailbox.INSIGHT.find(told)), ExceptionRules([], NOW), PriceList([], 0))
    assert [freed.seats for freed in balance.freed] == [1, 1]


LARGE = [SAM._replace(size=50 * GB + 1), SAM._replace(archive=True), SAM._replace(size=None, archive=True)]
PLAN_2 = Sku(b"x" * 16, "EXCHANGEENTERPRISE", "Exchange Online (Plan 2)", None, frozenset({"exchange"}), mailbox=True)


@pytest.mark.parametrize("mailbox", LARGE)
def test_one_that_needs_a_licence_is_advised_down_from_a_suite_and_gives_back_no_seat(mailbox: Mailbox) -> None:
    told = snapshot(None, sam(mailbox, E3, PLAN_2, VISIO))
    (found,) = large_mailbox.INSIGHT.find(told)
    assert (found.key, found.part_numbers, found.certainty) == ("large-mailbox", ("SPE_E3",), Certainty.ASK_FIRST)
    assert "it needs Exchange Online Plan 2, and nothing else of Microsoft 365 E3" in found.advice
    assert reckon(told, [found], ExceptionRules([], NOW), PriceList([], 0)).freed[0].seats == 0


@pytest.mark.parametrize(
    "mailbox", [SAM, None, SAM._replace(size=None), SAM._replace(kind=MailboxKind.USER, size=90 * GB)]
)
def test_where_none_is_needed_or_nobody_knows_no_smaller_licence_is_advised(mailbox: Mailbox | None) -> None:
    assert not list(large_mailbox.INSIGHT.find(snapshot(None, sam(mailbox))))
