"""`make bench`: rows a CPU second from the server's answer to committed rows, beside two floors, and peak memory.

Every line runs in a process of its own against one sandbox in another process, over HTTPS with gzip; the CPU time
is that of the reading process alone, counted from before its first request. `--memory` reads a million people and ten
million sign-ins into one database instead, `--throttled` keeps to the vendor's limits; each exits with 1 when it is
worse than promised.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.insight import LARGE as LARGE_INSIGHT
from benchmarks.insight import print_insight
from benchmarks.large import Size
from benchmarks.shared import share_budget
from benchmarks.suite import print_first, print_sixth
from benchmarks.tenant import ALL

LINES = (
    ("floor: fetch only", "fetch", None),
    ("floor: fetch and decode", "decode", None),
    ("Seatkeeper into SQLite", "sync", "sqlite"),
    ("Seatkeeper into PostgreSQL", "sync", "postgres"),
)
LARGE = 1_000_000, 10_000_000
PEAK_MB = 256
RATIO = (
    1.03  # of the time that the least requests take: the first five at once, five more with each further ten seconds
)


@contextmanager
def sandbox(people: int, sign_ins: int, *faults: str) -> Iterator[dict[str, str]]:
    """The pretend tenant in a process of its own, sized to give about so many rows."""
    command = [sys.executable, "-m", "benchmarks.tenant", str(people), str(sign_ins), *faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def measure(tenant: dict[str, str], what: str, how: str, engine: str | None) -> dict[str, float]:
    """One figure, from a fresh process: {rows, seconds, cpu, peak_mb}."""
    command = [sys.executable, "-m", "benchmarks.reader", what, how, engine or "-", json.dumps(tenant)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def print_lines(tenant: dict[str, str], what: str) -> None:
    print(f"\n{what:<28} {'rows':>10} {'rows/s':>10} {'rows/CPU-s':>11} {'of fetch':>9} {'peak MB':>8}")
    floor = 0.0
    for title, how, engine in LINES:
        figures = measure(tenant, what, how, engine)
        rate = figures["rows"] / figures["cpu"]
        floor = floor or rate
        print(
            f"{title:<28} {figures['rows']:>10,.0f} {figures['rows'] / figures['seconds']:>10,.0f} "
            f"{rate:>11,.0f} {rate / floor:>8.0%} {figures['peak_mb']:>8.0f}",
            flush=True,
        )


def print_memory(sizes: list[int]) -> None:
    print(f"\n{'memory of a first sync':<28} {'rows':>10} {'seconds':>10} {'peak MB':>8}")
    for size in sizes:
        with sandbox(size, 0) as tenant:
            figures = measure(tenant, "users", "sync", "sqlite")
        words = f"{size:,} users, SQLite"
        print(f"{words:<28} {figures['rows']:>10,.0f} {figures['seconds']:>10,.1f} {figures['peak_mb']:>8.0f}")


def print_large(people: int, sign_ins: int) -> int:
    """A large tenant read for the first time by one process into one SQLite file: 1 when it took too much memory."""
    with sandbox(people, sign_ins) as tenant:
        figures = measure(tenant, "all", "sync", "sqlite")
    print(f"{people:,} users and about {sign_ins:,} sign-ins, SQLite: {figures['rows']:,.0f} rows")
    print(
        f"{figures['seconds']:,.0f} s, {figures['cpu']:,.0f} CPU-s of the reader, {figures['disk_mb']:,.0f} MB on disk,"
        f" peak {figures['peak_mb']:.0f} MB of {PEAK_MB} MB"
    )
    return int(figures["peak_mb"] > PEAK_MB)


def print_throttled(sign_ins: int) -> int:
    """A first read of sign-ins at the vendor's limits, then two processes that share them: 1 when either is worse than
    promised.
    """
    with sandbox(1_000, sign_ins, "throttle") as tenant:
        one = measure(tenant, "sign-ins", "paced", "sqlite")
        time.sleep(11)  # the second database knows nothing of the requests of the first
        two = share_budget(tenant)
    print(
        f"{'5 requests in 10 s':<28} {'rows':>9} {'requests':>9} {'least':>6} {'seconds':>8} {'ideal':>6}  ratio  429"
    )
    bad = False
    full = math.ceil(one["rows"] / 1000)  # requests, if every page were full
    for words, figures, least in (
        ("first read of sign-ins", one, full),
        ("two processes, day by day", two, two["requests"]),
    ):
        ideal = (math.ceil(least / 5) - 1) * 10.0
        ratio = figures["seconds"] / ideal
        bad |= ratio > RATIO or figures["throttled"] > 0
        print(
            f"{words:<28} {figures['rows']:>9,.0f} {figures['requests']:>9.0f} {least:>6.0f} "
            f"{figures['seconds']:>8.1f} {ideal:>6.0f} {ratio:>6.3f} {figures['throttled']:>4.0f}"
        )
    return int(bad)


def print_suite(people: int) -> int:
    """Every product of a large tenant: 1 when reading or refreshing them costs more than promised."""
    with sandbox(people, 0, ALL, "throttle") as tenant:
        worse = print_first(tenant, people)
    with sandbox(people, 0, ALL) as tenant:
        return print_sixth(tenant) | worse


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="users, and about as many sign-ins")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000], help="directory sizes to compare")
    parser.add_argument("--memory", type=int, nargs="*", metavar="N", help="users and sign-ins (1000000 10000000)")
    parser.add_argument("--throttled", type=int, nargs="?", const=100_000, metavar="N", help="sign-ins (100000)")
    parser.add_argument(
        "--suite", type=int, nargs="?", const=100_000, metavar="N", help="accounts (100000): 30 minutes"
    )
    parser.add_argument("--insight", type=int, nargs="*", metavar="N", help="accounts, seats, sign-ins")
    chosen = parser.parse_args()
    if chosen.suite is not None:
        return print_suite(chosen.suite)
    if chosen.insight is not None:
        return print_insight(Size(*chosen.insight) if chosen.insight else LARGE_INSIGHT)
    if chosen.memory is not None:
        return print_large(*chosen.memory) if len(chosen.memory) == 2 else print_large(*LARGE)
    if chosen.throttled is not None:
        return print_throttled(chosen.throttled)
    print("The reader and the sandbox are two processes on one machine; HTTPS, gzip.")
    with sandbox(chosen.rows, chosen.rows) as tenant:
        print_lines(tenant, "users")
        print_lines(tenant, "sign-ins")
    print_memory(chosen.sizes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
