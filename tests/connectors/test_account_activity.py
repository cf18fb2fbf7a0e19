"""When an account last got in anywhere, as the directory tells it: what counts, and what says nothing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from seatkeeper.connectors.microsoft.activity import Active, to_activity
from seatkeeper.model import to_instant, to_key

ADA = "0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a01"
MARCH, MAY, JUNE = "2026-03-01T08:00:00Z", "2026-05-02T09:30:00Z", "2026-06-03T10:00:00Z"


def last(**dates: str | None) -> int | None:
    """What is kept of an account with these dates; None when nothing is."""
    shape: dict[str, Any] = {"id": ADA, "signInActivity": {f"{name}DateTime": told for name, told in dates.items()}}
    found = to_activity(msgspec.json.decode(json.dumps(shape), type=Active))
    assert found is None or found.account == to_key(ADA)
    return found.last if found else None


def test_the_newest_success_counts_and_a_guess_at_the_password_after_it_does_not() -> None:
    assert last(lastSuccessfulSignIn=MARCH, lastSignIn=JUNE, lastNonInteractiveSignIn=MARCH) == to_instant(MARCH)


def test_without_a_success_the_newest_try_of_either_kind_counts() -> None:
    assert last(lastSuccessfulSignIn=None, lastSignIn=MAY, lastNonInteractiveSignIn=JUNE) == to_instant(JUNE)
    assert last(lastSignIn=MAY) == to_instant(MAY)


@pytest.mark.parametrize("nothing", [None, "", "0001-01-01T00:00:00Z"])
def test_no_date_says_nothing(nothing: str | None) -> None:
    assert last(lastSuccessfulSignIn=nothing, lastSignIn=nothing, lastNonInteractiveSignIn=nothing) is None


def test_an_account_without_the_property_says_nothing() -> None:
    assert to_activity(Active(ADA)) is None


def test_a_date_that_is_none_is_refused_with_its_reason() -> None:
    with pytest.raises(ValueError, match="not a time"):
        last(lastSignIn="yesterday")
