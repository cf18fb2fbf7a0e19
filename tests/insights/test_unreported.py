"""Whom to ask, where the vendor's own report shows no use: possible, and never called unused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.clock import days
from seatkeeper.insights.base import SHARED_SIGN_INS, SIGN_INS, Holder, Sighting, Snapshot
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.insights.exempt import ExceptionRules
from seatkeeper.insights.findings import unreported
from seatkeeper.insights.money import PriceList, reckon
from seatkeeper.model import Certainty, Instant
from tests.insights.test_activity import NOW, holder, snapshot

REPORT = "copilot-usage"
UNTIL = NOW - days(3)


def seen(last: int | None, *more: Sighting, active: int | None = 400) -> Holder:
    """Somebody of whom the report tells a day (days ago), or none."""
    told = () if last is None else (Sighting(REPORT, NOW - days(last), True, UNTIL),)
    since = None if active is None else NOW - days(active)
    return replace(holder(active=active or 400), active=since, signals=(*told, *more))


def known(*holders: Holder, reported: Instant | None = UNTIL) -> Snapshot:
    return replace(snapshot(None, *holders), reported=reported)


@pytest.mark.parametrize(
    ("last", "step"), [(None, 90), (94, 90), (93, 90), (92, 60), (63, 60), (62, 30), (33, 30), (32, 0), (3, 0)]
)
def test_the_longest_of_three_stretches_that_fits_is_told(last: int | None, step: int) -> None:
    found = list(unreported.INSIGHT.find(known(seen(last))))
    assert [f"in {step} days or more" in finding.advice for finding in found] == ([True] if step else [])
    assert {finding.certainty for finding in found} <= {Certainty.POSSIBLE}
    assert all("ask first" in finding.advice for finding in found)


def test_a_seat_is_judged_by_how_long_it_is_held() -> None:
    assert not list(unreported.INSIGHT.find(known(seen(None, active=32))))
    (found,) = unreported.INSIGHT.find(known(seen(None, active=33)))
    assert "30 days" in found.advice
    assert not list(unreported.INSIGHT.find(known(seen(None, active=None))))  # nobody knows since when


def test_nothing_is_said_without_a_report_or_by_an_old_one() -> None:
    assert not list(unreported.INSIGHT.find(known(seen(None), reported=None)))
    assert not list(unreported.INSIGHT.find(known(seen(None), reported=NOW - days(10) - 1)))
    assert list(unreported.INSIGHT.find(known(seen(None), reported=NOW - days(10))))


def test_what_may_have_been_a_use_counts_and_that_somebody_got_in_anywhere_does_not() -> None:
    shared = Sighting(SHARED_SIGN_INS, NOW - days(5), False)
    anywhere = Sighting("account-activity", NOW - days(5), False, NOW, bounds=True)
    assert not list(unreported.INSIGHT.find(known(seen(None, shared))))
    assert list(unreported.INSIGHT.find(known(seen(None, anywhere))))


def test_a_blocked_account_is_told_by_a_surer_finding() -> None:
    assert not list(unreported.INSIGHT.find(known(replace(seen(None), blocked=True))))


def test_where_something_surer_is_known_it_says_nothing() -> None:
    nowhere = Sighting("account-activity", NOW - days(200), False, NOW, bounds=True)
    ada = seen(None, nowhere)
    told = replace(known(ada), bounded=NOW)
    assert activity(replace(ada, observed_since=NOW - days(200)), told) in (Activity.INACTIVE, Activity.NOT_OBSERVABLE)
    surer = activity(ada, told) in unreported.SURER
    assert bool(list(unreported.INSIGHT.find(told))) is not surer


def test_it_gives_no_seat_back_and_no_money() -> None:
    told = known(seen(None))
    findings = list(unreported.INSIGHT.find(told))
    balance = reckon(told, findings, ExceptionRules([], NOW), PriceList([], 0))
    assert findings
    assert [freed.seats for freed in balance.freed] == [0]
    assert not balance.idle_seats


def test_it_ends_by_a_use_and_waits_where_the_report_is_too_old() -> None:
    end = unreported.INSIGHT.end
    assert end(seen(None, Sighting(SIGN_INS, NOW - days(1), True)), known(), None).why == "used after all"
    assert end(seen(2), known(), NOW - days(100)).over
    assert not end(seen(None), known(reported=NOW - days(30)), None).over
    assert end(seen(None), known(), None).over
