"""Foreign bytes are read in a process of their own: whatever is in them, it costs so much time and memory at most.

`python -m seatkeeper.apart` is that process. It is given the name of a function and bytes, limits itself, and answers
with JSON: nothing that it says is run. It sees none of our settings and has no connection to the database.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, TypeVar

import msgspec

from seatkeeper.errors import BadInput, Problem, TooOften

SECONDS: Final = 10  # of the processor
LONGEST: Final = 30.0  # seconds by the clock, also to wait for a place
MEMORY: Final = 256 * 2**20  # bytes
AT_ONCE: Final = 2

_NO_MEMORY: Final = 9
_NEEDED: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "SYSTEMROOT")
_places: Final = threading.BoundedSemaphore(AT_ONCE)

T = TypeVar("T")


def run_apart(work: Callable[..., T], body: bytes, *words: str, kind: type[T], field: str = "file") -> T:
    """What the function makes of the bytes and words, as `kind` by its JSON.

    Raises the BadInput that the function raises, one that names `field` when the bytes need too much time or memory,
    and TooOften when all places stay taken.
    """
    head = msgspec.json.encode([work.__module__, work.__qualname__, words])
    if not _places.acquire(timeout=LONGEST):
        raise TooOften("Other files are being read at present. Try again in a minute.", retry_after=60)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "seatkeeper.apart"],
            input=head + b"\n" + body,
            capture_output=True,
            timeout=LONGEST,
            check=False,
            env={name: value for name in _NEEDED if (value := os.environ.get(name)) is not None},
        )
    except subprocess.TimeoutExpired:
        raise _too_costly(field, f"{LONGEST:.0f} seconds") from None
    finally:
        _places.release()
    if done.returncode < 0:
        raise _too_costly(field, f"{SECONDS} seconds of a processor")
    if done.returncode == _NO_MEMORY:
        raise _too_costly(field, f"{MEMORY >> 20} MB of memory")
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    if done.stdout[:1] == b"-":
        raise BadInput.together([Problem(*each) for each in msgspec.json.decode(done.stdout[1:])])
    return msgspec.json.decode(done.stdout[1:], type=kind)


def _too_costly(field: str, limit: str) -> BadInput:
    return BadInput(field, f"reading it takes more than {limit}, so it is not read. Save a smaller or simpler one.")


def _limit() -> None:
    """Windows has no such limits; there the clock alone ends a reading."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not all of the address space: an interpreter maps what it never touches.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    os.nice(5)  # pages come first


def _answer() -> int:
    source = sys.stdin.buffer
    module, name, words = msgspec.json.decode(source.readline())
    work: Callable[..., Any] = getattr(import_module(module), name)
    _limit()
    try:
        told = b"+" + msgspec.json.encode(work(source.read(), *words))
    except BadInput as error:
        told = b"-" + msgspec.json.encode([tuple(problem) for problem in error.problems])
    except MemoryError:
        return _NO_MEMORY
    sys.stdout.buffer.write(told)
    return 0


if __name__ == "__main__":
    sys.exit(_answer())
