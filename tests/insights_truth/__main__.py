"""`python -m tests.insights_truth`: every finding of many tenants against the truth; exit code 1 unless equal."""

from __future__ import annotations

import tests.conftest  # isort: skip - before anything imports the settings: our own are not touched

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from seatkeeper.store import migrate
from tests.crash.world import FORK
from tests.insights_truth.compare import KEYS, UNNEEDED, Tally
from tests.insights_truth.life import live, live_by_reports
from tests.insights_truth.mutants import MUTANTS, REACHED, SHORT_LOG
from tests.insights_truth.unneeded import MUTANTS as MISREADINGS

SHOWN = 40  # wrong things that are told in words


class Job(NamedTuple):
    """One tenant."""

    seed: int
    days: int
    folder: Path
    mutant: str = ""
    worst: bool = False
    everything: bool = False
    reports: bool = False


def work(job: Job) -> tuple[Job, Tally]:
    """In a database of its own; bad too when the harness itself breaks."""
    place = list({**MUTANTS, **MISREADINGS}).index(job.mutant) if job.mutant else ""
    name = "-".join(map(str, (job.seed, job.worst, job.everything, job.reports, place)))
    path = job.folder / f"{name}.sqlite3"
    shutil.copyfile(job.folder / "template.sqlite3", path)
    try:
        with tests.conftest.connected(f"sqlite://{path}"):
            if job.reports:
                return job, live_by_reports(job.seed, job.days, job.mutant)
            return job, live(job.seed, job.days, job.mutant, worst=job.worst, everything=job.everything)
    except Exception:  # noqa: BLE001 - whatever it is, it is told and the exit code is 1
        return job, Tally(wrong=[f"seed {job.seed}: {traceback.format_exc()}"])
    finally:
        path.unlink()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.insights_truth", description=__doc__)
    for name, default, words in (
        ("tenants", 200, "tenants"),
        ("days", 60, "days each lives"),
        ("worst", 200, "tenants whose vendor has every bad habit, for 40 days each"),
        ("everything", 50, "tenants that have every product"),
        ("reports", 50, "tenants whose reports are all read, for what is not needed"),
        ("mutants", 5, "tenants of each wrong insight"),
        ("seed", 1, "of the first tenant"),
        ("jobs", 2, "processes"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{words} ({default})")
    return parser.parse_args()


def list_jobs(asked: argparse.Namespace, folder: Path) -> list[Job]:
    wrong = range(asked.seed, asked.seed + asked.mutants)
    jobs = [Job(seed, asked.days, folder) for seed in range(asked.seed, asked.seed + asked.tenants)]
    jobs += [
        Job(seed, asked.days, folder, mutant, worst=mutant == SHORT_LOG, everything=mutant == REACHED)
        for mutant in MUTANTS
        for seed in wrong
    ]
    jobs += [Job(seed, 40, folder, worst=True) for seed in range(asked.seed, asked.seed + asked.worst)]
    jobs += [Job(seed, asked.days, folder, mutant, reports=True) for mutant in MISREADINGS for seed in wrong]
    jobs += [Job(seed, asked.days, folder, reports=True) for seed in range(asked.seed, asked.seed + asked.reports)]
    more = range(asked.seed, asked.seed + asked.everything)
    return [*jobs, *(Job(seed, asked.days, folder, everything=True) for seed in more)]


def main() -> int:
    asked, begin = read_arguments(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="seatkeeper-insights-") as name:
        folder = Path(name)
        with tests.conftest.connected(f"sqlite://{folder / 'template.sqlite3'}"):
            migrate()
        tally, worst, everything, reports, found = Tally(), Tally(), Tally(), Tally(), Counter[str]()
        with ProcessPoolExecutor(asked.jobs, FORK) as pool:
            for done in as_completed([pool.submit(work, job) for job in list_jobs(asked, folder)]):
                job, part = done.result()
                if job.mutant:
                    found[job.mutant] += bool(part.wrong)
                else:
                    kind = worst if job.worst else everything if job.everything else reports if job.reports else tally
                    kind.add(part)
    bad = report(tally, asked.tenants, asked.days) if asked.tenants else False
    if asked.worst:
        say("\nLate by 36 hours or days, kept 7 or 30 days, our clock wrong, ids in capitals, times with offsets:")
        bad |= report(worst, asked.worst, 40)
        say(f"decisions looked at again: {worst.decisions:,}")
    if asked.everything:
        say("\nSix products, each added at another visit:")
        bad |= report(everything, asked.everything, asked.days)
    if asked.reports:
        bad |= report_unneeded(reports, asked.reports, asked.days)
    for mutant in {**MUTANTS, **MISREADINGS} if asked.mutants else ():
        say(f"wrong on purpose: {mutant}: found in {found[mutant]} of {asked.mutants} tenants")
        bad |= not found[mutant]
    say(f"{time.monotonic() - begin:.0f} s; {'SOMETHING IS WRONG' if bad else 'every finding equals the truth'}")
    return int(bad)


def report(tally: Tally, tenants: int, days: int) -> bool:
    """The table; whether anything is wrong."""
    for words in tally.wrong[:SHOWN]:
        say(words)
    say(f"{tenants} tenants, {days} days: {tally.moments:,} moments, {tally.stored:,} rows, {len(tally.wrong):,} wrong")
    say(f"\n{'finding':<18} {'right':>8} {'not true':>9} {'not said':>9} {'precision':>10} {'recall':>8}")
    for key in KEYS:
        right, invented, missed = tally.right[key], tally.invented[key], tally.missed[key]
        precision, recall = _share(right, invented), _share(right, missed)
        say(f"{key:<18} {right:>8,} {invented:>9,} {missed:>9,} {precision:>10} {recall:>8}")
    say(f"seats called unused or never seen that were used in the covered span: {tally.used}")
    say(f"sign-ins in a span called complete that were never read: {tally.unread}\n")
    return bool(tally.wrong or tally.used or tally.unread or not tally.moments)


def report_unneeded(tally: Tally, tenants: int, days: int) -> bool:
    """What reports show of licences that are more than is needed: all of it said, and how much of it is so."""
    say("\nAll reports read; said as shown, and what of it is so, for a report leaves things out:")
    for words in tally.wrong[:SHOWN]:
        say(words)
    say(f"{tenants} tenants, {days} days: {tally.moments:,} moments, {tally.stored:,} rows, {len(tally.wrong):,} wrong")
    say(f"\n{'finding':<18} {'as shown':>8} {'not shown':>9} {'not said':>9} {'so':>8} {'precision':>10}")
    for key in UNNEEDED:
        right, so = tally.right[key], tally.so[key]
        precision = _share(so, right + tally.invented[key] - so)
        say(f"{key:<18} {right:>8,} {tally.invented[key]:>9,} {tally.missed[key]:>9,} {so:>8,} {precision:>10}")
    return bool(tally.wrong or not tally.moments)


def _share(right: int, wrong: int) -> str:
    return f"{right / (right + wrong):.4f}" if right + wrong else "–"


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
