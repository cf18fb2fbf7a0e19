"""Runs as processes of their own, forked from a warm one, and ways to end them.

Forking saves the start of Python and nothing else: the child opens its own database and network connections, and it
is killed by the kernel like any process.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

STRACE = shutil.which("strace")
PATIENCE = 60.0  # seconds: a run that takes longer hangs


class Hung(AssertionError):
    """A run that did not end."""


class Child:
    """A forked process that does one thing and ends with an exit code. It waits until it is let go."""

    def __init__(self, act: Callable[[], int], log: Path) -> None:
        self.log = log
        wait, self._go = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self._go)
            _live(act, wait, log)
        os.close(wait)
        self.handle = os.pidfd_open(self.pid)
        self.code: int | None = None

    def go(self) -> None:
        os.write(self._go, b"!")
        os.close(self._go)

    def wait(self, seconds: float = PATIENCE) -> int | None:
        """Its exit code, negative for a signal; None while it still lives."""
        if self.code is None and select.select([self.handle], [], [], seconds)[0]:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self.handle)
        return self.code

    def send(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> int | None:
        """End it now, unless it has ended by itself."""
        if self.code is None:
            self.send(signal.SIGKILL)
        return self.wait()

    def finish(self) -> int:
        """Let it end by itself. Raises Hung when it does not."""
        code = self.wait()
        if code is None:
            self.kill()
            raise Hung(f"a run did not end within {PATIENCE:.0f} s: {self.tail()}")
        return code

    def is_stopped(self) -> bool:
        """Whether it sleeps by SIGSTOP."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
        return False

    def tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-1500:]


def _live(act: Callable[[], int], wait: int, log: Path) -> None:
    """The life of a child: it never returns to what its parent was doing."""
    code = 70
    try:
        sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        if os.read(wait, 1):
            code = act()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - the edge at which this process ends
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def trace(child: Child, *options: str) -> subprocess.Popen[bytes]:
    """strace on a child that was not let go yet; returns when it holds it."""
    assert STRACE
    tracer = subprocess.Popen(
        [STRACE, "-f", "-qq", *options, "-p", str(child.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    status = Path(f"/proc/{child.pid}/status")
    end = time.monotonic() + PATIENCE
    while "TracerPid:\t0\n" in status.read_text():
        if tracer.poll() is not None or time.monotonic() > end:
            child.kill()
            tracer.kill()
            said = tracer.communicate()[1].decode("utf-8", "replace")
            raise RuntimeError(f"strace cannot attach here, code {tracer.returncode}: {said}")
        time.sleep(0.001)
    return tracer


def kill_at_call(child: Child, call: str, nth: int) -> int:
    """SIGKILL at the entry of its nth such system call; its exit code."""
    return follow(child, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}")


def fail_calls(child: Child, call: str, nth: int, error: str) -> int:
    """From its nth such system call on, all of them fail; its exit code."""
    return follow(child, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={nth}+")


def follow(child: Child, *options: str) -> int:
    """Let it run under strace; its exit code."""
    tracer = trace(child, *options)
    child.go()
    try:
        return child.finish()
    finally:
        tracer.wait(10)


def count_calls(child: Child, calls: str, out: Path) -> tuple[int, dict[str, int]]:
    """Let it run, and say its exit code and how often it made each of the calls."""
    code = follow(child, "-o", str(out), "-e", f"trace={calls}")
    counts: dict[str, int] = {}
    for line in out.read_text("utf-8", "replace").splitlines():
        call = line.partition("(")[0].split()[-1] if "(" in line else ""
        if call in calls.split(","):
            counts[call] = counts.get(call, 0) + 1
    return code, counts
