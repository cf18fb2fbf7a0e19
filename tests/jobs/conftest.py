"""A real `seatkeeper serve`: a process with its own threads, reached over HTTP, stopped by signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from seatkeeper.clock import system_clock
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services import applications
from seatkeeper.services.members import Role, operator
from seatkeeper.store.models import Application, Membership, Task

from ..conftest import Database

TOKEN = "t" * 32
# `python -m seatkeeper` in a hurry: what looks every other second looks ten times as often, and the vendor's limit,
# which is real time, lets five requests through in three seconds instead of ten.
HURRY = """
from seatkeeper.cli.start import set_up; set_up()
from seatkeeper.clock import seconds
from seatkeeper.jobs import scheduler
from seatkeeper.store.pacing import SharedPacer
from seatkeeper.sync import connecting
scheduler.TICK = 0.2
connecting.SharedPacer = lambda client, tenant, limit: SharedPacer(client, tenant, limit._replace(window=seconds(3)))
from seatkeeper.cli.main import run; run()
"""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Message
    text: str


class Server:
    """A process that serves, and somebody signed in to it."""

    def __init__(self, *words: str, environment: dict[str, str] | None = None) -> None:
        program = (
            ["-m", "seatkeeper"] if words[0] == "demo" else ["-c", HURRY]
        )  # a demo sets up a home of its own first
        command = [sys.executable, *program, *words]
        env = os.environ | {"SEATKEEPER_LOG": "info"} | (environment or {})
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env)
        self.said: list[str] = []
        self.heard = threading.Event()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.session = ""

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if "is at http" in line or "The scheduler is running" in line:
                self.heard.set()

    @property
    def url(self) -> str:
        (found,) = re.findall(r"is at (http://\S+)", "".join(self.said))
        return str(found)

    def ready(self) -> Server:
        assert self.heard.wait(150), self.said
        return self

    def open(self, path: str, **form: str) -> HTTPResponse:
        """GET, or POST when there is a form. Nothing is followed: a redirect is an answer."""
        data = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": TOKEN}).encode() if form else None
        cookies = f"{settings.SESSION_COOKIE_NAME}={self.session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
        request = urllib.request.Request(self.url + path, data, {"Cookie": cookies})
        try:
            answer: HTTPResponse = _opener.open(request, timeout=40)
        except urllib.error.HTTPError as error:
            return error  # type: ignore[return-value]  # it has the same methods
        return answer

    def ask(self, path: str, **form: str) -> Answer:
        """The whole answer."""
        with self.open(path, **form) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())

    def events(self, path: str) -> list[tuple[str, str]]:
        """Every event of a stream until it ends."""
        with self.open(path) as answer:
            assert answer.status == 200, answer.read()
            text = answer.read().decode()
        return [(name, data) for name, data in re.findall(r"event: (\w+)\n((?:data: ?.*\n)*)", text)]

    def end(self) -> None:
        """Nothing of it is left, however the test went."""
        self.process.kill()
        self.process.wait(30)
        self.listener.join(5)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and wait; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        self.listener.join(5)
        return code


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


@pytest.fixture
def start(database: Database) -> Iterator[Callable[..., Server]]:
    """Start a process, ready and signed in; it ends with the test."""
    servers: list[Server] = []

    def begin(*words: str, **environment: str) -> Server:
        server = Server(*(words or ("serve", "--port", "0")), environment=environment)
        servers.append(server)
        server.session = sign_in()
        return server.ready()

    yield begin
    for server in servers:
        server.end()


def sign_in(role: Role = Role.ADMINISTER) -> str:
    """The session of a member; made by hand, so that no test waits for a password."""
    organization_id = operator().organization_id
    member, _ = User.objects.get_or_create(username="a@example.com", email="a@example.com")
    Membership.objects.get_or_create(
        member=member, organization_id=organization_id, defaults={"role": role.value, "created": system_clock()}
    )
    session = SessionStore()
    session[SESSION_KEY] = str(member.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = member.get_session_auth_hash()
    session.save()
    return str(session.session_key)


@contextmanager
def added(*tasks: str, sign_ins: int | None = None) -> Iterator[Application]:
    """A pretend tenant on this machine's clock, with its application added; a thousand sign-ins are a request."""
    with Sandbox(settings=Settings(people=60, days=10, sign_ins=sign_ins)) as sandbox:
        yield add(sandbox, *tasks)


@pytest.fixture
def application(database: Database) -> Iterator[Application]:
    with added("roster") as application:
        yield application


def roster() -> Task:
    return Task.objects.get(key="roster")


def add(sandbox: Sandbox, *tasks: str) -> Application:
    return applications.add_application(
        operator(),
        applications.NewApplication(
            product="microsoft-project",
            name="Project",
            tenant_id=sandbox.tenant_id,
            client_id=sandbox.client_id,
            secret=sandbox.client_secret,
            login_url=sandbox.login_url,
            graph_url=sandbox.graph_url,
            ca_file=Path(sandbox.ca_file).read_text(),
            tasks=tasks,
        ),
    )


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 90) -> None:
    """Until it holds; how long that takes is the machine's business."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)
