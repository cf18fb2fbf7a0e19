"""`--suite N`: every product of a tenant of N accounts through one connection.

Three figures, each in a process of its own: a first sync of all products at the vendor's limits; what the sixth product
costs a connection of five; and a refresh of six products against that of one.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.reader import NOW, Figures, Quiet, Tenant, Unpaced
from seatkeeper.spans import Span, subtract

PRODUCTS = ("microsoft-project", "microsoft-visio", "power-bi", "dynamics-365", "office-365", "microsoft-365-copilot")
SIXTH = "power-bi"  # its sign-ins, its seats, and nothing that another one has read
PAGE = 1_000  # sign-ins in a full page
TOGETHER = "all of them"
LIMIT = 5, 10.0  # requests to the log, and seconds
RATIO, PEAK_MB, REFRESHES = 1.05, 200, 2.0


class Suite:
    """A connection with some of the products, in an empty database."""

    def __init__(self, tenant: Tenant, products: Sequence[str], folder: str, *, paced: bool) -> None:
        os.environ["SEATKEEPER_HOME"] = folder
        from seatkeeper.cli.start import open_home

        self.who = open_home()
        from seatkeeper.clock import fixed_clock
        from seatkeeper.model import to_instant
        from seatkeeper.services import additions, applications
        from seatkeeper.sync import connecting

        if not paced:
            vars(connecting)["SharedPacer"] = Unpaced
        self.clock = fixed_clock(to_instant(NOW))
        fields: dict[str, Any] = {key: tenant[key] for key in ("tenant_id", "client_id", "login_url", "graph_url")}
        fields["ca_file"] = Path(tenant["ca_file"]).read_text()
        new = applications.NewApplication(product=products[0], name="bench", secret=tenant["client_secret"], **fields)
        self.applications = additions.add_suite(self.who, "microsoft-365-secret", new, products)

    def add(self, product: str) -> None:
        from seatkeeper.services import additions

        self.applications += additions.add_products(self.who, self.applications[0].connection_id, [product])

    def sync(self) -> list[Any]:
        """Every ticked task once, as a run each; refreshed as well."""
        from seatkeeper.services import runs

        results = runs.sync(self.who, runs.SyncRequest(), Quiet(), clock=self.clock)
        done = [(result.kind.key, result.run) for result in results if result.exit_code == 0]
        return [(key, run) for key, run in done if run is not None]

    def proven(self) -> dict[str, list[Span]]:
        """The proven spans of each product that sign-ins tell of."""
        from seatkeeper.store.models import Application
        from seatkeeper.sync.coverage import read_ledger, watched_by

        ledger = read_ledger(self.applications[0].connection_id)
        return {each.product: ledger.proven(watched_by(each)) for each in Application.objects.all() if watched_by(each)}


def first(tenant: Tenant, folder: str) -> Figures:
    """The first sync of all products, at the limits."""
    suite = Suite(tenant, PRODUCTS, folder, paced=True)
    began = time.monotonic()
    runs = suite.sync()
    seconds = time.monotonic() - began
    log = [run for key, run in runs if key in ("access", "non-interactive-access")]
    figures = {f"requests of {key}": float(run.requests) for key, run in runs}
    return figures | {
        "seconds": seconds,
        "sign-ins": float(sum(run.kept for run in log)),
        "requests": float(sum(run.requests for _key, run in runs)),
        "refusals": float(sum(run.throttled for _key, run in runs)),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def sixth(tenant: Tenant, folder: str) -> Figures:
    """What another product costs, and a refresh of all six against one."""
    from_five = [product for product in PRODUCTS if product != SIXTH]
    suite = Suite(tenant, from_five, folder, paced=False)
    before, spans = suite.sync(), suite.proven()
    suite.add(SIXTH)
    after, now = suite.sync(), suite.proven()
    lost = [gap for product, some in spans.items() for span in some for gap in subtract(span, now[product])]
    return {
        "requests before": float(sum(run.requests for _key, run in before)),
        "requests after": float(sum(run.requests for _key, run in after)),
        "of sign-ins": float(sum(run.requests for key, run in after if key == "access")),
        "ticks of proof lost": float(sum(gap.end - gap.start for gap in lost)),
        **_refreshes(suite),
    }


def _refreshes(suite: Suite) -> Figures:
    from seatkeeper.reporting.refresh import refresh_all, refresh_application
    from seatkeeper.store.models import Application, DailySummary

    seconds = {}
    for application in Application.objects.order_by("pk"):
        DailySummary.objects.filter(application=application).update(digest="")
        began = time.monotonic()
        refresh_application(application, suite.clock)
        seconds[application.product] = time.monotonic() - began
    DailySummary.objects.update(digest="")
    began = time.monotonic()
    refresh_all(application.connection_id, suite.clock)
    seconds[TOGETHER] = time.monotonic() - began
    return {f"refresh of {product}": spent for product, spent in seconds.items()}


def measure(tenant: Tenant, what: str) -> Figures:
    command = [sys.executable, "-m", "benchmarks.suite", what, json.dumps(tenant)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def print_first(tenant: Tenant, people: int) -> int:
    figures = measure(tenant, "first")
    many, seconds = LIMIT
    ideal = (math.ceil(math.ceil(figures["sign-ins"] / PAGE) / many) - 1) * seconds
    ratio = figures["seconds"] / ideal if ideal else math.inf
    print(f"first sync of {people:,} accounts, {len(PRODUCTS)} products, at the vendor's limits")
    for name, value in figures.items():
        print(f"  {name:<36}{value:>12,.0f}")
    print(f"  {'least seconds, if every page is full':<36}{ideal:>12,.0f}\n  {'ratio':<36}{ratio:>12.3f}")
    return int(ratio > RATIO or figures["refusals"] > 0 or figures["peak_mb"] > PEAK_MB)


def print_sixth(tenant: Tenant) -> int:
    figures = measure(tenant, "sixth")
    print(f"{SIXTH} joins five products, without limits")
    for name, value in figures.items():
        print(f"  {name:<36}{value:>12,.{2 if name.startswith('refresh') else 0}f}")
    spent = {name: value for name, value in figures.items() if name.startswith("refresh")}
    together = spent.pop(f"refresh of {TOGETHER}")
    ratio = together / max(spent.values())
    print(f"  {'all of them, of the longest':<36}{ratio:>12.2f}")
    return int(figures["ticks of proof lost"] > 0 or ratio > REFRESHES)


def main() -> None:
    what, tenant = sys.argv[1], json.loads(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"first": first, "sixth": sixth}[what](tenant, folder)))


if __name__ == "__main__":
    main()
