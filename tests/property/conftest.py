"""What the tests of this folder need to be quick."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture(autouse=True)
def _no_pauses_for_garbage() -> Iterator[None]:
    """A quarter of the time goes into looking through what is never garbage; the machine collects its own."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()
