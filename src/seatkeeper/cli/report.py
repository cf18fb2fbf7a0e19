"""report: an application's state on one screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from seatkeeper.cli.bar import draw_bar
from seatkeeper.cli.inventory import OLD_NOW, ignore_now
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, out_to, print_table, say, short_time, to_rich
from seatkeeper.cli.start import open_home

if TYPE_CHECKING:
    from rich.console import Console

    from seatkeeper.services.members import Who
    from seatkeeper.services.reports import Report
    from seatkeeper.tabular.tables import Table

USE = ("Active", "Possibly Active", "Inactive", "Never Seen", "Not Observable")
SHOWN = 25  # people and findings on the screen; all of them are in `access` and `findings`


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="What is known")(report)


def report(
    name: str | None = typer.Argument(None, help="One application; without it, all active ones."),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
    now: str | None = OLD_NOW,
) -> None:
    """Seats bought, assigned and used, the people, what is suspicious, and how complete the history is."""
    ignore_now(now)
    who = open_home()
    from seatkeeper.services import reports

    found = reports.reports(who, name)
    if form is not Format.TABLE:
        print_table(reports.to_table(found), form, output)
    elif not found:
        say("There are no active applications yet. Add one with `seatkeeper apps add microsoft-project`.")
    else:
        with out_to(output) as console:
            for each in found:
                print_report(console, who, each)


def print_report(console: Console, who: Who, report: Report) -> None:
    from seatkeeper.clock import system_clock
    from seatkeeper.model import to_text
    from seatkeeper.services import coverage, findings, roster, suspicious

    name, figures, now = report.application.name, report.figures, system_clock()
    known = coverage.sign_in_coverage(who, name, lambda: now)
    use = " · ".join(f"{figures[column]:,} {column.lower()}" for column in USE)
    begin = figures["Complete From"]
    since = f"sign-ins from {short_time(to_text(begin))} " if isinstance(begin, int) else ""
    console.print(clean(name), style="bold underline")
    console.print(
        f"Seats      {figures['Bought']:,} bought · {figures['Assigned']:,} assigned · "
        f"{figures['Holders']:,} people hold one\n"
        f"Use        {use} (threshold {report.application.threshold_days} days)\n"
        f"History    {since}{coverage.lag_in_words(known, now)}"
    )
    console.print(f"           {draw_bar(known.stretches)}")
    for caution in report.cautions:
        console.print(f"           {caution}")
    hidden = "Object ID", "Last Possible", "Last In Tenant"
    _print_some(console, "People", roster.access(who, name), hidden, f'seatkeeper access "{name}"')
    unlicensed = suspicious.suspicious(who, name)
    _print_some(console, "Suspicious activities", unlicensed, (), f'seatkeeper suspicious "{name}"')
    every = findings.findings(who, name)
    state = every.columns.index("State")
    open_ones = replace(every, rows=[row for row in every.rows if row[state] == "open"])  # what the figure counts
    hidden = "Monthly Cost", "State", "Evidence"
    _print_some(console, "Findings", open_ones, hidden, f'seatkeeper findings "{name}"')
    console.print(
        "Times are in UTC. Each finding says what it stands on: use on a joined device may show in no interactive "
        "sign-in."
    )


def _print_some(console: Console, title: str, table: Table, hide: tuple[str, ...], more: str) -> None:
    console.print(f"\n{title}" + ("" if table.rows else ": none"), style="bold")
    if table.rows:
        console.print(to_rich(table.first(SHOWN), hide))
    if len(table.rows) > SHOWN:
        console.print(f"… and {len(table.rows) - SHOWN:,} more: `{more}`")
