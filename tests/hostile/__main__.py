"""`make prove`, second part: answers cut and poisoned, next links of an enemy. Exit code 1 on anything wrong.

A part of the reads goes over sockets with TLS, the others over a wire in memory; all else is the same.
"""

from __future__ import annotations

import tests.conftest  # isort: skip - before anything imports the settings: our own are not touched

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import seatkeeper.cli.main
import seatkeeper.services.findings
from seatkeeper.store import migrate
from tests.crash.world import FORK
from tests.hostile import designs, door, reads

WARM = (seatkeeper.cli.main, seatkeeper.services.findings)
A_LIFE = 50  # reads of one tenant: the older it is, the longer its truth takes to work out
A_LOT = 10_000  # links of one process


class Job(NamedTuple):
    """A part of the work that one process does."""

    kind: str
    seed: int
    size: int
    folder: Path
    mutant: str = ""


def work(job: Job) -> tuple[Job, reads.Tally | door.Leaks, float]:
    """With the seconds it took; bad too when the harness itself breaks."""
    begin = time.monotonic()
    try:
        done = _work(job)
    except Exception:  # noqa: BLE001 - whatever it is, it is told and the exit code is 1
        done = reads.Tally(wrong=[f"seed {job.seed}: {traceback.format_exc()}"])
    return job, done, time.monotonic() - begin


def _work(job: Job) -> reads.Tally | door.Leaks:
    if job.kind == "links":
        if job.mutant:
            return door.try_mutant(job.mutant, job.seed, job.size)
        return door.try_links(job.seed, job.size, job.size // 10)
    folder = job.folder / f"{job.kind}-{job.seed}-{abs(hash(job.mutant))}"
    folder.mkdir()
    shutil.copyfile(job.folder / "template.sqlite3", folder / "life.sqlite3")
    try:
        with tests.conftest.connected(f"sqlite://{folder / 'life.sqlite3'}"):
            return reads.live(job.seed, job.size, folder if job.kind == "https" else None, mutant=job.mutant)
    finally:
        shutil.rmtree(folder)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    for name, default, words in (
        ("reads", 10_000, "reads that are spoiled"),
        ("https", 300, "of them over sockets with TLS"),
        ("links", 100_000, "hostile next links, and a tenth as many legal ones"),
        ("mutants", 3, "lives of each wrong design"),
        ("seed", 1, "of the first life"),
        ("workers", 2, "processes"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{words} ({default})")
    return parser.parse_args()


def plan(asked: argparse.Namespace, folder: Path) -> Iterator[Job]:
    for place, count in enumerate(_parts(asked.links, A_LOT)):
        yield Job("links", asked.seed + place, count, folder)
    for place, count in enumerate(_parts(min(asked.https, asked.reads), A_LIFE)):
        yield Job("https", asked.seed + 5000 + place, count, folder)
    for place, count in enumerate(_parts(max(0, asked.reads - asked.https), A_LIFE)):
        yield Job("reads", asked.seed + place, count, folder)
    for place in range(asked.mutants):
        for name in designs.MUTANTS:
            yield Job("reads", asked.seed + 9000 + place, 3 * A_LIFE, folder, name)
    for name in door.MUTANTS if asked.mutants else ():
        yield Job("links", asked.seed, 2_000, folder, name)


def _parts(total: int, size: int) -> list[int]:
    return [min(size, total - done) for done in range(0, total, size)]


def main() -> int:
    asked, begin = read_arguments(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="seatkeeper-hostile-") as name:
        folder = Path(name)
        with tests.conftest.connected(f"sqlite://{folder / 'template.sqlite3'}"):
            migrate()
        tally, leaks, found = reads.Tally(), door.Leaks(), Counter[str]()
        jobs = list(plan(asked, folder))
        with ProcessPoolExecutor(asked.workers, FORK) as pool:
            for done in as_completed([pool.submit(work, job) for job in jobs]):
                job, part, seconds = done.result()
                state = "wrong" if part.wrong else "good"
                say(f"{job.kind} {job.seed}{job.mutant and f', wrong design: {job.mutant}'}: {seconds:.0f} s, {state}")
                if job.mutant:
                    found[job.mutant] += bool(part.wrong)
                    continue
                (tally if isinstance(part, reads.Tally) else leaks).add(part)  # type: ignore[arg-type]
                if part.wrong:
                    say(f"{job.kind}, seed {job.seed}: WRONG {part.wrong}")
    wanted = Counter(job.mutant for job in jobs if job.mutant)
    report_reads(tally)
    report_links(leaks)
    for mutant, times in wanted.items():
        say(f"wrong design: {mutant}: found in {found[mutant]} of {times}")
    bad = bool(tally.wrong or leaks.wrong) or found != wanted
    end = "SOMETHING IS WRONG" if bad else "nothing lost, invented or sent elsewhere"
    say(f"{time.monotonic() - begin:.0f} s; {end}")
    return int(bad)


def report_reads(tally: reads.Tally) -> None:
    words = sorted({word for _name, word in tally.words})
    say(f"\n{'spoiled reads':<34}" + "".join(f"{word:>13}" for word in words))
    for name in sorted({name for name, _word in tally.words}):
        say(f"{name:<34}" + "".join(f"{tally.words[name, word]:>13,}" for word in words))
    say(f"{'all':<34}" + "".join(f"{sum(n for (_n, w), n in tally.words.items() if w == word):>13,}" for word in words))
    places = ", ".join(f"{name} {count:,}" for name, count in sorted(tally.lists.items()))
    say(
        f"{tally.reads:,} reads spoiled ({places}) and {tally.clean:,} clean, in {tally.lives} lives; "
        f"{tally.answers:,} answers spoiled, {tally.singles:,} of them about one person; wrong: {len(tally.wrong)}"
    )


def report_links(leaks: door.Leaks) -> None:
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(leaks.links.items()))
    say(f"\n{leaks.links.total():,} hostile next links: {kinds}")
    say("  " + ", ".join(f"{RESULTS.get(name, name)} {count:,}" for name, count in leaks.refused.most_common()))
    say(
        f"  of {leaks.requests:,} requests with a token {leaks.elsewhere} went to another server and {leaks.astray} to "
        f"another path; of {leaks.legal:,} legal links {leaks.followed:,} were followed"
    )


RESULTS = {
    "UntrustedLink": "refused",
    "BrokenAnswer": "refused as an answer",
    "followed": "another spelling of the right list",
}


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
