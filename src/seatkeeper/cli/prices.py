"""prices: what a seat costs, so that findings can say what they are worth."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, complain, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="What a seat costs, so that findings say what they are worth.", no_args_is_help=True)

FILE = typer.Argument(help="CSV or XLSX with the columns that `prices list --format csv` writes.", dir_okay=False)


@app.command(name="list")
def show(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """The price list."""
    who = open_home()
    from seatkeeper.services import prices

    empty = "No prices yet. `seatkeeper prices set` or `import` makes them; `example` shows what they are for."
    print_table(prices.export(who), form, output, empty=empty)
    if prices.shows_examples(who):
        say("These are example prices, not yours.")


@app.command(name="set")
def set_one(
    sku: str = typer.Argument(help="Part number, such as PROJECTPROFESSIONAL."),
    amount: str = typer.Argument(help="For one seat and one period."),
    currency: str = typer.Argument(help="Three letters, such as EUR."),
    period: str = typer.Option("month", "--period", help="month or year."),
    since: str = typer.Option("", "--from", help="First day it holds (2026-08-01); today without it."),
) -> None:
    """Set the price of a SKU from a day on; the price before it ends the day before."""
    who = open_home()
    from seatkeeper.services import prices

    saved = prices.set_price(who, prices.NewPrice(sku, amount, currency, period, since))
    say(f"{saved.part_number} costs {prices.write_amount(saved.amount)} {saved.currency} a {saved.period}.")


@app.command(name="import")
def import_file(
    file: Path = FILE, check: bool = typer.Option(False, "--check", help="Only say what is wrong in it.")
) -> None:
    """Take over a price list, whole or not at all."""
    who = open_home()
    from seatkeeper.errors import BadInput
    from seatkeeper.services import prices

    try:
        body = file.read_bytes()
    except OSError as error:
        raise BadInput("File", f"{file} cannot be read ({error.strerror}).") from error
    found = prices.preview(who, body, file.name)
    for wrong in found.errors:
        complain(f"row {wrong.number}, {wrong.column}: {wrong.message}")
    if found.errors:
        say("Nothing was imported.")
        raise typer.Exit(2)
    if check:
        say(f"{file.name} holds {len(found.prices)} prices and nothing wrong.")
        return
    say(f"{prices.import_prices(who, body, file.name)} prices were imported.")


@app.command()
def example() -> None:
    """Fill an empty list with round figures that nobody pays, to see what prices are for."""
    who = open_home()
    from seatkeeper.services import prices

    say(f"{prices.load_example(who)} example prices. They go when you import your own.")
