"""`make bench`: rows a CPU second from the server's answer to committed rows, beside two floors, and peak memory.

Every line runs in a process of its own against one sandbox in another process, over HTTPS with gzip; the CPU time
is that of the reading process alone, counted from before its first request.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LINES = (
    ("floor: fetch only", "fetch", None),
    ("floor: fetch and decode", "decode", None),
    ("Seatkeeper into SQLite", "sync", "sqlite"),
    ("Seatkeeper into PostgreSQL", "sync", "postgres"),
)


@contextmanager
def sandbox(people: int, sign_ins: int) -> Iterator[dict[str, str]]:
    """The pretend tenant in a process of its own, sized to give about so many rows."""
    command = [sys.executable, "-m", "benchmarks.tenant", str(people), str(sign_ins)]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="users, and about as many sign-ins")
    parser.add_argument("--memory", type=int, nargs="*", default=[10_000, 100_000], help="directory sizes to compare")
    chosen = parser.parse_args()
    print("The reader and the sandbox are two processes on one machine; HTTPS, gzip.")
    with sandbox(chosen.rows, chosen.rows) as tenant:
        print_lines(tenant, "users")
        print_lines(tenant, "sign-ins")
    print_memory(chosen.memory)


if __name__ == "__main__":
    main()
