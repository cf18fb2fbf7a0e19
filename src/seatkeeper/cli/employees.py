"""employees: the list of employees (HR list), by which sign-ins of people who do not work here stand out."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, complain, print_table, read_file, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="The list of employees (HR list).", no_args_is_help=True)

FILE = typer.Argument(help="CSV or XLSX; its first row names the columns, one of which is the e-mail.", dir_okay=False)


@app.command(name="list")
def show(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Everybody on the list, as imported last."""
    who = open_home()
    from seatkeeper.services import employees

    empty = "There is no list of employees yet. Import one with `seatkeeper employees import`."
    print_table(employees.export(who), form, output, hide=("Imported",), empty=empty)


@app.command(name="import")
def import_file(
    file: Path = FILE,
    check: bool = typer.Option(False, "--check", help="Only report errors."),
    encoding: str = typer.Option("", "--encoding", help="utf-8, utf-16 or cp1252; default: detected."),
) -> None:
    """Replace the list with the people of a file. Rows that are not valid are named and left out."""
    who = open_home()
    from seatkeeper.services import employees

    found = employees.read_list(who, read_file(file), file.name, encoding)
    for wrong in found.wrong:
        complain(f"row {wrong.row}, {wrong.field}: {clean(wrong.message)}")
    if check:
        say(f"{found.taken} This was a check: the list stays as it was.")
        raise typer.Exit(2 if found.wrong else 0)
    employees.save(who, found)
    say(f"{found.taken} The list has {len(found.people):,} employees now.")
