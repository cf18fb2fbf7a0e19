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
    """All exceptions of an application, including expired ones."""
    who = open_home()
    from seatkeeper.services import exceptions as service

    print_table(service.exception_table(who, name), form, output, empty="There are no exceptions.")


@app.command()
def add(
    name: str = NAME,
    scope: str = typer.Argument(help="person, sku or department.", show_default=False),
    value: str = typer.Argument(help="A user ID, a part number, or a department.", show_default=False),
    reason: str = typer.Option(..., "--reason", help="Why; somebody will ask later."),
    finding: str = typer.Option("", "--finding", help="Key of one finding; default: all findings."),
    until: str = typer.Option("", "--until", help="Last day (2027-03-31); default: until somebody ends it."),
) -> None:
    """Make an exception: findings leave a person, a SKU or a department alone."""
    who = open_home()
    from seatkeeper.services import exceptions as service

    new = service.NewException(scope, value, reason, finding, service.to_end(until))
    made = service.exempt(who, name, new)
    say(f"Exception {made.pk}: {made.label}, for {made.finding or 'all findings'}.")


@app.command()
def end(number: int = typer.Argument(help="Number of the exception, as `list` shows it.", show_default=False)) -> None:
    """End an exception: its findings are open again."""
    who = open_home()
    from seatkeeper.services import exceptions as service

    service.end_exception(who, number)
    say("The exception was ended.")
