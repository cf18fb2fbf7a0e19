"""Checks at the vendor run beside the requests: shared, bounded, and ended whatever becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from seatkeeper.connectors.base import Check
from seatkeeper.errors import TooOften, Unavailable
from seatkeeper.jobs import preflights

FINE = Check("Credential accepted", True, "Microsoft issued a token.")
SOON = 10.0  # seconds, of which none is waited for when all is well


@pytest.fixture
def answer() -> Iterator[threading.Event]:
    """What the vendor waits for."""
    event = threading.Event()
    yield event
    event.set()


def test_who_asks_while_others_wait_joins_them_and_who_comes_later_asks_anew(answer: threading.Event) -> None:
    def steps() -> Iterator[Check]:
        yield FINE
        answer.wait(SOON)
        yield FINE

    first = preflights.begin(1, (7, "1"), steps)
    assert preflights.begin(1, (7, "1"), steps) is first
    answer.set()
    assert first.ended.wait(SOON)
    assert preflights.begin(1, (7, "1"), steps) is first, "nobody has seen its end"
    first.told = True
    assert preflights.begin(1, (7, "1"), steps) is not first
    assert preflights.begin(1, (7, "2"), steps) is not first, "somebody has edited it"
    assert first.checks == [FINE, FINE]


def test_an_organization_has_a_share_and_all_have_a_limit(answer: threading.Event) -> None:
    def silent() -> Iterator[Check]:
        answer.wait(SOON)
        yield FINE

    def begin(organization_id: int) -> None:
        preflights.begin(organization_id, (len(preflights._known), ""), silent)

    for organization_id in range(preflights.AT_ONCE // preflights.AT_ONCE_OF_ONE):
        for _ in range(preflights.AT_ONCE_OF_ONE):
            begin(organization_id)
        if organization_id == 0:
            with pytest.raises(TooOften):
                begin(0)
    with pytest.raises(TooOften):
        begin(99)


def test_a_check_that_fails_breaks_or_never_ends_is_told_as_such(
    answer: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> Iterator[Check]:
        yield FINE
        raise Unavailable("Nobody is there.")

    def broken() -> Iterator[Check]:
        yield FINE
        raise RuntimeError("secret inside")

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    for number, (steps, said) in enumerate(
        ((refused, "Nobody is there."), (broken, "own"), (lambda: iter([FINE] * 9), "too slow"))
    ):
        if said == "too slow":
            monkeypatch.setattr(preflights, "LONGEST", -1.0)
        ended = preflights.begin(1, (number, ""), steps)
        assert ended.ended.wait(SOON)
        assert len(ended.checks) == 2
        assert ended.checks[-1].passed is False
        assert said in ended.checks[-1].message
        assert "secret" not in ended.checks[-1].message
        ended.told = True
