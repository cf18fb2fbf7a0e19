"""queue: what is being run, what waits, and cancelling one of them."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="What is being run, what waits for its turn, and tenants that do not answer.")


@app.callback(invoke_without_command=True)
def index(context: typer.Context) -> None:
    """Without a command, the list."""
    if context.invoked_subcommand is None:
        list_(Format.TABLE, None)


@app.command("list")
def list_(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """List what is being run and what waits, with the worker and since when."""
    who = open_home()
    from seatkeeper.services.listings import queue
    from seatkeeper.services.listings.base import Question

    table = queue.LISTING.export(queue.rows(who), Question())
    print_table(table, form, output, hide=("Failures",), empty=queue.LISTING.empty)


@app.command()
def cancel(number: int = typer.Argument(help="The number in the list.", show_default=False)) -> None:
    """End a run at its next page, or put off one that waits until its next turn."""
    who = open_home()
    from seatkeeper.services import tasks

    say(f"Task {tasks.cancel(who, number).pk} is cancelled.")
