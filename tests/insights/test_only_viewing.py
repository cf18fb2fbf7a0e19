"""A licence to make things beside a viewer's use: possible only, by looks that are there, never by what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.clock import days
from seatkeeper.insights.base import Finding, Holder
from seatkeeper.insights.exempt import ExceptionRules
from seatkeeper.insights.facts import Acts, Facts
from seatkeeper.insights.findings import only_viewing
from seatkeeper.insights.money import PriceList, reckon
from seatkeeper.model import Certainty
from tests.insights.test_activity import NOW, holder, snapshot

UNTIL = NOW - days(1)
WES = Acts(UNTIL - days(5), None, UNTIL)


def wes(acts: Acts | None = WES, active: int | None = 400) -> Holder:
    since = None if active is None else UNTIL - days(active)
    one = holder(400)
    seats = tuple(seat._replace(active=since) for seat in one.seats)
    return replace(one, seats=seats, active=since, facts=Facts(acts=acts))


def find(one: Holder) -> list[Finding]:
    return list(only_viewing.INSIGHT.find(snapshot(None, one)))


def test_whoever_is_only_seen_to_look_is_named_with_what_would_be_lost() -> None:
    (found,) = find(wes())
    assert (found.key, found.certainty) == ("only-viewing", Certainty.POSSIBLE)
    assert "could not publish, edit and share, nor see what lies in no capacity" in found.advice
    assert "ask first" in found.advice


def test_what_was_made_long_ago_is_not_made_of_late() -> None:
    assert find(wes(WES._replace(made=UNTIL - days(91))))
    assert not find(wes(WES._replace(made=UNTIL - days(90))))


@pytest.mark.parametrize(
    "acts",
    [
        None,  # nobody reads the log
        WES._replace(viewed=None),  # no look is there: that proves nothing
        WES._replace(viewed=UNTIL - days(91)),
        WES._replace(made=UNTIL - days(1)),
        WES._replace(until=NOW - days(31)),
    ],
)
def test_by_what_is_missing_nothing_is_said(acts: Acts | None) -> None:
    assert not find(wes(acts))


def test_a_seat_that_is_held_for_less_is_not_judged() -> None:
    assert not find(wes(active=89))
    assert find(wes(active=90))
    assert not find(wes(active=None))


def test_it_gives_no_seat_back_and_no_money() -> None:
    told = snapshot(None, wes())
    balance = reckon(told, find(wes()), ExceptionRules([], NOW), PriceList([], 0))
    assert [freed.seats for freed in balance.freed] == [0]


def test_it_ends_by_something_made_and_waits_while_nobody_reads_the_log() -> None:
    end = only_viewing.INSIGHT.end
    assert end(wes(WES._replace(made=UNTIL)), snapshot(None), None).why == "did more than look"
    assert not end(wes(None), snapshot(None), None).over
    assert not end(wes(WES._replace(until=NOW - days(31))), snapshot(None), None).over
    assert end(wes(WES._replace(viewed=UNTIL - days(95))), snapshot(None), None).over
