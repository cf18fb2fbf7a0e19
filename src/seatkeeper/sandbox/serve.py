"""Serves the sandbox over HTTPS on loopback with its own certificate authority: in a thread, or in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, Self

import trustme
import uvicorn

from seatkeeper.sandbox.control import ControlServer
from seatkeeper.sandbox.faults.network import hang_up
from seatkeeper.sandbox.front import Front, neighbours
from seatkeeper.sandbox.login.jwt import signing_key
from seatkeeper.sandbox.sockets import listen
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.sandbox.world.truth import truth as the_truth
from seatkeeper.sandbox.world.truth import write_truth

STARTING = 30.0  # seconds the server may take to listen


@dataclass(frozen=True, slots=True)
class More:
    """The less common options: a control endpoint (None: none), several tenants, and settings of each tenant."""

    control_port: int | None = None
    tenants: int = 1
    restless: bool = False
    copilot: bool = False
    everything: bool = False


PLAIN: Final = More()


class _Server(uvicorn.Server):
    """Ends at once. uvicorn looks ten times a second whether it should, and waits for its clients to go."""

    _loop: asyncio.AbstractEventLoop | None = None
    _told: asyncio.Event

    async def main_loop(self) -> None:
        self._told, self._loop = asyncio.Event(), asyncio.get_running_loop()
        while not await self.on_tick(0):  # which also keeps the Date header right
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)

    def end(self) -> None:
        """Stop serving; from any thread, or from a handler of signals."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._told.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.end()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on whoever is still connected; the loop cancels what is still being answered."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)


class Sandbox:
    """A pretend tenant that is served while the `with` block runs."""

    def __init__(
        self,
        people: int = 250,
        days: int = 45,
        seed: int = 1,
        now: str | None = None,
        port: int = 0,
        faults: Sequence[str] = (),
        *,
        settings: Settings | None = None,
        more: More = PLAIN,
    ) -> None:
        """`now` None is the real clock; a given ISO time runs on from there. Port 0 is a free one.

        `settings`, when given, stands for the first four and has the less common ones too.
        """
        flags = {name: getattr(more, name) for name in ("restless", "copilot", "everything")}
        chosen = settings or Settings(people, days, seed, now, **flags)
        self.tenants = neighbours(chosen, tuple(faults), more.tenants)
        self.tenant = self.tenants[0]
        self._port = port
        self._control_port = more.control_port
        self._control: ControlServer | None = None
        self.twin_url = self.control_url = ""
        self._folder = ""
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._sockets: list[socket.socket] = []
        self.login_url = self.graph_url = self.ca_file = ""

    @property
    def tenant_id(self) -> str:
        """The directory's id."""
        return self.tenant.tenant_id

    @property
    def client_id(self) -> str:
        """The app registration's id."""
        return self.tenant.client_id

    @property
    def client_secret(self) -> str:
        """Its secret."""
        return self.tenant.client_secret

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """Every request so far, the oldest first."""
        return list(self.tenant.ledger)

    def truth(self) -> dict[str, Any]:
        """What is true now."""
        return the_truth(self.tenant)

    def ready(self) -> dict[str, str]:
        """What a client needs to connect."""
        names = ("login_url", "graph_url", "tenant_id", "client_id", "client_secret", "ca_file")
        return {name: getattr(self, name) for name in names}

    def more(self) -> dict[str, Any]:
        """What a tester needs besides: the twin, the control endpoint, and the ids of all tenants."""
        shown: dict[str, Any] = {"twin_url": self.twin_url}
        if self.control_url:
            shown["control_url"] = self.control_url
        if len(self.tenants) > 1:
            shown["tenants"] = [tenant.tenant_id for tenant in self.tenants]
        return shown

    def __enter__(self) -> Self:
        """Listen; clients can connect when this returns."""
        self._listen()
        server = self._server
        if server is None:
            raise RuntimeError("the sandbox has no server")
        self._thread = threading.Thread(target=self._run, name="seatkeeper-sandbox", daemon=True)
        self._thread.start()
        end = time.monotonic() + STARTING
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                self._close()
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop at once."""
        if self._server is not None:
            self._server.end()
        if self._thread is not None:
            self._thread.join(STARTING)
        self._close()

    def run(self) -> None:
        """Serve in the foreground until interrupted; the JSON line is printed as soon as clients can connect."""
        signal.signal(signal.SIGTERM, _stop)
        self._listen()
        sys.stdout.write(json.dumps(self.ready() | self.more()) + "\n")
        sys.stdout.flush()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                self._run()
        finally:
            self._close()

    def _run(self) -> None:
        if self._server is not None:
            self._server.run(sockets=self._sockets)

    def _listen(self) -> None:
        signing_key()
        port = self._listen_at(self._port, self.tenant.faults.door)
        twin = self._listen_at(0, None)
        self.twin_url = f"https://localhost:{twin}"
        for tenant in self.tenants:
            tenant.faults.twin = self.twin_url
        if self._control_port is not None:
            self._control = ControlServer(self.tenants, self._control_port)
            self.control_url = self._control.url
            self._control.start()
        self._folder = tempfile.mkdtemp(prefix="seatkeeper-sandbox-")
        self.login_url = self.graph_url = f"https://localhost:{port}"
        authority = trustme.CA(organization_name="Seatkeeper sandbox")
        certificate = authority.issue_cert("localhost", "127.0.0.1", "::1", common_name="localhost")
        self.ca_file = str(Path(self._folder) / "ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        config = uvicorn.Config(
            Front(self.tenants, f"localhost:{port}", twin),
            loop="asyncio",
            http="h11",
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            log_level="critical",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=2_097_152,
            ssl_context_factory=lambda _config, _default: context,
        )
        self._server = _Server(config)

    def _listen_at(self, port: int, guard: Callable[[socket.socket], bool] | None) -> int:
        """Open a port on both kinds of loopback; 0 is a free one."""
        first = listen("127.0.0.1", port, guard)
        self._sockets.append(first)
        chosen: int = first.getsockname()[1]
        with contextlib.suppress(OSError):
            self._sockets.append(listen("::1", chosen, guard))
        return chosen

    def _close(self) -> None:
        if self._control is not None:
            self._control.shutdown()
            self._control.server_close()
        for listener in self._sockets:
            listener.close()
        hang_up()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def serve(
    people: int = 250,
    days: int = 45,
    seed: int = 1,
    now: str | None = None,
    port: int = 8443,
    faults: Sequence[str] = (),
    *,
    truth: str | Path | None = None,
    more: More = PLAIN,
) -> None:
    """Serve a pretend tenant in the foreground: write the truth, print the one JSON line, run until interrupted."""
    sandbox = Sandbox(people, days, seed, now, port, faults, more=more)
    if truth:
        write_truth(sandbox.tenant, truth)
    sandbox.run()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """End as on an interrupt, so that the temporary files are deleted."""
    raise KeyboardInterrupt
