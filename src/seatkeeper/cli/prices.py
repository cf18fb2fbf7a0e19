"""prices: what a seat costs, so that findings can say what they are worth."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, complain, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="What a seat costs, so that findings can say what they are worth.", no_args_is_help=True)

FILE = typer.Argument(help="CSV or XLSX with the columns that `prices list --format csv` writes.", dir_okay=False)


@app.command(name="list")
def show(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """The price list."""
    who = open_home()
    from seatkeeper.services import priced_skus, prices

    empty = (
        "There are no prices yet. Add them with `seatkeeper prices set` or `import`; `example` loads example prices."
    )
    print_table(prices.export(who), form, output, empty=empty)
    if prices.shows_examples(who):
        say("These are example prices, not yours.")
    for name, ids in priced_skus.list_shared(who).items():
        say(clean(f"The price of {name} counts for each of the SKUs of this part number. Set one by id: {ids}."))


@app.command(name="set")
def set_one(
    sku: str = typer.Argument(help="Part number, such as PROJECTPROFESSIONAL, or the SKU's id."),
    amount: str = typer.Argument(help="Price of one seat for one period."),
    currency: str = typer.Argument(help="Three letters, such as EUR."),
    period: str = typer.Option("month", "--period", help="month or year."),
    since: str = typer.Option("", "--from", help="First day it applies (2026-08-01); default: today."),
) -> None:
    """Set the price of a SKU from a given day; the previous price ends the day before."""
    who = open_home()
    from seatkeeper.services import prices

    saved = prices.set_price(who, prices.NewPrice(sku, amount, currency, period, since))
    say(f"{saved.sku} costs {prices.write_amount(saved.amount)} {saved.currency} a {saved.period}.")


@app.command(name="import")
def import_file(file: Path = FILE, check: bool = typer.Option(False, "--check", help="Only report errors.")) -> None:
    """Import a price list, as a whole or not at all."""
    who = open_home()
    from seatkeeper.errors import BadInput
    from seatkeeper.services import prices

    try:
        body = file.read_bytes()
    except OSError as error:
        raise BadInput("file", f"{file} cannot be read ({error.strerror}).") from error
    found = prices.preview(who, body, file.name)
    for wrong in found.errors:
        complain(clean(str(wrong)))
    if found.errors:
        say("Nothing was imported.")
        raise typer.Exit(2)
    for note in found.notes:
        say(clean(str(note)))
    if check:
        say(f"{file.name} holds {len(found.prices)} prices and no errors. {found.taken}")
        return
    done = prices.import_prices(who, body, file.name)
    say(f"{len(done.prices)} prices were imported. {done.taken}")


@app.command()
def example() -> None:
    """Fill an empty list with made-up example prices, to see what they are used for."""
    who = open_home()
    from seatkeeper.services import prices

    say(f"{prices.load_example(who)} example prices were loaded. They are removed when you import your own.")
