"""WSGI servers under the same hostile sockets: python -m benchmarks.servers --python VENV/bin/python [SERVER…]

For each server and each way of tests/hostile_sockets: how long another visitor waits, and how many connections are
still held at the end; then requests a second of a page and of a large file as ratios of the first server's, and memory.
The other servers are no dependencies: `--python` names one that has them. Figures and decision: docs/decisions/0013.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PAGE, FILE = b"x" * 20_000, b"x" * 635_000
THREADS = "16"
HERE = "benchmarks.servers:application"
COMMANDS = {
    "waitress": ["-m", "waitress", "--listen=127.0.0.1:{}", f"--threads={THREADS}", HERE],
    "seatkeeper": ["-m", "benchmarks.servers", "--serve", "{}"],
    "granian": ["-m", "granian", "--interface", "wsgi", "--port", "{}", "--blocking-threads", THREADS, HERE],
    "gunicorn": ["-m", "gunicorn", "-k", "gthread", "--threads", THREADS, "-b", "127.0.0.1:{}", HERE],
    "cheroot": ["-m", "cheroot", "--bind", "127.0.0.1:{}", "--threads", THREADS, "--max-threads", THREADS, HERE],
    "uvicorn": ["-m", "uvicorn", "--http", "h11", "--no-access-log", "--port", "{}", "benchmarks.servers:as_asgi"],
}
WAYS = ("pipelined", "slow_headers", "slow_bodies", "idle", "unfinished", "slow_readers")


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Reads the body, as Django does for a form, and answers with a page or a large file."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = FILE if environ["PATH_INFO"].startswith("/static") else PAGE
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def __getattr__(name: str) -> Any:
    if name != "as_asgi":
        raise AttributeError(name)
    from a2wsgi import WSGIMiddleware  # type: ignore[import-not-found]  # of the other environment

    return WSGIMiddleware(application, workers=int(THREADS))


def serve(port: int) -> None:
    from seatkeeper.web import server

    vars(server)["get_wsgi_application"] = lambda: application
    server.make_server("127.0.0.1", port).run()


@contextmanager
def running(name: str, python: str) -> Iterator[tuple[int, int]]:
    """The port and the process of a server that answers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    words = [each.format(port) for each in COMMANDS[name]]
    process = subprocess.Popen(
        [sys.executable if name == "seatkeeper" else python, *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": "."},
        start_new_session=True,
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while ask(port, "/") >= 5 and time.monotonic() < end:
            time.sleep(0.2)
        yield port, process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with its workers
        process.wait()


def ask(port: int, path: str) -> float:
    """Seconds to the whole answer; 5 when there is none by then."""
    begin = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except OSError:
        return 5.0
    finally:
        connection.close()
    return time.monotonic() - begin


def under_attack(port: int, way: str, seconds: float) -> tuple[float, int]:
    """The longest wait of another visitor, and how many connections of the attackers are held at the end."""
    enemy = subprocess.Popen([sys.executable, "-m", "tests.hostile_sockets.attacks", str(port), way])
    try:
        time.sleep(2)
        end = time.monotonic() + seconds
        waits = []
        while time.monotonic() < end:
            waits.append(ask(port, "/"))
            time.sleep(0.1)
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        held = sum(line[1] == f"0100007F:{port:04X}" and line[3] == "01" for line in lines)
    finally:
        enemy.kill()
        enemy.wait()
    return max(waits), held


def rate(port: int, path: str, seconds: float) -> float:
    """Requests a second of four clients on connections that stay open."""
    done = [0] * 4

    def work(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        while time.monotonic() < end:
            connection.request("GET", path)
            connection.getresponse().read()
            done[place] += 1

    end = time.monotonic() + seconds
    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


def memory(process_id: int) -> float:
    """The most that the process and its children have had, in MB."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return sum(
        int(line.split()[1]) / 1024
        for each in [str(process_id), *children]
        for line in Path(f"/proc/{each}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description=__doc__)
    parser.add_argument("servers", nargs="*", default=list(COMMANDS))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--seconds", type=float, default=40.0, help="of each attack (40)")
    parser.add_argument("--serve", type=int, metavar="PORT", help="be the server under test")
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
        return
    first: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"SEATKEEPER_HOME": home, "DJANGO_SETTINGS_MODULE": "seatkeeper.settings"}
        print(f"{'':<12}{''.join(f'{way:>18}' for way in WAYS)}{'page':>8}{'file':>8}{'MB':>7}")
        for name in asked.servers:
            cells, peak = [], 0.0
            for way in WAYS:
                with running(name, asked.python) as (port, process_id):
                    wait, held = under_attack(port, way, asked.seconds)
                    cells.append(f"{wait:.2f} s/{held}")
                    peak = max(peak, memory(process_id))
            with running(name, asked.python) as (port, process_id):
                rates = [rate(port, path, 5) for path in ("/", "/static")]
            first = first or rates
            ratios = "".join(f"{mine / of:>8.2f}" for mine, of in zip(rates, first, strict=True))
            print(f"{name:<12}{''.join(f'{cell:>18}' for cell in cells)}{ratios}{peak:>7.0f}", flush=True)


if __name__ == "__main__":
    main()
