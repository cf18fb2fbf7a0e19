"""All findings over a large tenant, from counts by day that are up to date: seconds and peak memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time

from benchmarks.large import NOW, Size, build, open_store

LARGE = Size(1_000_000, 100_000, 10_000_000)
SECONDS, PEAK_MB = 10, 300


def print_insight(size: Size) -> int:
    """A line an engine: 1 when one took longer, or more memory, than promised."""
    print(f"{size.accounts:,} accounts, {size.seats:,} seats, {size.sign_ins:,} sign-ins")
    print(f"{'all findings':<28} {'findings':>10} {'seconds':>8} {'CPU s':>8} {'peak MB':>8}")
    bad = False
    for engine in ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "benchmarks.insight", engine, folder, *map(str, size)]
            subprocess.run([*command, "build"], check=True)
            done = subprocess.run([*command, "find"], check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        bad |= found["seconds"] > SECONDS or found["peak_mb"] > PEAK_MB
        print(
            f"{engine:<28} {found['findings']:>10,} {found['seconds']:>8.1f} {found['cpu']:>8.1f} "
            f"{found['peak_mb']:>8.0f}",
            flush=True,
        )
    return int(bad)


def find() -> dict[str, float]:
    """In a process that did nothing else."""
    from seatkeeper.connectors.catalog import find_product
    from seatkeeper.insights.catalog import INSIGHTS
    from seatkeeper.model import to_instant
    from seatkeeper.reporting.snapshot import from_counts, take_snapshot
    from seatkeeper.store.models import Application

    began, cpu = time.monotonic(), time.process_time()
    application = Application.objects.get(name="Large")
    product = find_product(application.product)
    snapshot = take_snapshot(application, lambda: to_instant(NOW), from_counts(product))
    findings = sum(1 for insight in INSIGHTS for _ in insight.find(snapshot))
    return {
        "findings": findings,
        "seconds": time.monotonic() - began,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    engine, folder, what = sys.argv[1], sys.argv[2], sys.argv[6]
    who = open_store(engine, folder)
    if what == "build":
        from seatkeeper.reporting import refresh

        refresh.count_uses(build(who, Size(*map(int, sys.argv[3:6]))).connection_id)
    else:
        print(json.dumps(find()))


if __name__ == "__main__":
    main()
