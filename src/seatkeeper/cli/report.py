"""report: how an application stands, on one screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from seatkeeper.cli.bar import draw_bar
from seatkeeper.cli.inventory import NOW, to_clock
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, out, print_table, say, short_time, to_rich
from seatkeeper.cli.start import open_home

if TYPE_CHECKING:
    from rich.console import Console

    from seatkeeper.clock import Clock
    from seatkeeper.services.findings import Report
    from seatkeeper.services.members import Who
    from seatkeeper.services.tables import Table

SHOWN = 25  # people and findings on the screen; all of them are in `access` and `findings`


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="What is known")(report)


def report(
    name: str | None = typer.Argument(None, help="One application; without it, all active ones."),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
    now: str | None = NOW,
) -> None:
    """Seats bought, assigned and used, the people, what is suspicious, and how complete the history is."""
    who = open_home()
    from seatkeeper.services import findings as service

    clock = to_clock(now)
    found = service.reports(who, name, clock)
    if form is not Format.TABLE:
        print_table(service.report_table(found), form, output)
    elif not found:
        say("No active application yet. Add one with `seatkeeper apps add microsoft-project`.")
    else:
        console = out(output)
        for each in found:
            print_report(console, who, each, clock)


def print_report(console: Console, who: Who, report: Report, clock: Clock) -> None:
    from seatkeeper.insights.evidence import Activity
    from seatkeeper.services import inventory

    name = report.application.name
    console.print(clean(name), style="bold underline")
    use = " · ".join(f"{report.activity[kind]:,} {kind}" for kind in Activity)
    console.print(
        f"Seats      {report.bought:,} bought · {report.assigned:,} assigned · "
        f"{len(report.picture.holders):,} people hold one\n"
        f"Use        {use} (threshold {report.application.threshold_days} days)\n"
        f"History    {_history(who, report, clock)}"
    )
    console.print(f"           {draw_bar(inventory.coverage(who, name, clock))}")
    if report.caution:
        console.print(f"           {report.caution}")
    _print_some(
        console,
        "People",
        inventory.access(who, name, clock),
        ("Object ID", "Last Possible", "Last In Tenant"),
        f'seatkeeper access "{name}"',
    )
    _print_some(console, "Suspicious activities", report.suspicious, (), f'seatkeeper suspicious "{name}"')
    _print_some(
        console, "Findings", report.findings, ("Monthly Cost", "State", "Evidence"), f'seatkeeper findings "{name}"'
    )
    console.print("Times are in UTC. Sign-ins are interactive ones only: no sign-in seen is not proof of no use.")


def _history(who: Who, report: Report, clock: Clock) -> str:
    from seatkeeper.model import to_text
    from seatkeeper.services import inventory

    observed, lag = report.picture.observed, inventory.lag(who, report.application.name, clock)
    return f"sign-ins from {short_time(to_text(observed.start))} {lag}" if observed else lag


def _print_some(console: Console, title: str, table: Table, hide: tuple[str, ...], more: str) -> None:
    from seatkeeper.services.tables import Table

    console.print(f"\n{title}" + ("" if table.rows else ": none"), style="bold")
    if table.rows:
        console.print(to_rich(Table(table.columns, table.rows[:SHOWN], table.times), hide))
    if len(table.rows) > SHOWN:
        console.print(f"… and {len(table.rows) - SHOWN:,} more: `{more}`")
