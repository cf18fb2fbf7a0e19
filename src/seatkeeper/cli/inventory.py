"""roster, access, suspicious, findings, coverage, quarantine: what is known of one application."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_home

NAME = typer.Argument(help="Name of the application.", show_default=False)
NOW = typer.Option(None, "--now", help="Answer as of this moment (ISO 8601, UTC).", hidden=True)
OLD_NOW = typer.Option(None, "--now", help="Ignored: figures are as of the last refresh.", hidden=True)


def register(app: typer.Typer) -> None:
    for command in (roster, access, suspicious, findings, coverage, quarantine):
        app.command(rich_help_panel="What is known")(command)


def roster(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Who holds a seat: User ID, Email, First Name, Last Name, Active Date, and more."""
    who = open_home()
    from seatkeeper.services import roster

    print_table(
        roster.roster(who, name),
        form,
        output,
        hide=("Object ID", "Active Date Source"),
        empty=_next_step("Nobody holds a seat, or the roster has not been read yet"),
    )


def access(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT, now: str | None = OLD_NOW) -> None:
    """When each seat holder last signed in: User ID, Last Login, Evidence, Observed Since, and more."""
    ignore_now(now)
    who = open_home()
    from seatkeeper.services import roster

    print_table(
        roster.access(who, name),
        form,
        output,
        hide=("Object ID",),
        empty=_next_step("Nobody holds a seat, or the roster has not been read yet"),
    )


def suspicious(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Who signs in to the product without a seat on its roster."""
    who = open_home()
    from seatkeeper.services import suspicious

    print_table(
        suspicious.suspicious(who, name),
        form,
        output,
        empty="Nothing suspicious: everybody who signed in holds a seat, as far as sign-ins have been read.",
    )


def findings(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT, now: str | None = OLD_NOW) -> None:
    """What to do about the seats, each finding with the evidence it stands on."""
    ignore_now(now)
    who = open_home()
    from seatkeeper.services import findings as service

    table = service.findings(who, name)
    print_table(
        table,
        form,
        output,
        hide=() if any(row[table.columns.index("Monthly Cost")] for row in table.rows) else ("Monthly Cost",),
        empty=_next_step("No findings"),
    )


def coverage(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT, now: str | None = NOW) -> None:
    """The periods for which sign-ins are known to be complete."""
    who = open_home()
    from seatkeeper.cli.bar import print_bar
    from seatkeeper.cli.screen import out
    from seatkeeper.services import coverage

    clock = to_clock(now)
    found = coverage.sign_in_coverage(who, name, clock)
    if form is Format.TABLE and output is None:
        print_bar(found.stretches)
        lag = coverage.lag_in_words(found, clock())
        out().print(f"{lag.capitalize()}." if found.known_until is None else f"Sign-ins are {lag}.")
    print_table(coverage.coverage_table(found), form, output)


def quarantine(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Rows that could not be understood, as received, with the reason."""
    who = open_home()
    from seatkeeper.services import coverage

    print_table(coverage.quarantine(who, name), form, output, empty="Nothing is quarantined.")


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


def ignore_now(now: str | None) -> None:
    """Figures are stored as of a moment, and `sync --now` sets that; what scripts passed here is checked, no more."""
    to_clock(now)
    if now is not None:
        say("Deprecated: --now has no effect here. Figures are as of the last sync or change; see `sync --now`.")


def _next_step(what: str) -> str:
    return f"{what}. `seatkeeper sync` reads the tenant; `seatkeeper runs` shows how the latest runs ended."
