"""A backup while sign-ins are saved, restored elsewhere and compared; keys exchanged and old rows pruned under load.

    python -m benchmarks.recovery --sign-ins 1000000 [--url postgresql://… --other postgresql://…] [--seconds 20]

Everything is in folders of its own; both databases of PostgreSQL must be empty. It exits with 1 when anything differs
or anybody was refused.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PAGE = 1_000  # sign-ins of a page, saved in one transaction
ACCOUNTS = 10_000
CREDENTIALS = 500
DAYS = 500
STEP = 1_000  # ticks between two sign-ins of a page

# What a restored database says of itself: every row of the large table is in the sum.
TELL = """
import json
from seatkeeper.cli.start import open_home; open_home()
from benchmarks.recovery import describe
import sys
print(json.dumps([describe(int(sys.argv[1])), describe()["sign_ins"]]))
"""


def describe(until: int | None = None) -> dict[str, Any]:
    """Rows of each table, and sums over the sign-ins; those of the first pages, or all."""
    from django.apps import apps
    from django.db import connection

    where = "" if until is None else f" WHERE created < {until}"
    sign = "mod(created, 1000003)" if connection.vendor == "postgresql" else "created % 1000003"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(sum({sign}), 0), coalesce(sum(app_id), 0) FROM store_signin{where}")
        count, moments, apps_sum = map(int, cursor.fetchone())
        cursor.execute(f"SELECT event FROM store_signin{where} ORDER BY created DESC, event LIMIT 1")
        (newest,) = cursor.fetchone()
    tables: list[Any] = list(apps.get_app_config("store").get_models())
    rows = {table.__name__: table.objects.count() for table in tables}
    moving = ("SignIn", "Backup", "ProcessKeys", "UncountedDay", "AuditEvent")
    others = {name: number for name, number in rows.items() if name not in moving}
    return {"sign_ins": count, "sums": [moments, apps_sum], "newest": bytes(newest).hex(), "others": others}


class Load:
    """Somebody who saves page after page, as a sync does, and somebody who reads as a page does."""

    def __init__(self, connection_id: int, start: int) -> None:
        self.connection_id, self.next = connection_id, start
        self.pages, self.reads, self.slowest = 0, 0, 0.0
        self.troubles: list[str] = []
        self.slowest_save = 0.0

    def save(self) -> None:
        begun = time.monotonic()
        self.next = fill(self.connection_id, self.next, 1)
        self.slowest_save = max(self.slowest_save, time.monotonic() - begun)
        self.pages += 1
        time.sleep(0.005)

    def read(self) -> None:
        from seatkeeper.store.models import Connection, SignIn
        from seatkeeper.sync.connecting import open_credential

        begun = time.monotonic()
        row = Connection.objects.order_by("?").first()
        assert row is not None
        assert open_credential(row).reveal() == f"secret of {row.tenant_id}"
        list(SignIn.objects.filter(connection_id=self.connection_id).order_by("-created").values_list("upn")[:50])
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.reads += 1

    @contextmanager
    def going_on(self) -> Iterator[None]:
        ending = threading.Event()
        threads = [threading.Thread(target=self._repeat, args=(step, ending)) for step in (self.save, self.read)]
        self.pages = self.reads = 0
        self.slowest = self.slowest_save = 0.0
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ending.set()
            for thread in threads:
                thread.join()

    def _repeat(self, step: Callable[[], None], ending: threading.Event) -> None:
        from django.db import connections

        while not ending.is_set():
            try:
                step()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                self.troubles.append(repr(error))
        connections.close_all()

    def tell(self, what: str, seconds: float) -> None:
        print(
            f"{what:<34} {seconds:8.1f} s; meanwhile {self.pages:,} pages were saved (slowest "
            f"{self.slowest_save * 1000:,.0f} ms) and {self.reads:,} read (slowest {self.slowest * 1000:,.0f} ms), "
            f"{len(self.troubles)} errors",
            flush=True,
        )


def fill(connection_id: int, start: int, pages: int) -> int:
    """Pages of sign-ins from a moment on; where they end."""
    from django.db import transaction

    from seatkeeper.model import SignIn
    from seatkeeper.store import bulk

    for _ in range(pages):
        rows = [
            SignIn(
                os.urandom(16), (n * 7919 % ACCOUNTS).to_bytes(16, "big"), "an-application", start + n * STEP, 0,
                f"user{n * 7919 % ACCOUNTS}@example.com",
            )
            for n in range(PAGE)
        ]  # fmt: skip
        with transaction.atomic():
            bulk.save_sign_ins(connection_id, rows)
        start += PAGE * STEP
    return start


def prepare(sign_ins: int) -> Load:
    """Connections with sealed credentials, and sign-ins of DAYS days until now, counted by day."""
    from seatkeeper.clock import days, system_clock
    from seatkeeper.services.members import operator
    from seatkeeper.store import bulk, seal
    from seatkeeper.store.models import Connection

    now, organization = system_clock(), operator().organization_id
    for number in range(CREDENTIALS):
        row = Connection.objects.create(organization_id=organization, tenant_id=f"tenant {number}", created=now)
        row.credential = seal.seal(f"secret of {row.tenant_id}", organization, row.pk)
        row.save()
    first = Connection.objects.order_by("pk")[0]
    pages = max(1, sign_ins // PAGE)
    for number in range(pages):
        fill(first.pk, now - days(DAYS) + days(DAYS) * number // pages, 1)
    bulk.count_days(first.pk, [])
    return Load(first.pk, now)


def restore(file: Path, home: Path, url: str | None, until: int) -> tuple[dict[str, Any], int]:
    """Into another installation, with a copy of the key: what it says of the sign-ins before a moment, and of all."""
    env = {**os.environ, "SEATKEEPER_HOME": str(home)}
    env.pop("SEATKEEPER_DATABASE_URL", None)
    if url:
        env["SEATKEEPER_DATABASE_URL"] = url
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "seatkeeper", "restore", str(file)], check=True, env=env)
    print(f"{'restored elsewhere':<34} {time.monotonic() - begun:8.1f} s")
    command = [sys.executable, "-c", TELL, str(until)]
    done = subprocess.run(command, check=True, env=env, capture_output=True, text=True)
    first, count = json.loads(done.stdout)
    return first, count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument("--sign-ins", type=int, default=1_000_000)
    parser.add_argument("--url", help="an empty PostgreSQL database; SQLite without it")
    parser.add_argument("--other", help="another one, to restore to")
    parser.add_argument("--seconds", type=float, default=20, help="how long keys are exchanged")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("home", "other"):
            (folder / part).mkdir(mode=0o700)
        os.environ["SEATKEEPER_HOME"] = str(folder / "home")
        if chosen.url:
            os.environ["SEATKEEPER_DATABASE_URL"] = chosen.url
        return run(folder, chosen)


def run(folder: Path, chosen: argparse.Namespace) -> int:
    from seatkeeper.cli.start import open_home

    open_home()
    from seatkeeper.jobs import pruning
    from seatkeeper.services import backups, keys
    from seatkeeper.store import space

    begun = time.monotonic()
    load = prepare(chosen.sign_ins)
    start, before = load.next, describe(load.next)
    print(f"{before['sign_ins']:,} sign-ins made and counted in {time.monotonic() - begun:.0f} s", flush=True)

    file = folder / "backup.zip"
    begun = time.monotonic()
    with load.going_on():
        backups.make(file)
    load.tell(f"backup of {file.stat().st_size / 1e6:,.0f} MB", time.monotonic() - begun)
    (folder / "other" / "secret.key").write_bytes((folder / "home" / "secret.key").read_bytes())
    found, count = restore(file, folder / "other", chosen.other, start)
    whole = found == before and count % PAGE == 0
    print(
        f"equal: {found == before}, with {(count - before['sign_ins']) / PAGE:,} whole pages of meanwhile", flush=True
    )

    rotations, begun = 0, time.monotonic()
    with load.going_on():
        while time.monotonic() - begun < chosen.seconds:
            keys.rotate(lambda _: None)
            rotations += 1
    load.tell(f"{rotations} rotations of {CREDENTIALS} credentials", time.monotonic() - begun)

    size = space.look()
    begun = time.monotonic()
    gone: list[int] = []
    with load.going_on():
        pruning.prune(tell=lambda _title, number: gone.append(number), budget=float("inf"))
    load.tell(f"{gone[0]:,} sign-ins pruned", time.monotonic() - begun)
    if size is not None and (after := space.look()) is not None:
        print(f"the file had {size.size / 1e6:,.0f} MB and has {after.size / 1e6:,.0f} MB")
    same = describe(start)["others"] == before["others"]
    print(f"whole: {whole}, no other row changed by pruning: {same}, errors: {load.troubles[:3]}")
    return int(not whole or not same or bool(load.troubles))


if __name__ == "__main__":
    sys.exit(main())
