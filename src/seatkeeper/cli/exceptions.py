"""exceptions: who or what findings leave alone, why, and until when."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.inventory import NAME
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="Whom or what findings leave alone, why, and until when.", no_args_is_help=True)


@app.command(name="list")
def show(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """All exceptions of an application, the lapsed ones included."""
    who = open_home()
    from seatkeeper.services import decisions

    print_table(decisions.exemption_table(who, name), form, output, empty="Nothing is excepted.")


@app.command()
def add(
    name: str = NAME,
    scope: str = typer.Argument(help="person, sku or department.", show_default=False),
    value: str = typer.Argument(help="A user ID, a part number, or a department.", show_default=False),
    reason: str = typer.Option(..., "--reason", help="Why; somebody will ask."),
    finding: str = typer.Option("", "--finding", help="Key of one finding; every one without it."),
    until: str = typer.Option("", "--until", help="The last day (2027-03-31); until it is ended without it."),
) -> None:
    """Except somebody or something from findings."""
    who = open_home()
    from seatkeeper.services import decisions

    new = decisions.NewExemption(scope, value, reason, finding, decisions.to_end(until))
    made = decisions.exempt(who, name, new)
    say(f"Exception {made.pk}: {made.label} is excepted from {made.finding or 'every finding'}.")


@app.command()
def end(number: int = typer.Argument(help="Number of the exception, as `list` shows it.", show_default=False)) -> None:
    """End an exception: what it covered is open again."""
    who = open_home()
    from seatkeeper.services import decisions

    decisions.end_exemption(who, number)
    say("The exception is ended.")
