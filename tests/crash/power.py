"""The power goes: from the record of one run, disks as they may be found afterwards, each looked at and carried on."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
import time
from functools import lru_cache
from pathlib import Path

from tests.crash.designs import How
from tests.crash.disk import Disk, read_files, write_files
from tests.crash.ours import Ours, integrity
from tests.crash.scenario import Figures, Life
from tests.crash.trace import TOLD, Sync, Told, record
from tests.crash.ways import Timed
from tests.crash.world import World, open_world

STEPS = (0, 26, 190)  # hours between the runs: everything, what is new, and everybody again
PEOPLE = 600
CARELESS = ("synchronous=OFF", "journal_mode=DELETE")  # the second is SQLite's default, whose last step is not synced
HOT = bytes.fromhex("d9d505f920a163d7")  # a journal with this at its beginning has something to undo


def lose_power(ours: Ours, seed: int, count: int, pragma: str = "") -> Figures:
    """So many states of the disk, over three visits to one tenant."""
    roll, figures, begin = random.Random(seed), Figures(lives=1), time.monotonic()
    with open_world(seed, PEOPLE, *(["late=all"] if seed % 3 == 0 else [])) as world:
        ours.prepare(world)
        life = Life(ours, world, Timed(), roll, figures)
        for hours in STEPS:
            world.move(hours)
            run = Run(ours, world, How(told=ours.folder / TOLD, pragma=pragma))
            if run.code:
                life.wrong(f"a run that was left alone ended with {run.code}")
            for _ in range(-(-count // len(STEPS))):
                if not figures.verdict:
                    _one(life, run, ours.folder / "state")
            figures.verdict.add(ours.judge(world))
            if figures.verdict:
                break
    figures.bad_lives, figures.seconds = int(bool(figures.verdict)), time.monotonic() - begin
    return figures


class Run:
    """One run to its end, with what it did to the disk."""

    def __init__(self, ours: Ours, world: World, how: How) -> None:
        self.before = read_files(ours.file)
        self.roster = ours.before
        self.folder, self.database = ours.folder / "killed", ours.file.name
        self.code, self.steps = record(ours.start(world, how), ours.file, ours.folder / "calls")
        # Anywhere, and as often just before a sync, where most is undecided, or before we are told of a commit.
        firm = [place for place, step in enumerate(self.steps) if isinstance(step, Sync | Told)]
        self.places = range(1, len(self.steps) + 1), firm
        self.content_at = lru_cache(None)(self._content_at)

    def disk(self, place: int) -> Disk:
        disk = Disk(self.before)
        disk.take(self.steps[:place])
        return disk

    def allowed(self, place: int) -> set[str]:
        """What was there when last something was synced or we were told of a commit, or what is there now."""
        firm = (at for at in range(place, 0, -1) if isinstance(self.steps[at - 1], Sync | Told))
        return {self.content_at(next(firm, 0)), self.content_at(place)}

    def _content_at(self, place: int) -> str:
        """All rows that the next process finds when this one is killed here."""
        with written(self.folder, self.disk(place).after_a_kill()):
            return content(self.folder / self.database)


class written:  # noqa: N801 - read as a sentence: with written(...)
    """Files in a folder, for as long as the block lasts."""

    def __init__(self, folder: Path, files: dict[str, bytes]) -> None:
        self.folder, self.files = folder, files

    def __enter__(self) -> None:
        write_files(self.folder, self.files)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)


def content(file: Path) -> str:
    """Every row of every table, as one number; what cannot be read is its own content."""
    found, base = hashlib.sha256(), sqlite3.connect(file)
    try:
        tables = base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (name,) in tables:
            found.update(repr((name, base.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall())).encode())
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        base.close()
    return found.hexdigest()


def _one(life: Life, run: Run, folder: Path) -> None:
    """One state: it is sound, holds what was committed and no half of anything, and the next run makes it whole."""
    figures, roll = life.figures, life.roll
    place = roll.choice(roll.choice(run.places))
    files = run.disk(place).after_a_power_cut(roll)
    figures.kills += 1
    figures.runs += 1
    figures.places["hot journal"] += files.get(f"{run.database}-journal", b"").startswith(HOT)
    figures.places["a sector missing"] += files != run.disk(place).after_a_kill()
    with written(folder, files):
        found = Ours(folder)
        found.before = run.roster
        figures.verdict.corrupt += integrity(found.file) != "ok"
        if not figures.verdict and content(found.file) not in run.allowed(place):
            life.wrong(f"step {place} of {len(run.steps)}, {run.steps[place - 1][:2]}: what is kept never was")
        if figures.verdict:
            return
        figures.verdict.add(found.peek())
        figures.verdict.wrong += found.half_truth(found.seen, life.world.truth())
        life.complete(found.start(life.world))
        figures.verdict.add(found.judge(life.world))
