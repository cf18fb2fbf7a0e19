"""The keys of this installation: which there are, exchanging the one in use while everybody works, forgetting old ones.

A rotation has three steps, and can be killed after any: the next run goes on. A new key is put into the key file, and
every process that runs says that it knows it; only then does it seal; then everything is sealed anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from django.db import transaction

from seatkeeper.clock import seconds, system_clock
from seatkeeper.errors import BadInput, BadSetting
from seatkeeper.failpoints import reach
from seatkeeper.services import audit
from seatkeeper.services.members import operator
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.keys import Keys, make_key, read_keys, write_keys
from seatkeeper.settings.reader import SECRET_KEY, SECRET_KEY_FILE
from seatkeeper.store import keyring, leases, sealed
from seatkeeper.store.models import Organization, ProcessKeys
from seatkeeper.tabular.tables import Table

LIVE: Final = seconds(300)  # since a process last said which keys it knows
POLL: Final = 0.2  # seconds


class Key(NamedTuple):
    """A key at hand, or one that something is sealed with: `state` is in use, next, old or missing."""

    id: str
    state: str
    secrets: int


def list_keys() -> list[Key]:
    counts, keys = sealed.count_by_key(), keyring.list_keys()
    states = ["in use", *["old"] * (len(keys) - 1)]
    if (path := SEATKEEPER.key_file) is not None and read_keys(SECRET_KEY_FILE, path).next and len(keys) > 1:
        states[1] = "next"
    found = [Key(key.id.hex(), state, counts.pop(key.id, 0)) for key, state in zip(keys, states, strict=True)]
    return found + [Key(id_.hex(), "missing", count) for id_, count in sorted(counts.items())]


def to_table(keys: list[Key]) -> Table:
    return Table(("Key", "State", "Secrets"), [tuple(key) for key in keys])


def check() -> None:
    """Raises BadSetting where something is sealed with a key that is not at hand: then nothing is to be started."""
    if not (unopened := sealed.count_unopened()):
        return
    source = SEATKEEPER.key_file
    if source is not None and SEATKEEPER.key_is_new:
        source.unlink(missing_ok=True)  # it was made a moment ago, and would only be taken for the right one
    told = ", ".join(f"{count} {title}" for title, count in unopened.items())
    raise BadSetting(
        f"{SECRET_KEY if source is None else SECRET_KEY_FILE}: the database holds {told} that were sealed with another "
        f"key than {'the one that is set' if source is None else f'that of {source}'}. Put the key back that was used "
        "with this database (by default the file secret.key in SEATKEEPER_HOME). If it is lost, `seatkeeper keys "
        "forget-credentials --yes` gives up what nobody can open; each tenant then asks for its credential anew"
    )


def forget_credentials(*, sure: bool) -> dict[str, int]:
    """Give up what no key at hand opens, and say how much of what; without `sure` only say it."""
    if not sure:
        return sealed.count_unopened()
    with transaction.atomic():
        counts = sealed.forget_unopened()
        if counts:
            audit.record(operator(), "credentials.forgotten", ", ".join(f"{n} {title}" for title, n in counts.items()))
    return counts


def rotate(tell: Callable[[str], None], patience: float = 60.0) -> int:
    """Exchange the key in use for a new one, or go on with that, and say how many rows were sealed anew.

    Raises BadSetting for a key that is in no file of ours, and, after so many seconds, while a process that runs does
    not know the new key: it is not used before.
    """
    check()
    path = _key_file()
    with _alone():
        keys = read_keys(SECRET_KEY_FILE, path)
        in_use = keyring.derive(keys.current).id
        if not keys.next and not sealed.count_by_key().keys() - {in_use}:
            keys = keys._replace(next=make_key())
            _write(path, keys)
        elif not keys.next:
            tell("Some secrets are still sealed with an older key. They are sealed anew, and no other key is made.")
    reach("FP:key-added")
    if keys.next:
        _wait(tell, keyring.derive(keys.next).id.hex(), patience)
        with _alone():
            keys = read_keys(SECRET_KEY_FILE, path)
            if keys.next:  # else another rotation was quicker
                _write(path, Keys(keys.next, "", (keys.current, *keys.old)))
                audit.record(operator(), "key.rotated", keyring.derive(keys.next).id.hex())
    reach("FP:key-in-use")
    _wait(tell, keyring.list_keys()[0].id.hex(), patience, first=True)
    total = 0
    while done := sealed.seal_anew():
        total += done
    return total


def forget(id_: str) -> None:
    """Take an old key out of the key file. Raises BadInput for one that is still needed, or that is not there."""
    path = _key_file()
    with _alone():
        keys = read_keys(SECRET_KEY_FILE, path)
        old = {keyring.derive(key).id.hex(): key for key in keys.old}
        if id_ not in old:
            known = ", ".join(old) or "there is none"
            raise BadInput("key", f"{id_[:80]!r} is no old key. Old keys are: {known}.")
        if count := sealed.count_by_key()[bytes.fromhex(id_)]:
            raise BadInput("key", f"{count} secrets are still sealed with it. Run `seatkeeper keys rotate` first.")
        _write(path, keys._replace(old=tuple(key for key in keys.old if key != old[id_])))
        audit.record(operator(), "key.forgotten", id_)


def _key_file() -> Path:
    if SEATKEEPER.key_file is None:
        raise BadSetting(
            f"{SECRET_KEY} holds the key, and a process cannot change the environment of others. Write the key into a "
            f"file, closed to others, and set {SECRET_KEY_FILE} to it instead"
        )
    return SEATKEEPER.key_file


@contextmanager
def _alone() -> Iterator[None]:
    """Of several who change the key file one at a time, on whatever machine."""
    with transaction.atomic():
        list(Organization.objects.select_for_update().order_by("pk")[:1])
        yield


def _write(path: Path, keys: Keys) -> None:
    try:
        write_keys(path, keys)
    except OSError as error:
        raise BadSetting(
            f"{SECRET_KEY_FILE}: {path} cannot be written ({error.strerror}). Where something else provides the file, "
            "have it add a line `next: ` with a new key there; once all processes know it, put that key first and the "
            "one before on a line `old: `. Run this again after each of the two"
        ) from None
    keyring.follow()


def _wait(tell: Callable[[str], None], id_: str, patience: float, *, first: bool = False) -> None:
    """Until every process that runs knows the key, or seals with it."""
    until, told = time.monotonic() + patience, False
    while behind := [row.process for row in _list_running() if id_ not in row.keys.split()[: 1 if first else None]]:
        if time.monotonic() > until:
            names = ", ".join(sorted(behind))
            raise BadSetting(
                f"{SECRET_KEY_FILE}: these processes do not know the new key yet: {names}. Copy the key file to their "
                "machines (they need no restart), and run `seatkeeper keys rotate` again; until then the old key is "
                "used everywhere, or opens what it has sealed"
            )
        if not told:
            tell(f"Waiting until {len(behind)} processes know the new key…")
            told = True
        time.sleep(POLL)


def _list_running() -> list[ProcessKeys]:
    live = ProcessKeys.objects.filter(seen__gt=system_clock() - LIVE)
    return [row for row in live if not leases.owner_is_dead(row.process)]
