"""sync and runs: read the tenants, and show how the runs ended."""

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
    from seatkeeper.services.runs import SyncRequest, TaskResult


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
        say("Stopping at the end of this page. Press again to stop at once.")

    def __call__(self) -> bool:
        return self.asked

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def sync(
    name: str | None = typer.Argument(None, help="One application; without it, all active ones."),
    task: list[str] | None = TASK,
    full: bool = typer.Option(False, "--full", help="Read everything again, not only what changed."),
    now: str | None = typer.Option(None, "--now", help="Run as of this moment (ISO 8601, UTC)."),
) -> None:
    """Read the tenant: License Information, Application Roster, Application Access."""
    who = open_home()
    from seatkeeper.services.applications import list_applications
    from seatkeeper.services.runs import SyncRequest

    clock = to_clock(now)
    if name is None and not list_applications(who):
        say("There are no applications yet. Add one with `seatkeeper apps add microsoft-project`.")
        return
    raise typer.Exit(run_sync(who, SyncRequest(name, task or (), full), clock))


def run_sync(who: Who, request: SyncRequest, clock: Clock) -> int:
    """Run with progress, say how each task ended, and return the exit code."""
    from seatkeeper.services.runs import exit_code
    from seatkeeper.services.runs import sync as service

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
    word = result.run.status if result.run else "running elsewhere"
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
        None, help="One application; or `confirm` or `discard` and a held run's number; or `break` and a run's number."
    ),
    run_id: int | None = typer.Argument(None, help="With confirm, discard or break: the run's number."),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
) -> None:
    """The latest runs with their status; `runs confirm N` and `runs discard N` decide about a held one.

    `runs break N` takes the task of a run from a process that is stuck, wherever it runs.
    """
    who = open_home()
    from seatkeeper.services import runs

    decisions = {
        "confirm": (runs.confirm_run, "is published"),
        "discard": (runs.discard_run, "is discarded"),
        "break": (runs.break_run, "is broken off; its task is free"),
    }
    if name in decisions and run_id is not None:
        decide, done = decisions[name]
        say(f"Run {decide(who, run_id).pk} {done}.")
        return
    print_table(
        runs.runs_table(runs.list_runs(who, name)),
        form,
        output,
        hide=("Detail", "Ended"),
        empty="There are no runs yet. `seatkeeper sync` starts the first.",
    )
