"""catalog: the products that can be managed with their SKUs, and the vendor's own list of these."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, complain, print_table, read_file, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="Products with their SKUs, and the vendor's own list of these.")

FILE = typer.Argument(
    help="Microsoft's CSV “Product names and service plan identifiers for licensing”.", dir_okay=False
)
MOST_ERRORS = 20


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        show("", Format.TABLE, None)


@app.command(name="list")
def show(
    product: str = typer.Option("", "--product", help="Key of one product, such as power-bi; default: all."),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
) -> None:
    """Every SKU by product, with its kind, and of which day that is known."""
    who = open_home()
    from seatkeeper.services import sku_lists

    print_table(sku_lists.list_skus(who, product), form, output, hide=("SKU ID",))
    for sentence in sku_lists.describe(who):
        say(clean(sentence))


@app.command(name="import")
def import_file(
    file: Path = FILE, dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would change.")
) -> None:
    """Import the vendor's list of SKUs, as a whole or not at all, and say what it changes. Nobody's seat ends by it."""
    who = open_home()
    from seatkeeper.services import sku_lists

    body = read_file(file)
    found = (sku_lists.preview if dry_run else sku_lists.import_list)(who, body, file.name)
    for wrong in found.errors[:MOST_ERRORS]:
        complain(clean(str(wrong)))
    if found.errors:
        more = len(found.errors) - MOST_ERRORS
        say((f"{more:,} more rows are wrong. " if more > 0 else "") + "Nothing was imported.")
        raise typer.Exit(2)
    if found.left_out:
        say(f"Left out, because they name no service plan: {found.left_out:,} of the rows.")
    if found.again:
        say(f"{file.name} was imported already, on {found.again}. Nothing changes.")
        return
    print_table(found.table, Format.TABLE, None, empty=f"{file.name} names {found.number:,} SKUs.")
    say(found.summary)
    if dry_run:
        say("This was a dry run: nothing was imported.")
    elif found.differences:
        say("Rosters are read in full by their next run where that matters; figures follow by themselves.")


@app.command()
def reset() -> None:
    """Give up what was imported: only the shipped table counts."""
    who = open_home()
    from seatkeeper.services import sku_lists

    say(sku_lists.sum_up(sku_lists.reset(who)))
