"""`make prove`: runs are killed in every way we know of, and the figures printed. Exit code 1 on any loss."""

from __future__ import annotations

import tests.conftest  # isort: skip - before anything imports the settings: our own are not touched

import argparse
import io
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import seatkeeper.cli.main
import seatkeeper.cli.sync
import seatkeeper.services.findings
import seatkeeper.services.runs
from seatkeeper.store import migrate
from tests.crash.children import STRACE
from tests.crash.designs import Verdict
from tests.crash.mutants import MUTANTS
from tests.crash.ours import Ours
from tests.crash.power import CARELESS, lose_power
from tests.crash.scenario import SHORT, STEPS, Figures, live
from tests.crash.servers import ServerStop, new_database, open_server
from tests.crash.sleepers import sleep_and_wake
from tests.crash.upgrades import kill_upgrades
from tests.crash.ways import Calls, Failpoints, FullDisk, Polite, Timed, Way, failpoints
from tests.crash.world import FORK

A_LIFE = 60  # kills of one tenant


class Job(NamedTuple):
    """A part of the work that one process does."""

    line: str
    kind: str
    seed: int
    kills: int
    folder: Path
    url: str = ""
    pragma: str = ""
    places: tuple[str, ...] = ()
    steps: tuple[int, ...] = STEPS

    @property
    def mutant(self) -> bool:
        return self.line.startswith("wrong design")


def work(job: Job) -> tuple[Job, Figures]:
    """One life, bad too when the harness itself breaks."""
    try:
        return job, _work(job)
    except Exception:  # noqa: BLE001 - whatever it is, it is told in the report and makes this life a bad one
        return job, Figures(lives=1, bad_lives=1, verdict=Verdict(wrong=[traceback.format_exc()]))


def _work(job: Job) -> Figures:
    folder = job.folder / f"{job.kind}-{job.seed}"
    template = job.folder / "template.sqlite3"

    def ours(path: Path) -> Ours:
        return Ours(path, job.url) if job.url else Ours(path).copy(template)

    ways: dict[str, Callable[[], Way]] = {
        "timed": Timed,
        "calls": Calls,
        "failpoints": lambda: Failpoints(*job.places),
        "disk": FullDisk,
        "polite": Polite,
    }
    if job.kind == "sleepers":
        return sleep_and_wake(ours(folder), job.seed, job.kills)
    if job.kind == "power":
        return lose_power(ours(folder / job.pragma), job.seed, job.kills, job.pragma)
    if job.kind == "upgrades":
        return kill_upgrades(ours(folder), lambda place: f"sqlite://{folder / str(place)}", job.seed, job.kills)
    if job.kind == "upgrades-postgres":
        with open_server() as server:
            today = Ours(folder, new_database(server, "today"))
            return kill_upgrades(
                today, lambda place: new_database(server, f"fresh_{place}", "template0"), job.seed, job.kills
            )
    if job.kind == "stops":
        with open_server() as server:
            url = new_database(server, "life")
            return live(lambda path: Ours(path, url), ServerStop(server), job.seed, folder, job.kills, job.steps)
    if job.kind.isdigit():
        return live(MUTANTS[int(job.kind)], Timed(0.3, 0.05), job.seed, folder, job.kills)
    return live(ours, ways[job.kind](), job.seed, folder, job.kills, job.steps)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    for name, default, words in (
        ("timed", 1000, "kills at random times, SQLite"),
        ("calls", 1000, "kills at the n-th system call, SQLite (needs strace)"),
        ("failpoints", 20, "kills at each failpoint, SQLite"),
        ("failpoints-postgres", 5, "kills at each failpoint, PostgreSQL"),
        ("postgres", 300, "kills at random times, PostgreSQL"),
        ("stops", 24, "immediate stops of the PostgreSQL server"),
        ("sleepers", 100, "processes that sleep longer than their lease, on each engine half"),
        ("disk", 200, "runs on a disk that is full or broken (needs strace)"),
        ("polite", 60, "runs that are asked to stop"),
        ("power", 400, "disks as a power cut leaves them, SQLite (needs strace)"),
        ("upgrades", 60, "kills while the schema is migrated, SQLite, and a third of it on PostgreSQL"),
        ("mutants", 10, "lives of each wrong design"),
        ("seed", 1, "of the first life"),
        ("workers", 2, "processes"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{words} ({default})")
    parser.add_argument("--places", nargs="+", default=failpoints(), metavar="FP", help="only these failpoints")
    parser.add_argument("--short", action="store_true", help="three visits a life instead of six")
    return parser.parse_args()


def plan(asked: argparse.Namespace, folder: Path, server: object) -> Iterator[Job]:
    """Lives of about A_LIFE kills each; the seeds go on where the last left off."""
    lines = {
        "timed": "SIGKILL at a random time, SQLite",
        "calls": "SIGKILL at the n-th system call, SQLite",
        "failpoints": "SIGKILL at a failpoint, SQLite",
        "disk": "disk full or broken, SQLite",
        "polite": "SIGTERM, SQLite",
        "sleepers": "asleep beyond the lease, SQLite",
        "power": "power lost, SQLite",
        "upgrades": "SIGKILL while migrating, SQLite",
    }
    places, steps = tuple(asked.places), SHORT if asked.short else STEPS
    for kind, line in lines.items():
        wanted = getattr(asked, kind) * (len(places) if kind == "failpoints" else 1)
        for seed, kills in _lives(asked.seed, wanted // 2 if kind == "sleepers" and server else wanted):
            yield Job(line, kind, seed, kills, folder, places=places, steps=steps)
    for kind, line, wanted in (
        ("timed", "SIGKILL at a random time, PostgreSQL", asked.postgres),
        ("failpoints", "SIGKILL at a failpoint, PostgreSQL", asked.failpoints_postgres * len(places)),
        ("sleepers", "asleep beyond the lease, PostgreSQL", asked.sleepers // 2),
    ):
        for seed, kills in _lives(asked.seed + 5000, wanted if server else 0):
            yield Job(
                line, kind, seed, kills, folder, new_database(server, f"{kind}_{seed}"), places=places, steps=steps
            )
    for seed, kills in _lives(asked.seed + 7000, asked.stops):
        yield Job("server stopped at once, PostgreSQL", "stops", seed, kills, folder)
    if asked.upgrades >= 3:
        line = "SIGKILL while migrating, PostgreSQL"
        yield Job(line, "upgrades-postgres", asked.seed, asked.upgrades // 3, folder)
    for number, mutant in enumerate(MUTANTS):
        for seed in range(asked.seed, asked.seed + asked.mutants):
            yield Job(f"wrong design: {mutant.name}", str(number), seed * 3, A_LIFE, folder)  # late sign-ins
    for pragma in CARELESS if STRACE else ():
        for seed in range(asked.seed, asked.seed + asked.mutants):
            yield Job(f"wrong design: {pragma}", "power", seed, A_LIFE, folder, pragma=pragma)


def _lives(seed: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Enough lives for so many kills, although some runs end before they are killed."""
    count = -(-wanted * 5 // (A_LIFE * 4))
    for place in range(count):
        yield seed + place, min(A_LIFE, -(-wanted * 5 // (4 * count)))


def main() -> int:
    asked, begin = read_arguments(), time.monotonic()
    warm()
    if not STRACE:
        say("strace is missing (apt-get install strace): kills at system calls and broken disks are NOT RUN")
        asked.calls = asked.disk = asked.power = 0
    with tempfile.TemporaryDirectory(prefix="seatkeeper-crash-") as name:
        folder = Path(name)
        with tests.conftest.connected(f"sqlite://{folder / 'template.sqlite3'}"):
            migrate()
        if asked.postgres or asked.failpoints_postgres or asked.sleepers > 1:
            with open_server() as server:
                lines = run(list(plan(asked, folder, server)), asked.workers)
        else:
            lines = run(list(plan(asked, folder, None)), asked.workers)
    return report(lines, asked, time.monotonic() - begin)


def warm() -> None:
    """What the command imports only when it runs; the rest is imported above. Neither is paid by every child."""
    with redirect_stdout(io.StringIO()):
        seatkeeper.cli.main.app(["sync", "--help"], standalone_mode=False)


def run(jobs: list[Job], workers: int) -> dict[str, Figures]:
    """All jobs, a line as each ends."""
    lines: dict[str, Figures] = {job.line: Figures() for job in jobs}
    with ProcessPoolExecutor(workers, FORK) as pool:
        for done in as_completed([pool.submit(work, job) for job in jobs]):
            job, figures = done.result()
            lines[job.line].add(figures)
            state = "BAD" if figures.bad_lives else "good"
            if job.mutant:
                state = "flagged, as it must be" if figures.bad_lives else "NOT FLAGGED"
            say(f"{job.line}, life {job.seed}: {figures.kills} kills in {figures.seconds:.0f} s, {state}")
            if figures.bad_lives and not job.mutant:
                say("\n".join(figures.verdict.wrong))
    return lines


def report(lines: dict[str, Figures], asked: argparse.Namespace, seconds: float) -> int:
    say(f"\n{'':<46}{'kills':>6} {'bad lives':>10} {'lost':>6} {'twice':>6} {'corrupt':>8} {'stale':>6} {'ms/kill':>8}")
    bad = False
    for line, f in lines.items():
        mutant = line.startswith("wrong design")
        v = f.verdict
        speed = f.seconds * 1000 / f.kills if f.kills else 0
        say(
            f"{line:<46}{f.kills:>6} {f'{f.bad_lives} / {f.lives}':>10} {v.lost:>6} {v.duplicated:>6} {v.corrupt:>8} "
            f"{f.stale:>6} {speed:>8.0f}"
        )
        bad |= f.bad_lives < f.lives if mutant else bool(v)
    for line, f in lines.items():
        if len(f.places) > 1:
            say(line + "".join(f"; {name} {count}" for name, count in sorted(f.places.items()) if count))
    for engine, wanted in (("SQLite", asked.failpoints), ("PostgreSQL", asked.failpoints_postgres)):
        for name in asked.places if wanted else ():
            bad |= lines[f"SIGKILL at a failpoint, {engine}"].places[name] < wanted
    say(f"{seconds:.0f} s; {'SOMETHING IS WRONG' if bad else 'nothing lost, nothing twice, no repair by hand'}")
    return int(bad)


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
