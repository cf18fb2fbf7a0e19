"""Whoever guesses passwords waits longer and longer, and nobody else is kept out by it."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.errors import TooOften
from seatkeeper.services import limits
from seatkeeper.services.members import Role
from seatkeeper.store.models import Attempt

from .conftest import PASSWORD, NewMember
from .test_sign_in import is_in, sign_in

pytestmark = pytest.mark.usefixtures("organization", "no_counts")


@pytest.fixture
def member(new_member: NewMember) -> User:
    return new_member(Role.VIEWER, password=PASSWORD)


def guess(member: User, times: int = 5, address: str = "203.0.113.7") -> Client:
    caller = Client(REMOTE_ADDR=address)
    for _ in range(times):
        assert sign_in(caller, member.email, "a guess").status_code == 200
    return caller


def test_whoever_guesses_waits_and_is_told_how_long_even_with_the_right_password(member: User) -> None:
    caller = guess(member)
    answer = sign_in(caller, member.email)
    assert (answer.status_code, int(answer["Retry-After"]) <= 5) == (429, True)
    assert not is_in(caller)


def test_a_member_gets_in_from_elsewhere_while_a_stranger_guesses(database: object, member: User) -> None:
    guess(member)
    assert sign_in(Client(REMOTE_ADDR="203.0.113.8"), member.email).status_code == 302


def test_each_further_failure_waits_longer_and_a_quiet_hour_is_forgotten(
    member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = system_clock()
    monkeypatch.setattr(limits, "system_clock", lambda: now)
    caller, waits = guess(member), []
    for _ in range(8):
        waits.append(int(sign_in(caller, member.email)["Retry-After"]))
        now += seconds(waits[-1])
        sign_in(caller, member.email, "a guess")
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    now += seconds(3601)
    assert sign_in(guess(member, 4), member.email).status_code == 302


def test_addresses_of_one_network_are_one_caller_and_others_are_not(member: User) -> None:
    guess(member, address="2001:db8:1:2::1")
    assert sign_in(Client(REMOTE_ADDR="2001:db8:1:2:ffff::9"), member.email).status_code == 429
    assert sign_in(Client(REMOTE_ADDR="2001:db8:1:3::1"), member.email).status_code == 302


def test_a_wait_that_a_wrong_clock_wrote_keeps_nobody_out(member: User) -> None:
    caller = guess(member)
    Attempt.objects.update(until=system_clock() + days(40))
    assert sign_in(caller, member.email).status_code == 302


def test_the_count_is_in_the_database_where_every_process_finds_it(member: User) -> None:
    guess(member)
    cache.clear()  # another process has another cache
    assert sign_in(Client(REMOTE_ADDR="203.0.113.7"), member.email).status_code == 429


def test_of_many_guesses_at_once_no_more_are_answered_than_one_by_one(database: object, organization: object) -> None:
    answered: list[bool] = []

    def try_it() -> None:
        try:
            limits.BY_ACCOUNT.note("ada from 203.0.113.7")
            answered.append(True)
        except TooOften:
            answered.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answered) == [False] * 7 + [True] * 5


def test_one_caller_guessing_many_addresses_is_slowed_down(member: User) -> None:
    caller = Client(REMOTE_ADDR="203.0.113.7")
    answers = [sign_in(caller, f"user{n}@example.com", "a guess").status_code for n in range(21)]
    assert answers == [200] * 20 + [429]
    assert sign_in(Client(REMOTE_ADDR="203.0.113.8"), member.email).status_code == 302, "others still get in"
