"""Commands as scripts call them: exit codes, what is on stdout and what on stderr.

`run` calls the edge of the process in this one, which spares each command a start of Python. Where the process is the
point (settings, files of the data folder, several at once), `start` makes a real one. Both see the same installation.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest
from django.conf import settings
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from seatkeeper.cli import main
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from tests.conftest import connected
from tests.people import NOW


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Shell:
    """A data folder of its own, and one pretend tenant to add."""

    def __init__(self, home: Path, sandbox: Sandbox) -> None:
        self.home = home
        self.sandbox = sandbox
        self.secret_file = home.parent / "secret.txt"
        self.write_secret(sandbox.client_secret)

    def write_secret(self, text: str, mode: int = 0o600) -> None:
        self.secret_file.write_text(text)
        self.secret_file.chmod(mode)

    def run(self, *words: str) -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        key = (self.home / "secret.key").read_text().strip()
        with (
            patch.object(sys, "argv", ["seatkeeper", *words]),
            connected(f"sqlite://{self.home / 'seatkeeper.sqlite3'}"),
            override_settings(SECRET_KEY=key),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main.run()
        code = end.value.code
        assert code is None or isinstance(code, int)
        for each in (out, err):
            each.seek(0)
        return Done(code or 0, out.read(), err.read())

    def start(self, *words: str, **environment: str) -> Done:
        command = [sys.executable, "-m", "seatkeeper", *words]
        env = os.environ | {"SEATKEEPER_HOME": str(self.home)} | environment
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, stdin=subprocess.DEVNULL)
        return Done(done.returncode, done.stdout, done.stderr)

    def add(self, *more: str, **changes: str | None) -> Done:
        s = self.sandbox
        options: dict[str, str | None] = {
            "name": "Project",
            "tenant-id": s.tenant_id,
            "client-id": s.client_id,
            "client-secret-file": str(self.secret_file),
            "login-url": s.login_url,
            "graph-url": s.graph_url,
            "ca-file": s.ca_file,
        }
        options |= {name.replace("_", "-"): value for name, value in changes.items()}
        words = [word for name, value in options.items() if value is not None for word in (f"--{name}", value)]
        return self.run("apps", "add", "microsoft-project", *words, *more)

    def sync(self, *more: str) -> Done:
        return self.run("sync", "Project", "--now", NOW, *more)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(settings=Settings(people=60, days=45, now=NOW)) as running:
        yield running


@pytest.fixture
def bare_shell(sqlite_home: Path, sandbox: Sandbox) -> Shell:
    """Before the first command: nothing is there."""
    return Shell(sqlite_home, sandbox)


@pytest.fixture
def shell(bare_shell: Shell, sqlite_template: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Shell]:
    """After `migrate`, which is made once for all tests: it takes a second each time."""
    bare_shell.home.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, bare_shell.home / "seatkeeper.sqlite3")
    key = bare_shell.home / "secret.key"
    key.write_text(settings.SECRET_KEY)
    key.chmod(0o600)
    with django_db_blocker.unblock():
        yield bare_shell
