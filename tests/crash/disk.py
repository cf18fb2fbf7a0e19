"""A disk that loses power: what was synced is there, and of what was written since, any sectors in any order."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from tests.crash.trace import Cut, DeletedHolder, Made, Step, Sync, Told, Write

SECTOR = 512


class File:
    """What is in a file now, what of it is safe, and what was done since."""

    def __init__(self, content: bytes = b"") -> None:
        self.safe, self.now = content, bytearray(content)
        self.since: list[Write | Cut] = []

    def change(self, step: Write | Cut) -> None:
        self.since.append(step)
        _change(self.now, step)

    def sync(self) -> None:
        self.safe, self.since = bytes(self.now), []

    def lose_power(self, roll: random.Random) -> bytes:
        """Each sector as it was at some moment since the last sync; the length as well."""
        if not self.since:
            return self.safe
        working, sizes, history = bytearray(self.safe), [len(self.safe)], dict[int, list[bytes]]()
        for step in self.since:
            touched = _sectors(step)
            for sector in touched:
                history.setdefault(sector, [_sector(self.safe, sector)])
            _change(working, step)
            sizes.append(len(working))
            for sector in touched:
                history[sector].append(_sector(working, sector))
        lucky = roll.choice((0.05, 0.5, 0.95))
        found = bytearray(working if roll.random() < 0.5 else self.safe).ljust(max(sizes), b"\0")
        for sector, values in history.items():
            value = values[-1] if roll.random() < lucky else roll.choice(values[:-1])
            if not value:  # a place that the file did not have: nothing, or what somebody else left there
                value = bytes(SECTOR) if roll.random() < 0.5 else roll.randbytes(SECTOR)
            found[sector * SECTOR : sector * SECTOR + len(value)] = value
        return bytes(found[: sizes[-1] if roll.random() < lucky else roll.choice(sizes)])


def _change(content: bytearray, step: Write | Cut) -> None:
    end = step.size if isinstance(step, Cut) else step.at + len(step.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if isinstance(step, Cut):
        del content[step.size :]
    else:
        content[step.at : end] = step.data


def _sectors(step: Write | Cut) -> range:
    if isinstance(step, Cut):
        return range(0)
    return range(step.at // SECTOR, (step.at + len(step.data) - 1) // SECTOR + 1)


def _sector(content: bytes | bytearray, number: int) -> bytes:
    return bytes(content[number * SECTOR : (number + 1) * SECTOR])


class Disk:
    """One folder. What it lists is safe only after a sync of the folder itself: files come and go late too."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.listed = {name: File(content) for name, content in files.items()}
        self.lists: dict[str, list[File | None]] = {name: [file] for name, file in self.listed.items()}

    def take(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Write() | Cut():
                    self.listed[step.file].change(step)
                case Made():
                    self.listed[step.file] = File()
                    self.lists.setdefault(step.file, [None]).append(self.listed[step.file])
                case DeletedHolder():
                    del self.listed[step.file]
                    self.lists[step.file].append(None)
                case Sync(""):
                    self.lists = {name: moments[-1:] for name, moments in self.lists.items()}
                case Sync():
                    self.listed[step.file].sync()
                case Told():
                    pass

    def after_a_kill(self) -> dict[str, bytes]:
        """What the next process finds when only ours has died: all that it wrote."""
        return {name: bytes(file.now) for name, file in self.listed.items()}

    def after_a_power_cut(self, roll: random.Random) -> dict[str, bytes]:
        chosen = {name: roll.choice(moments) for name, moments in sorted(self.lists.items())}
        return {name: file.lose_power(roll) for name, file in chosen.items() if file}


def read_files(database: Path) -> dict[str, bytes]:
    """A database and the files beside it."""
    return {path.name: path.read_bytes() for path in database.parent.glob(f"{database.name}*")}


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
