"""history: any past day, and what changed between two."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.inventory import NAME
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="Any past day, and what changed between two.", no_args_is_help=True)

DAY = typer.Argument(help="A day such as 2026-08-01; what was known by its end, in UTC.", show_default=False)


@app.command()
def roster(name: str = NAME, day: str = DAY, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Who held a seat on a past day."""
    who = open_home()
    from seatkeeper.services import history

    table = history.roster_on(who, name, history.to_day(day))
    print_table(table, form, output, hide=("Object ID",), empty="Nobody held a seat on that day.")


@app.command()
def compare(
    name: str = NAME,
    first: str = DAY,
    second: str = typer.Argument(help="A later day.", show_default=False),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
) -> None:
    """Who joined, who left, and whose plan changed from one day to another."""
    who = open_home()
    from seatkeeper.services import history

    found = history.compare(who, name, history.to_day(first), history.to_day(second))
    print_table(found.changes, form, output, hide=("Object ID",), empty="Nothing changed between the two days.")
    if found.counts:
        say(", ".join(f"{count} {word}" for word, count in sorted(found.counts.items())))


@app.command()
def position(name: str = NAME, day: str = DAY, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """The licence position of a day: bought, assigned and on the roster, for each SKU."""
    who = open_home()
    from seatkeeper.services import history

    table = history.position(who, name, history.to_day(day))
    print_table(table, form, output, empty="No subscription was known on that day.")
