"""sync and runs: reading the tenants, and how the reads ended."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import typer

from seatkeeper.cli.apps import TASK
from seatkeeper.cli.inventory import to_clock
from seatkeeper.cli.progress import progress
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_home

if TYPE_CHECKING:
    from seatkeeper.clock import Clock
    from seatkeeper.services.members import Who
    from seatkeeper.services.syncs import SyncRequest, TaskResult


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Reading")(sync)
    app.command(rich_help_panel="Reading")(runs)


class Stop:
    """Ctrl-C or SIGTERM stops at the next page; a second one stops at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before = {each: signal.signal(each, self._ask) for each in (signal.SIGINT, signal.SIGTERM)}

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(number, signal.default_int_handler)
        say("Stopping at the end of this page. Once more stops at once.")

    def __call__(self) -> bool:
        return self.asked

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def sync(
    name: str | None = typer.Argument(None, help="One application; without it, all active ones."),
    task: list[str] | None = TASK,
    full: bool = typer.Option(False, "--full", help="Read everybody again, not only what changed."),
    now: str | None = typer.Option(None, "--now", help="Run as of this moment (ISO 8601, UTC)."),
) -> None:
    """Read the tenant: License Information, Application Roster, Application Access."""
    who = open_home()
    from seatkeeper.services.applications import list_applications
    from seatkeeper.services.syncs import SyncRequest

    clock = to_clock(now)
    if name is None and not list_applications(who):
        say("There is nothing to read yet. Add an application with `seatkeeper apps add microsoft-project`.")
        return
    raise typer.Exit(run_sync(who, SyncRequest(name, task or (), full), clock))


def run_sync(who: Who, request: SyncRequest, clock: Clock) -> int:
    """Run with progress, say how each task ended, and answer the exit code."""
    from seatkeeper.services.syncs import exit_code
    from seatkeeper.services.syncs import sync as service

    stop = Stop()
    results: list[TaskResult] = []
    try:
        with progress() as shown:
            results.extend(service(who, request, shown, clock=clock, stop=stop))
    finally:
        stop.restore()
    for result in results:
        say_result(result)
    return 5 if stop.asked and not exit_code(results) else exit_code(results)


def say_result(result: TaskResult) -> None:
    colour = {0: "green", 6: "yellow"}.get(result.exit_code, "red")
    word = result.run.word if result.run else "running elsewhere"
    line = f"{result.kind.title:<20} " + typer.style(f"{word:<12}", fg=colour)
    if result.run:
        run = result.run
        line += f" {run.rows:,} rows, {run.added:,} new, {run.changed:,} changed, {run.gone:,} gone"
        line += f", {run.requests:,} requests"
        if run.quarantined:
            line += f", {run.quarantined:,} quarantined (see `seatkeeper quarantine`)"
    say(line)
    if result.message:
        say(f"    {result.message}")


def runs(
    name: str | None = typer.Argument(
        None, help="One application; or `confirm` or `discard` and the number of a held run."
    ),
    run_id: int | None = typer.Argument(None, help="With confirm or discard: the held run's number."),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
) -> None:
    """The newest runs with the word each ended as; `runs confirm N` and `runs discard N` decide on a held one."""
    who = open_home()
    from seatkeeper.services import syncs

    if name in ("confirm", "discard") and run_id is not None:
        decide = syncs.confirm_run if name == "confirm" else syncs.discard_run
        run = decide(who, run_id)
        say(f"Run {run.pk} is {'published' if name == 'confirm' else 'discarded'}.")
        return
    print_table(
        syncs.runs_table(syncs.list_runs(who, name)),
        form,
        output,
        hide=("Detail", "Ended"),
        empty="No runs yet. `seatkeeper sync` makes the first.",
    )
