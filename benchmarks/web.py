"""`make bench-web`: every page at the server over a large tenant: p50 and p95, queries, also while a sync writes.

Exits with 1 when a page is over its budget. The database is written straight into the store, and drawn as after a run.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from benchmarks.large import NOW, Size, build, open_store

BUDGET_MS, QUERIES = 200, 15
REQUESTS = 20
ONE = "/applications/{id}"
ADDRESSES = (
    "/applications",
    "/applications?sort=-suspicious&health=healthy",
    ONE,
    f"{ONE}/users",
    f"{ONE}/users?page=900",
    f"{ONE}/users?sort=-last_login&status=active",
    f"{ONE}/users?sort=department",
    f"{ONE}/users?q=person4999",
    f"{ONE}/users?q=nobody",
    f"{ONE}/users?blocked=yes&evidence=confirmed",
    f"{ONE}/users/{{person}}",
    f"{ONE}/licenses",
    f"{ONE}/findings",
    f"{ONE}/findings?state=open&key=never-seen&sort=user_id",
    f"{ONE}/findings?q=person4999",
    f"{ONE}/suspicious",
    f"{ONE}/activity",
    f"{ONE}/integration",
    f"{ONE}/coverage",
    f"{ONE}/runs",
    f"{ONE}/quarantine",
    f"{ONE}/edit",
    "/runs/1",
    "/suspicious",
    "/employees",
    "/findings",
    "/prices",
    "/history",
    "/history?application={id}&day={today}",
    "/history?application={id}&day={today}&page=20",
    "/history?application={id}&show=compare&day={today}",
    "/history?application={id}&show=position&day={today}",
    "/plans",
    "/notices",
    "/members",
    "/audit",
    "/profile",
)


def sign_in(who: Any) -> Any:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    from seatkeeper.clock import system_clock
    from seatkeeper.services.members import Role
    from seatkeeper.store.models import Membership

    settings.ALLOWED_HOSTS = ["*"]
    user, made = User.objects.get_or_create(username="bench@example.com", email="bench@example.com")
    if made:
        Membership.objects.create(
            member=user, organization_id=who.organization_id, role=Role.ADMINISTER.value, created=system_clock()
        )
    client = Client()
    client.force_login(user)
    return client


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement, those below the ORM included."""
    from django.db import connection

    from seatkeeper.store import raw

    told: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        told.append(sql)
        return execute(sql, *rest)

    real = vars(raw)["_spelled"]

    def spelled(sql: str) -> str:
        told.append(sql)
        return str(real(sql))

    vars(raw)["_spelled"] = spelled
    try:
        with connection.execute_wrapper(count):
            yield told
    finally:
        vars(raw)["_spelled"] = real


def measure(client: Any, address: str, requests: int) -> tuple[list[float], float, int] | None:
    """Milliseconds of each request, sorted; those of our CPU time; statements. None for a page that there is not."""
    times: list[float] = []
    told: list[str] = []
    if client.get(address).status_code == 404:
        return None
    cpu = time.process_time()
    for _ in range(requests):
        with counted() as statements:
            began = time.perf_counter()
            answer = client.get(address)
            times.append((time.perf_counter() - began) * 1000)
        told = statements
        assert answer.status_code == 200, (address, answer.status_code)
    return sorted(times), (time.process_time() - cpu) * 1000 / requests, len(told)


def print_pages(client: Any, where: dict[str, Any], requests: int) -> bool:
    """A line a page; whether one was over its budget."""
    bad = False
    print(f"{'page':<62} {'p50 ms':>7} {'p95 ms':>7} {'CPU ms':>7} {'queries':>8}")
    for address in ADDRESSES:
        found = measure(client, address.format(**where), requests)
        if found is None:
            continue
        times, cpu, queries = found
        p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95) - 1]
        over = p95 > BUDGET_MS or queries > QUERIES
        bad |= over
        print(f"{address:<62} {p50:>7.0f} {p95:>7.0f} {cpu:>7.0f} {queries:>8}{' OVER' if over else ''}", flush=True)
    return bad


def draw(application: Any) -> None:
    """The first drawing, which counts all days, and another; with peak memory."""
    from seatkeeper.clock import fixed_clock
    from seatkeeper.model import to_instant
    from seatkeeper.reporting import refresh

    print(f"\n{'drawing':<40} {'seconds':>8} {'CPU s':>8} {'peak MB':>8}")
    for words in ("count the days", "first drawing", "another drawing"):
        began, cpu = time.monotonic(), time.process_time()
        if words == "count the days":
            refresh.count_uses(application.connection_id)
        else:
            application.standing_set.update(digest="")
            refresh.refresh_application(application, fixed_clock(to_instant(NOW)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        spent = time.monotonic() - began, time.process_time() - cpu
        print(f"{words:<40} {spent[0]:>8.1f} {spent[1]:>8.1f} {peak:>8.0f}", flush=True)


@contextmanager
def writer(engine: str, folder: str) -> Iterator[None]:
    """Another process that saves pages of sign-ins as a sync does, until it is told to end."""
    command = [sys.executable, "-m", "benchmarks.writer", engine, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), action="append")
    parser.add_argument("--size", type=int, nargs=3, default=(200_000, 50_000, 2_000_000), metavar="N")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--on", help="run on this one engine in this folder, which keeps its database")
    chosen = parser.parse_args()
    engines = chosen.engine or ["sqlite", "postgres"]
    if chosen.on:
        return run(engines[0], chosen.on, chosen.size, chosen.requests)
    codes = []
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            size = map(str, chosen.size)
            command = [sys.executable, "-m", "benchmarks.web", "--engine", engine, "--on", folder, "--size", *size]
            codes.append(subprocess.run([*command, "--requests", str(chosen.requests)], check=False).returncode)
    return max(codes)


def run(engine: str, folder: str, size: list[int], requests: int) -> int:
    who = open_store(engine, folder)
    from seatkeeper.store.models import Application, SeatHolder

    application = Application.objects.filter(name="Large").first()
    if application is None:
        application = build(who, Size(*size))
    print(f"\n{engine}: {size[0]:,} accounts, {size[1]:,} seats, {size[2]:,} sign-ins")
    draw(application)
    client = sign_in(who)
    person = SeatHolder.objects.filter(application=application, status="active")[100].object_id
    where = {"id": application.pk, "person": person, "today": datetime.now(UTC).date()}
    print()
    bad = print_pages(client, where, requests)
    with writer(engine, folder):
        print("\nwhile a sync writes:")
        bad |= print_pages(client, where, requests)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
