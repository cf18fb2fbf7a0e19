"""notices: what somebody should know, and testing whether it arrives."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="What somebody should know, and whether it arrives.", no_args_is_help=True)


@app.command(name="list")
def show(
    everything: bool = typer.Option(False, "--all", help="Include notices that are over."),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
) -> None:
    """The open notices, newest first."""
    who = open_home()
    from seatkeeper.services.listings import notices
    from seatkeeper.services.listings.base import Question

    question = Question() if everything else Question(filters={"state": ["open"]})
    table = notices.LISTING.export(notices.rows(who), question)
    print_table(table, form, output, hide=("Condition",), empty="There are no open notices.")


@app.command(name="test")
def try_one(name: str = typer.Argument(help="Name of the target.", show_default=False)) -> None:
    """Send a test message to a target now."""
    who = open_home()
    from seatkeeper.services import notice_targets

    notice_targets.test(who, notice_targets.find_by_name(who, name).pk)
    say("The test was sent.")
