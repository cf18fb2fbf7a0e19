"""What may be said of a seat, and what may not: absence is claimed only inside proof."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.clock import days
from seatkeeper.connectors.microsoft.access import LOG
from seatkeeper.insights.base import SHARED_SIGN_INS, SIGN_INS, Holder, Seat, Sighting, Sku, Snapshot
from seatkeeper.insights.evidence import Activity, activity, grade, observed_since
from seatkeeper.insights.findings import never_seen, unused
from seatkeeper.model import Instant
from seatkeeper.spans import Span

NOW = days(1000)
PLAN = Sku(b"3" * 16, "PROJECTPROFESSIONAL", "Plan 3", 3)


def holder(
    last_login: int | None = None, possible: int | None = None, observed: Span | None = None, active: int = 400
) -> Holder:
    """A person; times are days ago."""
    seat = Seat(PLAN, "seat", _ago(active), "plan assigned", "direct", "Active", "")
    signals = Sighting(SIGN_INS, _ago(last_login), True), Sighting(SHARED_SIGN_INS, _ago(possible), False)
    return Holder(
        b"a" * 16, "ada", "", "Ada", "", False, False, "", (seat,), _ago(active), "plan assigned", signals,
        grade(signals, observed, _ago(active)), observed_since(signals, observed),
    )  # fmt: skip


def told_by(person: Holder, sighting: Sighting, observed: Span | None, bounded: Instant | None = None) -> Holder:
    """The same person, of whom one signal more says something."""
    signals = (*person.signals, sighting)
    evidence, since = grade(signals, observed, person.active), observed_since(signals, observed, bounded)
    return replace(person, signals=signals, evidence=evidence, observed_since=since)


def snapshot(observed: Span | None, *holders: Holder) -> Snapshot:
    return Snapshot(NOW, days(60), days(30), observed, holders, (), ())


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
    assert activity(person, snapshot(observed, person)) is expected


def test_nobody_is_called_unused_for_the_time_in_which_nothing_was_read() -> None:
    """The bug this stands for: the last sync is months old, and everybody looks idle."""
    stale = span(150, 110)
    ada = holder(115, None, stale)
    assert list(unused.find(snapshot(stale, ada))) == []


def test_a_seat_that_is_new_is_not_called_never_seen() -> None:
    observed = span(200)
    fresh, settled = holder(observed=observed, active=20), holder(observed=observed, active=40)
    assert len(list(never_seen.find(snapshot(observed, fresh, settled)))) == 1


def test_a_seat_that_began_after_our_proof_ends_is_not_observable_yet() -> None:
    observed = span(200, 1)
    assert holder(observed=observed, active=0).evidence == "not observable yet"


def with_tenant(person: Holder, last: int, read: int, observed: Span) -> Holder:
    """The same person, of whom the directory said so many days ago when the account last got in anywhere."""
    told = Sighting("account-activity", NOW - days(last), False, NOW - days(read) - LOG.lateness, bounds=True)
    return told_by(person, told, observed)


def test_who_got_in_nowhere_is_unused_although_our_sign_ins_do_not_reach_back_that_far() -> None:
    observed = span(30)
    bo = with_tenant(holder(observed=observed), last=90, read=1, observed=observed)
    assert bo.observed_since == NOW - days(90)
    assert activity(bo, snapshot(observed, bo)) is Activity.INACTIVE
    (found,) = unused.find(snapshot(observed, bo))
    assert (found.evidence, found.observed_since) == ("possible", NOW - days(90))
    assert "no successful sign-in of the account" in found.advice


def test_who_got_in_anywhere_within_the_threshold_is_possibly_active() -> None:
    observed = span(200)
    bo = with_tenant(holder(observed=observed), last=20, read=1, observed=observed)
    assert activity(bo, snapshot(observed, bo)) is Activity.POSSIBLY_ACTIVE
    assert list(never_seen.find(snapshot(observed, bo))) == []


def test_what_the_directory_said_before_our_sign_ins_begin_proves_nothing_of_the_time_between() -> None:
    observed = span(30)
    bo = with_tenant(holder(observed=observed), last=90, read=30, observed=observed)  # and it may have been a day late
    assert bo.observed_since == observed.start
    assert activity(bo, snapshot(observed, bo)) is Activity.NOT_OBSERVABLE


def test_a_possible_use_longer_ago_than_the_threshold_is_no_use_now() -> None:
    observed = span(200)
    bo = holder(possible=100, observed=observed)
    assert activity(bo, snapshot(observed, bo)) is Activity.INACTIVE
    (found,) = unused.find(snapshot(observed, bo))
    assert found.evidence == "possible"
    assert list(never_seen.find(snapshot(observed, bo))) == []


def unseen(last: int | None, read: int = 1, reported: int | None = None, active: int = 400) -> tuple[Holder, Snapshot]:
    """Somebody who holds a product that no sign-in shows; times are days ago."""
    bounded = NOW - days(read) - LOG.lateness
    person = holder(active=active)
    if reported is not None:
        person = told_by(person, Sighting("report", NOW - days(reported), True, NOW), None, bounded)
    if last is not None:
        told = Sighting("account-activity", NOW - days(last), False, bounded, bounds=True)
        person = told_by(person, told, None, bounded)
    return person, replace(snapshot(None, person), bounded=bounded)


@pytest.mark.parametrize(
    ("last", "reported", "expected"),
    [
        (None, None, Activity.NOT_OBSERVABLE),  # that nothing is said of an account proves nothing
        (None, 90, Activity.NOT_OBSERVABLE),  # nor does it that a report says nothing newer
        (None, 10, Activity.ACTIVE),
        (20, None, Activity.POSSIBLY_ACTIVE),
        (20, 90, Activity.POSSIBLY_ACTIVE),
        (90, None, Activity.INACTIVE),
        (90, 95, Activity.INACTIVE),
    ],
)
def test_of_a_product_that_no_sign_in_shows_only_those_who_got_in_nowhere_are_called_unused(
    last: int | None, reported: int | None, expected: Activity
) -> None:
    person, seen = unseen(last, reported=reported)
    assert activity(person, seen) is expected
    assert [found.key for found in unused.INSIGHT.find(seen)] == ["unused"] * (expected is Activity.INACTIVE)
    assert list(never_seen.INSIGHT.find(seen)) == []


def test_what_was_told_of_an_account_before_the_newest_reading_bounds_nothing_after_it() -> None:
    person, seen = unseen(90, read=1)
    older = Sighting("account-activity", NOW - days(90), False, NOW - days(30), bounds=True)
    stale = told_by(replace(person, signals=()), older, None, seen.bounded)
    assert activity(stale, replace(seen, holders=[stale])) is Activity.NOT_OBSERVABLE
