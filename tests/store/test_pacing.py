"""The limit on reading sign-ins, kept by several processes through the database."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import pytest

from seatkeeper.clock import seconds
from seatkeeper.connectors.microsoft.vendor import LOG_LIMIT
from seatkeeper.model import TICKS
from seatkeeper.store import pacing
from seatkeeper.store.pacing import SharedPacer
from tests.conftest import Database

pytestmark = pytest.mark.both_engines


class Clock:
    """Time that only passes while somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 17_800_000_000_000_000
        monkeypatch.setattr(pacing, "system_clock", lambda: self.now)

    def sleep(self, amount: float) -> None:
        self.now += seconds(amount)


@pytest.mark.usefixtures("database")
def test_a_sixth_request_waits_until_ten_seconds_after_the_first_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pacer = SharedPacer("app", "tenant", LOG_LIMIT, sleep=clock.sleep)
    sent = []
    for _ in range(12):
        pacer.take()
        sent.append(clock.now)
        clock.sleep(0.5)
        pacer.done()
    answered = [each + seconds(0.5) for each in sent]
    for first, sixth in zip(answered, sent[5:], strict=False):
        assert sixth - first >= seconds(10)
    assert sent[-1] - sent[0] < seconds(26)  # and not much longer than the law asks


@pytest.mark.usefixtures("database")
def test_two_clients_of_one_app_share_the_limit_and_other_tenants_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    began = clock.now
    one, two = (SharedPacer("app", "tenant", LOG_LIMIT, sleep=clock.sleep) for _ in range(2))
    other = SharedPacer("app", "another tenant", LOG_LIMIT, sleep=clock.sleep)
    for pacer in (one, two, one, two, one, other, other, other, other, other):
        pacer.take()
        pacer.done()
    assert clock.now == began
    two.take()
    assert clock.now - began >= seconds(10)


@pytest.mark.usefixtures("database")
def test_a_request_whose_process_died_counts_until_no_answer_can_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    dead, living = (SharedPacer("app", "tenant", LOG_LIMIT, sleep=clock.sleep) for _ in range(2))
    for _ in range(5):
        dead.take()
    began = clock.now
    living.take()
    assert seconds(69) < clock.now - began < seconds(72)


@pytest.mark.usefixtures("database")
def test_a_clock_that_was_set_back_delays_by_one_window_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pacer = SharedPacer("app", "tenant", LOG_LIMIT, sleep=clock.sleep)
    for _ in range(5):
        pacer.take()
        pacer.done()
    clock.now -= seconds(365 * 86_400)
    began = clock.now
    pacer.take()
    assert clock.now - began <= seconds(11)


def test_of_processes_that_start_together_five_requests_go_at_once_and_no_more(database: Database) -> None:
    script = (
        "from seatkeeper.cli.start import set_up; set_up()\n"
        "from seatkeeper.store.pacing import SharedPacer\n"
        "def wait(seconds): print('waits'); raise SystemExit\n"
        "from seatkeeper.connectors.microsoft.vendor import LOG_LIMIT\n"
        "pacer = SharedPacer('app', 'tenant', LOG_LIMIT, sleep=wait)\n"
        "print('ready', flush=True); input()\n"
        "for _ in range(3): pacer.take(); print('sent')"
    )
    begin = partial(subprocess.Popen, [sys.executable, "-c", script], text=True)
    children = [begin(stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [line for child in children for line in child.communicate(timeout=60)[0].splitlines()]
    assert said.count("sent") == 5
    assert said.count("waits") >= 3  # one may have sent three


@pytest.mark.usefixtures("database")
def test_what_is_not_urgent_takes_two_requests_of_five_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    slow, sign_ins = (SharedPacer("app", "tenant", LOG_LIMIT, sleep=clock.sleep) for _ in range(2))
    began = clock.now
    for _ in range(2):
        slow.take(slow=True)
        slow.done()
    for _ in range(2):
        sign_ins.take()
        sign_ins.done()
    assert clock.now == began
    slow.take(slow=True)  # though one of the five is free
    assert seconds(10) <= clock.now - began < seconds(11)


@pytest.mark.usefixtures("database")
def test_what_is_not_urgent_takes_all_five_while_nothing_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    slow = SharedPacer("app", "tenant", LOG_LIMIT, sleep=clock.sleep)
    began = clock.now
    for _ in range(25):
        slow.take(slow=True)
        slow.done()
    assert seconds(40) <= clock.now - began < seconds(41)


@pytest.mark.usefixtures("database")
def test_whoever_waits_with_what_is_not_urgent_gets_the_next_place(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    slow, sign_ins = (SharedPacer("app", "tenant", LOG_LIMIT, sleep=clock.sleep) for _ in range(2))
    began = clock.now
    for _ in range(5):
        slow.take(slow=True)
        slow.done()

    def sleep_beside_a_sign_in(amount: float) -> None:
        clock.sleep(min(amount, LOG_LIMIT.window / TICKS))
        if clock.now - began >= LOG_LIMIT.window and not order:
            order.append("sign-in")
            sign_ins.take()
            sign_ins.done()

    order: list[str] = []
    slow = SharedPacer("app", "tenant", LOG_LIMIT, sleep=sleep_beside_a_sign_in)
    for _ in range(3):
        slow.take(slow=True)
        order.append("slow")
        slow.done()
    assert order[0] == "sign-in"
    # From now on something else is asked: two of five, and the sign-in did not wait a second time.
    assert clock.now - began >= 2 * LOG_LIMIT.window
