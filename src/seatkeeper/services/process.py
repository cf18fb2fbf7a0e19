"""What a process that runs for long looks after: new keys are taken up, and a newer schema ends its work.

A newer program has given the database another shape, which this one would misread: it does nothing more in it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DatabaseError, connection

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadSetting
from seatkeeper.store import keyring, leases
from seatkeeper.store.models import ProcessKeys
from seatkeeper.store.schema import find_newer, tell_newer

log = logging.getLogger("seatkeeper.services")

EVERY: Final = 2.0  # seconds between two looks
SAID_EVERY: Final = 20.0  # seconds after which a process says again which keys it knows

_outdated: Final = threading.Event()


def is_outdated() -> bool:
    """Whether a newer program has migrated the database since this process began."""
    return _outdated.is_set()


def follow_keys() -> None:
    """Take up a key file that has changed; while it cannot be read, the keys stay as they are."""
    try:
        keyring.follow()
    except BadSetting as error:
        log.warning("%s", error)


@contextmanager
def looked_after(on_newer_schema: Callable[[], None]) -> Iterator[None]:
    """Look every other second, in a thread, while what is inside goes on."""
    _outdated.clear()
    ending = threading.Event()
    _say_keys()
    thread = threading.Thread(target=_watch, args=(ending, on_newer_schema), name="process", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(5)


def _watch(ending: threading.Event, on_newer_schema: Callable[[], None]) -> None:
    said = time.monotonic()
    while not ending.wait(EVERY):
        try:
            if newer := find_newer():
                log.error("%s", tell_newer(newer))
                _outdated.set()
                on_newer_schema()
                break
            if keyring.follow() or time.monotonic() - said > SAID_EVERY:
                _say_keys()
                said = time.monotonic()
        except (DatabaseError, BadSetting) as error:  # it is looked at again; the keys stay as they were
            log.warning("%s", error)
            connection.close()
    if not _outdated.is_set():
        try:
            ProcessKeys.objects.filter(process=leases.this_process()).delete()
        except DatabaseError as error:
            log.warning("%s", error)
    connection.close()


def _say_keys() -> None:
    keys = " ".join(key.id.hex() for key in keyring.list_keys())
    now = system_clock()
    ProcessKeys.objects.update_or_create(process=leases.this_process(), defaults={"keys": keys, "seen": now})
