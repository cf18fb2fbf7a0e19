"""roster, access, suspicious, findings, coverage, quarantine: what is known of one application."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table
from seatkeeper.cli.start import open_home

NAME = typer.Argument(help="Name of the application.", show_default=False)
NOW = typer.Option(None, "--now", help="Answer as of this moment (ISO 8601, UTC).", hidden=True)


def register(app: typer.Typer) -> None:
    for command in (roster, access, suspicious, findings, coverage, quarantine):
        app.command(rich_help_panel="What is known")(command)


def roster(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Who holds a seat: User ID, Email, First Name, Last Name, Active Date, and more."""
    who = open_home()
    from seatkeeper.services import inventory

    print_table(
        inventory.roster(who, name),
        form,
        output,
        hide=("Object ID", "Active Date Source"),
        empty=_next_step("Nobody holds a seat, or the roster was not read yet"),
    )


def access(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT, now: str | None = NOW) -> None:
    """When each seat holder last signed in: User ID, Last Login, Evidence, Observed Since, and more."""
    who = open_home()
    from seatkeeper.services import inventory

    print_table(
        inventory.access(who, name, to_clock(now)),
        form,
        output,
        hide=("Object ID",),
        empty=_next_step("Nobody holds a seat, or the roster was not read yet"),
    )


def suspicious(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Who signs in to the product without a seat on its roster."""
    who = open_home()
    from seatkeeper.services import inventory

    print_table(
        inventory.suspicious(who, name),
        form,
        output,
        empty="Nothing suspicious: everybody who signed in holds a seat, as far as sign-ins were read.",
    )


def findings(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT, now: str | None = NOW) -> None:
    """What to do about the seats, each finding with the evidence it stands on."""
    who = open_home()
    from seatkeeper.services import findings as service

    table = service.findings(who, name, to_clock(now))
    print_table(
        table,
        form,
        output,
        hide=() if any(row[table.columns.index("Monthly Cost")] for row in table.rows) else ("Monthly Cost",),
        empty=_next_step("No findings"),
    )


def coverage(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT, now: str | None = NOW) -> None:
    """For which stretches of time the sign-ins are known to be complete."""
    who = open_home()
    from seatkeeper.cli.bar import print_bar
    from seatkeeper.services import inventory

    clock = to_clock(now)
    table = inventory.coverage(who, name, clock)
    if form is Format.TABLE and output is None:
        print_bar(table, inventory.lag(who, name, clock))
    print_table(table, form, output)


def quarantine(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Rows that could not be understood, as they came, with the reason."""
    who = open_home()
    from seatkeeper.services import inventory

    print_table(inventory.quarantine(who, name), form, output, empty="Nothing is quarantined.")


def to_clock(now: str | None) -> Callable[[], int]:
    """This machine's clock, or one that was set by --now."""
    from seatkeeper.clock import fixed_clock, system_clock
    from seatkeeper.errors import BadInput
    from seatkeeper.model import to_instant

    if now is None:
        return system_clock
    try:
        return fixed_clock(to_instant(now))
    except ValueError as error:
        raise BadInput("--now", f"{now!r} is not a time such as 2026-08-01T06:00:00Z.") from error


def _next_step(what: str) -> str:
    return f"{what}. `seatkeeper sync` reads the tenant; `seatkeeper runs` shows how the last reads ended."
