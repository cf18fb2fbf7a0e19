"""`make prove-sockets`: one visitor works while others hold sockets up in six ways at once.

Prints how long his pages took without and with them, errors, and the server's peak memory and disk. Exit code 1 when
the 95th percentile is over a second, or a page failed.
"""

from __future__ import annotations

import tests.conftest  # isort: skip - before anything imports the settings: our own are not touched

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from seatkeeper.store import migrate
from seatkeeper.store.models import Application
from tests.hostile_sockets.attacks import WAYS
from tests.jobs.conftest import Server, sign_in
from tests.people import open_tenant

MOST_SECONDS = 1.0
PAGES = ("/applications", "/applications/{}/users", "/applications/{}/findings", "/findings", "/prices", "/healthz")
MB = 2**20


class Peak(NamedTuple):
    memory: float
    disk: float
    sockets: float
    files: float


class Watch:
    """Looks at the server's process twice a second."""

    def __init__(self, process_id: int, home: Path) -> None:
        self.process, self.home = psutil.Process(process_id), home
        self.peak = Peak(0, 0, 0, 0)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self.ended.wait(0.5):
            now = Peak(self.process.memory_info().rss / MB, self._disk() / MB, *self._descriptors())
            self.peak = Peak(*(max(pair) for pair in zip(self.peak, now, strict=True)))

    def _disk(self) -> int:
        """Also of files without a name, in which the server keeps what it has not got the rest of."""
        unnamed = 0
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                unnamed += link.stat().st_size if "(deleted)" in str(link.readlink()) else 0
            except OSError:
                continue
        return unnamed + sum(path.stat().st_size for path in self.home.rglob("*") if path.is_file())

    def _descriptors(self) -> tuple[int, int]:
        return len(self.process.net_connections("tcp")), self.process.num_fds()


def visit(server: Server, seconds: float) -> tuple[list[float], list[str]]:
    """Page after page with a breath between them, as somebody at work does."""
    application_id = Application.objects.get().pk
    times: list[float] = []
    errors: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for page in PAGES:
            begin = time.monotonic()
            try:
                status = server.ask(page.format(application_id)).status
                if status != 200:
                    errors.append(f"{page}: {status}")
            except (urllib.error.URLError, OSError) as error:
                errors.append(f"{page}: {error}")
            times.append(time.monotonic() - begin)
            time.sleep(0.1)
    return times, errors


@contextmanager
def attacked(port: int, ways: list[str]) -> Iterator[None]:
    enemy = subprocess.Popen([sys.executable, "-m", "tests.hostile_sockets.attacks", str(port), *ways])
    try:
        yield
        assert enemy.poll() is None, "the attackers gave up"
    finally:
        enemy.kill()
        enemy.wait()


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def report(words: str, times: list[float], errors: list[str]) -> float:
    p50, p95 = (statistics.quantiles(times, n=20)[place] for place in (9, 18))
    say(f"{words:<16} {len(times):>6} pages  p50 {p50:.3f} s  p95 {p95:.3f} s  longest {max(times):.3f} s")
    for error in errors[:10]:
        say(f"  failed: {error}")
    return p95


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile_sockets", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long (600)")
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this one; may be given several times")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="seatkeeper-sockets-") as name:
        home = Path(name)
        url = f"sqlite://{home / 'life.sqlite3'}"
        with tests.conftest.connected(url):
            migrate()
            with open_tenant() as tenant:
                tenant.sync()
            session = sign_in()
            server = Server(
                "serve", "--port", "0", "--no-scheduler", environment={"SEATKEEPER_DATABASE_URL": url, "TMPDIR": name}
            )
            try:
                server.ready().session = session
                watch = Watch(server.process.pid, home)
                watch.thread.start()
                calm, wrong = visit(server, min(20.0, asked.seconds))
                report("alone", calm, wrong)
                before = watch.peak
                with attacked(int(server.url.rpartition(":")[2]), asked.way or []):
                    times, errors = visit(server, asked.seconds)
                watch.ended.set()
                watch.thread.join()
            finally:
                server.end()
        p95 = report("under attack", times, errors)
    for words, peak in (("alone", before), ("under attack", watch.peak)):
        say(
            f"{words:<16} peak {peak.memory:.0f} MB of memory, {peak.disk:.0f} MB on disk, "
            f"{peak.sockets:.0f} sockets, {peak.files:.0f} open files"
        )
    say(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {len(errors)} errors")
    return int(p95 > MOST_SECONDS or bool(errors or wrong))


if __name__ == "__main__":
    sys.exit(main())
