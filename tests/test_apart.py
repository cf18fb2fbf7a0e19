"""Whatever foreign bytes do to the process that reads them, ours goes on and says what the matter is."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from seatkeeper import apart
from seatkeeper.apart import run_apart
from seatkeeper.errors import BadInput, TooOften


@pytest.fixture(autouse=True)
def _find_this_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


def count(body: bytes, more: str) -> int:
    return len(body) + len(more)


def spin(_body: bytes) -> int:
    while True:
        pass


def rest(_body: bytes) -> int:
    threading.Event().wait()
    return 0


def hoard(_body: bytes) -> int:
    return len([bytearray(2**20) for _ in range(10_000)])


def refuse(body: bytes) -> int:
    raise BadInput("amount", body.decode(), title="Amount")


def fail(_body: bytes) -> int:
    raise ZeroDivisionError


def environment(_body: bytes) -> list[str]:
    return sorted(os.environ)


def test_what_it_makes_of_the_bytes_comes_back() -> None:
    assert run_apart(count, b"x" * 2_000_000, "é", kind=int) == 2_000_001


def test_what_it_refuses_is_refused_here_in_the_same_words() -> None:
    with pytest.raises(BadInput) as refused:
        run_apart(refuse, "“1,250” is unclear".encode(), kind=int)
    assert refused.value.first == ("amount", "“1,250” is unclear", "Amount")


def test_memory_ends_the_process_and_not_ours() -> None:
    with pytest.raises(BadInput, match="more than 256 MB of memory"):
        run_apart(hoard, b"", kind=int)


@pytest.mark.deep
def test_work_that_never_ends_is_ended_by_its_use_of_the_processor() -> None:
    start = time.monotonic()
    with pytest.raises(BadInput, match=r"more than (10 seconds of a processor|30 seconds)"):
        run_apart(spin, b"", kind=int)
    assert time.monotonic() - start < 40


def test_one_that_waits_is_ended_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LONGEST", 1.0)
    with pytest.raises(BadInput, match="more than 1 seconds"):
        run_apart(rest, b"", kind=int, field="client_certificate")


def test_a_fault_of_ours_is_no_fault_of_the_file() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_apart(fail, b"", kind=int)


def test_it_sees_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATKEEPER_SECRET_KEY", "secret")
    assert not [name for name in run_apart(environment, b"", kind=list[str]) if name.startswith("SEATKEEPER")]


def test_only_so_many_run_at_once_and_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LONGEST", 0.05)
    monkeypatch.setattr(apart, "_places", threading.BoundedSemaphore(1))
    assert apart._places.acquire()
    start = time.monotonic()
    with pytest.raises(TooOften, match="Try again"):
        run_apart(count, b"", "", kind=int)
    assert time.monotonic() - start < 5
