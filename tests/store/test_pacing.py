"""The limit on reading sign-ins, kept by several processes through the database."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from seatkeeper.clock import seconds
from seatkeeper.store import pacing
from seatkeeper.store.pacing import SharedPacer
from tests.conftest import Database


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
    pacer = SharedPacer("app", "tenant", sleep=clock.sleep)
    sent = []
    for _ in range(12):
        pacer.take("reports", 1)
        sent.append(clock.now)
        clock.sleep(0.5)
        pacer.done("reports")
    answered = [each + seconds(0.5) for each in sent]
    for first, sixth in zip(answered, sent[5:], strict=False):
        assert sixth - first >= seconds(10)
    assert sent[-1] - sent[0] < seconds(26)  # and not much longer than the law asks


@pytest.mark.usefixtures("database")
def test_two_clients_of_one_app_share_the_limit_and_other_tenants_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    began = clock.now
    one, two = (SharedPacer("app", "tenant", sleep=clock.sleep) for _ in range(2))
    other = SharedPacer("app", "another tenant", sleep=clock.sleep)
    for pacer in (one, two, one, two, one, other, other, other, other, other):
        pacer.take("reports", 1)
        pacer.done("reports")
    assert clock.now == began
    two.take("reports", 1)
    assert clock.now - began >= seconds(10)


@pytest.mark.usefixtures("database")
def test_a_request_whose_process_died_counts_until_no_answer_can_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    dead, living = (SharedPacer("app", "tenant", sleep=clock.sleep) for _ in range(2))
    for _ in range(5):
        dead.take("reports", 1)
    began = clock.now
    living.take("reports", 1)
    assert seconds(69) < clock.now - began < seconds(72)


@pytest.mark.usefixtures("database")
def test_a_clock_that_was_set_back_delays_by_one_window_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pacer = SharedPacer("app", "tenant", sleep=clock.sleep)
    for _ in range(5):
        pacer.take("reports", 1)
        pacer.done("reports")
    clock.now -= seconds(365 * 86_400)
    began = clock.now
    pacer.take("reports", 1)
    assert clock.now - began <= seconds(11)


def test_processes_that_start_together_send_five_and_then_wait(database: Database) -> None:
    script = (
        "import time; from seatkeeper.cli.start import set_up; set_up()\n"
        "from seatkeeper.store.pacing import SharedPacer\n"
        "pacer = SharedPacer('app', 'tenant')\n"
        "for _ in range(2): pacer.take('reports', 1); print(time.time(), flush=True); pacer.done('reports')"
    )
    children = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    time.sleep(0.1)
    moments = sorted(float(line) for child in children for line in child.communicate(timeout=60)[0].splitlines())
    assert len(moments) == 8
    assert moments[5] - moments[0] >= 10


@pytest.mark.usefixtures("database")
def test_what_is_not_urgent_takes_two_requests_of_five_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    slow, sign_ins = (SharedPacer("app", "tenant", sleep=clock.sleep) for _ in range(2))
    began = clock.now
    for _ in range(2):
        slow.take("activity", 1)
        slow.done("activity")
    for _ in range(2):
        sign_ins.take("reports", 1)
        sign_ins.done("reports")
    assert clock.now == began
    slow.take("activity", 1)  # though one of the five is free
    assert seconds(10) <= clock.now - began < seconds(11)
