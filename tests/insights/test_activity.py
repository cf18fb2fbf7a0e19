"""What may be said of a seat, and what may not: absence is claimed only inside proof."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.clock import days
from seatkeeper.insights import never_seen, unused
from seatkeeper.insights.base import HeldSeat, Holder, InTenant, Picture, Plan
from seatkeeper.insights.evidence import Activity, activity, grade, observed_since
from seatkeeper.model import Instant
from seatkeeper.spans import Span

NOW = days(1000)
PLAN = Plan(b"3" * 16, "PROJECTPROFESSIONAL", "Plan 3", 3)


def holder(
    last_login: int | None = None, possible: int | None = None, observed: Span | None = None, active: int = 400
) -> Holder:
    """A person; times are days ago."""
    seat = HeldSeat(PLAN, "seat", _ago(active), "plan assigned", "direct", "Active", "")
    login, maybe = _ago(last_login), _ago(possible)
    return Holder(
        b"a" * 16, "ada", "", "Ada", "", False, False, "", (seat,), _ago(active), "plan assigned", login, maybe,
        grade(login, maybe, observed, _ago(active)), observed_since(observed),
    )  # fmt: skip


def picture(observed: Span | None, *holders: Holder) -> Picture:
    return Picture(NOW, days(60), days(30), observed, holders, (), ())


def _ago(number: int | None) -> Instant | None:
    return None if number is None else NOW - days(number)


def span(first: int, last: int = 1) -> Span:
    return Span(NOW - days(first), NOW - days(last))


@pytest.mark.parametrize(
    ("observed", "last_login", "possible", "expected"),
    [
        (span(200), 10, None, Activity.ACTIVE),
        (span(200), 100, None, Activity.INACTIVE),
        (span(200), 100, 20, Activity.POSSIBLY_ACTIVE),
        (span(200), None, None, Activity.NEVER_SEEN),
        (span(30), None, 10, Activity.POSSIBLY_ACTIVE),
        (None, None, None, Activity.NOT_OBSERVABLE),
        (None, 5, None, Activity.ACTIVE),
        (span(30), 100, None, Activity.NOT_OBSERVABLE),  # a gap between the login and our history
        (span(300, 120), 125, None, Activity.ACTIVE),  # as of the day our knowledge ends, she was active
    ],
)
def test_a_status_is_what_proof_allows(
    observed: Span | None, last_login: int | None, possible: int | None, expected: Activity
) -> None:
    person = holder(last_login, possible, observed)
    assert activity(person, picture(observed, person)) is expected


def test_nobody_is_called_unused_for_the_time_in_which_nothing_was_read() -> None:
    """The bug this stands for: the last sync is months old, and everybody looks idle."""
    stale = span(150, 110)
    ada = holder(115, None, stale)
    assert list(unused.find(picture(stale, ada))) == []


def test_a_seat_that_is_new_is_not_called_never_seen() -> None:
    observed = span(200)
    fresh, settled = holder(observed=observed, active=20), holder(observed=observed, active=40)
    assert len(list(never_seen.find(picture(observed, fresh, settled)))) == 1


def test_a_seat_that_began_after_our_proof_ends_is_not_observable_yet() -> None:
    observed = span(200, 1)
    assert holder(observed=observed, active=0).evidence == "not observable yet"


def with_tenant(person: Holder, last: int, read: int, observed: Span) -> Holder:
    """The same person, of whom the directory said so many days ago when the account last got in anywhere."""
    told = InTenant(NOW - days(last), NOW - days(read))
    evidence = grade(person.last_use, NOW - days(last), observed, person.active)
    return replace(person, in_tenant=told, evidence=evidence, observed_since=observed_since(observed, told))


def test_who_got_in_nowhere_is_unused_although_our_sign_ins_do_not_reach_back_that_far() -> None:
    observed = span(30)
    bo = with_tenant(holder(observed=observed), last=90, read=1, observed=observed)
    assert bo.observed_since == NOW - days(90)
    assert activity(bo, picture(observed, bo)) is Activity.INACTIVE
    (found,) = unused.find(picture(observed, bo))
    assert (found.evidence, found.observed_since) == ("possible", NOW - days(90))
    assert "nowhere in the tenant" in found.advice


def test_who_got_in_anywhere_within_the_threshold_is_possibly_active() -> None:
    observed = span(200)
    bo = with_tenant(holder(observed=observed), last=20, read=1, observed=observed)
    assert activity(bo, picture(observed, bo)) is Activity.POSSIBLY_ACTIVE
    assert list(never_seen.find(picture(observed, bo))) == []


def test_what_the_directory_said_before_our_sign_ins_begin_proves_nothing_of_the_time_between() -> None:
    observed = span(30)
    bo = with_tenant(holder(observed=observed), last=90, read=30, observed=observed)  # and it may have been a day late
    assert bo.observed_since == observed.start
    assert activity(bo, picture(observed, bo)) is Activity.NOT_OBSERVABLE


def test_a_possible_use_longer_ago_than_the_threshold_is_no_use_now() -> None:
    observed = span(200)
    bo = holder(possible=100, observed=observed)
    assert activity(bo, picture(observed, bo)) is Activity.INACTIVE
    (found,) = unused.find(picture(observed, bo))
    assert found.evidence == "possible"
    assert list(never_seen.find(picture(observed, bo))) == []
