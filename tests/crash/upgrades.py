"""Starts that are killed while they bring a database to today's shape: the next start finishes, and nothing is lost."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from seatkeeper.store import check_schema, migrate
from tests.conftest import connected
from tests.crash.children import STRACE, Child, count_calls, kill_at_call
from tests.crash.designs import Verdict
from tests.crash.ours import Ours, integrity
from tests.crash.scenario import Figures
from tests.crash.world import open_world

CALLS = "pwrite64,fdatasync,openat,fcntl,sendto"
FIRST_SHAPE = "0001_initial"  # what the first version of the product left
Contents = dict[str, tuple[str, Counter[Any]]]

# What today's shape has in place of the columns of the first one that it has no more.
INSTEAD = {
    ("store_run", "word"): "status",
    ("store_coverage", "stream"): "(SELECT members FROM store_applicationset s WHERE s.id = asked_id)",
}

SHAPE = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
    "postgresql": """
        SELECT table_name, column_name, data_type || is_nullable FROM information_schema.columns
         WHERE table_schema = 'public'
        UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace""",
}


def kill_upgrades(ours: Ours, empty: Callable[[int], str], seed: int, count: int) -> Figures:
    """So many kills, every other time of a first start on an empty database; `ours` is one that has today's shape."""
    roll, figures, begin = random.Random(seed), Figures(lives=1), time.monotonic()
    with ours.opened():
        today = shape()
    old = ours.folder / "old.sqlite3"
    contents = fill_first_shape(ours, seed, old) if ours.file.exists() else {}
    starts = Starts(roll)
    while figures.kills < count and not figures.verdict:
        fresh = not contents or roll.random() < 0.5
        url = empty(figures.runs)
        if not fresh:
            shutil.copyfile(old, url.removeprefix("sqlite://"))
        _one(starts, url, ours.folder, figures)
        figures.verdict.add(judge(url, today, {} if fresh else contents))
    figures.bad_lives, figures.seconds = int(bool(figures.verdict)), time.monotonic() - begin
    return figures


class Starts:
    """Starts of the program that go no further than the database's shape."""

    def __init__(self, roll: random.Random) -> None:
        self.roll, self.takes, self.counts = roll, 0.5, list[tuple[str, int]]()

    def start(self, url: str, log: Path) -> Child:
        def act() -> int:
            with connected(url, durable=True):
                migrate()
            return 0

        return Child(act, log)

    def killed(self, child: Child, out: Path) -> tuple[int, str]:
        """Its exit code, and where it was killed: at a system call or at a random time."""
        if not (STRACE and self.roll.random() < 0.5):
            return self._killed_in_time(child), "at a random time"
        if not self.counts:
            code, counts = count_calls(child, CALLS, out)
            self.counts = sorted(counts.items())
            return code, ""
        call, most = self.roll.choice(self.counts)
        return kill_at_call(child, call, self.roll.randint(1, most)), call

    def _killed_in_time(self, child: Child) -> int:
        begin = time.monotonic()
        child.go()
        code = child.wait(self.roll.random() * 1.1 * self.takes)
        if code is None:
            code = child.kill()
        if code == 0:
            self.takes = max(time.monotonic() - begin, 0.6 * self.takes)
        return code or 0


def _one(starts: Starts, url: str, folder: Path, figures: Figures) -> None:
    """Some starts that are killed, then one or two at once that are not."""
    for _ in range(starts.roll.randint(1, 3)):
        child = starts.start(url, folder / "log")
        code, where = starts.killed(child, folder / "calls")
        figures.runs += 1
        figures.kills += code == -9
        figures.places[where] += code == -9
        if code not in (0, -9):
            figures.verdict.wrong.append(f"a start ended with {code}: {child.tail()}")
    last = [starts.start(url, folder / f"log-{place}") for place in range(starts.roll.randint(1, 2))]
    for child in last:
        child.go()
    for child in last:
        figures.runs += 1
        if code := child.finish():
            figures.verdict.wrong.append(f"a start that was left alone ended with {code}: {child.tail()}")


def judge(url: str, today: set[tuple[Any, ...]], contents: Contents) -> Verdict:
    """Today's shape to the last index, and every row that was there before."""
    verdict = Verdict()
    with connected(url, durable=True):
        if not check_schema():
            verdict.wrong.append("the database does not call itself up to date")
        verdict.wrong += [f"shape: {line}" for line in sorted(map(str, today ^ shape()))[:3]]
    if url.startswith("sqlite://"):
        file = Path(url.removeprefix("sqlite://"))
        verdict.corrupt += integrity(file) != "ok"
        for table, (names, rows) in contents.items():
            verdict.compare(table, rows_of(file, table, names).elements(), rows)
    return verdict


def shape() -> set[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(SHAPE[connection.vendor])
        return set(cursor.fetchall())


def fill_first_shape(ours: Ours, seed: int, old: Path) -> Contents:
    """A database as the first version left it, with what a read of a tenant brought."""
    with open_world(seed, people=300) as world:
        ours.prepare(world)
        child = ours.start(world)
        child.go()
        assert child.finish() == 0, child.tail()
    with connected(f"sqlite://{old}", durable=True):
        call_command("migrate", "store", FIRST_SHAPE, verbosity=0, interactive=False)
    contents: Contents = {}
    base = sqlite3.connect(old)
    base.execute("ATTACH ? AS today", (str(ours.file),))
    base.create_function("to_stream", 1, to_stream)
    for (table,) in base.execute("SELECT name FROM main.sqlite_master WHERE name LIKE 'store_%' AND type = 'table'"):
        names = [name for (name,) in base.execute(f"SELECT name FROM pragma_table_info('{table}', 'main')")]
        today = [INSTEAD.get((table, name), name) for name in names]
        given = [f"to_stream({now})" if name == "stream" else now for name, now in zip(names, today, strict=True)]
        base.execute(f"INSERT INTO main.{table} ({', '.join(names)}) SELECT {', '.join(given)} FROM today.{table}")
        base.commit()
        contents[table] = ", ".join(today), rows_of(ours.file, table, ", ".join(today))
    base.close()
    return contents


def to_stream(members: str) -> str:
    """What the first version called a question for these applications: a digest of them, from which they are found."""
    asked = [app for app, _kind, _side in json.loads(members)]
    return f"v1.0 interactive {hashlib.blake2b(repr(asked).encode(), digest_size=8).hexdigest()}"


def rows_of(file: Path, table: str, names: str) -> Counter[Any]:
    base = sqlite3.connect(file)
    try:
        return Counter(base.execute(f"SELECT {names} FROM {table}").fetchall())
    finally:
        base.close()
