"""serve and worker: the pages with the scheduler in one process, or the scheduler alone."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from seatkeeper.cli.screen import complain, say
from seatkeeper.cli.start import open_installation

ENDING = 9.0  # seconds from the signal to the end of the process, whatever still runs


def register(app: typer.Typer) -> None:
    for command in (serve, worker):
        app.command(rich_help_panel="Operation")(command)


def serve(
    host: str = typer.Option("127.0.0.1", "--host", help="Address to listen on; 0.0.0.0 for all of the machine's."),
    port: int = typer.Option(8000, "--port", min=0, max=65535, help="Port to listen on; 0 takes a free one."),
    no_scheduler: bool = typer.Option(False, "--no-scheduler", help="Pages only; `worker` reads the tenants."),
) -> None:
    """Run the web application, its REST interface and the scheduler, until SIGTERM or Ctrl-C."""
    open_installation()
    serve_pages(host, port, scheduler=not no_scheduler)


def serve_pages(host: str, port: int, *, scheduler: bool = True) -> None:
    """Serve until a signal; then runs end at their next page, and what does not end in time is taken up next time."""
    from seatkeeper.services import process, setup
    from seatkeeper.web.frame import live
    from seatkeeper.web.server import addresses, make_server

    live.closing.clear()
    server = make_server(host, port)
    try:
        with _scheduler(wanted=scheduler) as end_work, process.looked_after(end_work):
            for name, number in addresses(server):
                say(f"Seatkeeper is at http://{f'[{name}]' if ':' in name else name}:{number}")
            if setup.is_needed():
                token = setup.make_token()
                say(f"There are no members yet. Create the first one with this token, within an hour: {token}")
            try:
                with _signals():
                    server.run()
            finally:
                live.closing.set()
    finally:
        server.close()


def worker() -> None:
    """Run the scheduler without pages, for a second machine beside `serve --no-scheduler` on PostgreSQL."""
    open_installation()
    from seatkeeper.services import process

    outdated = threading.Event()
    with _scheduler(wanted=True), process.looked_after(outdated.set):
        say("The scheduler is running.")
        try:
            with _signals():
                outdated.wait()
        except KeyboardInterrupt:
            return
    complain("A newer version of Seatkeeper has migrated the database. This worker ends; start the new version.")
    raise typer.Exit(2)


@contextmanager
def _scheduler(*, wanted: bool) -> Iterator[Callable[[], None]]:
    """The scheduler beside what happens inside, which is given what ends it early. Runs stop at a page boundary."""
    if not wanted:
        yield lambda: None
        return
    from seatkeeper.services import health

    scheduler = health.start_scheduler()
    try:
        yield scheduler.ask_to_stop
    finally:
        scheduler.ask_to_stop()
        if not scheduler.wait(ENDING):
            say("A run did not reach the end of its page in time. What it saved stays; the next start continues it.")
        health.unwatch()


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM ends the process as politely as Ctrl-C does; only the first one counts."""

    def end(_number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
