"""migrate and check: the database and the machine."""

from __future__ import annotations

import typer

from seatkeeper.cli.screen import out, say
from seatkeeper.cli.start import set_up


def register(app: typer.Typer) -> None:
    for command in (migrate, check):
        app.command(rich_help_panel="Operation")(command)


def migrate() -> None:
    """Bring the database to this program's shape; every other command does it by itself, too."""
    set_up()
    from seatkeeper.store.schema import migrate as service

    service()
    say("The database has today's shape.")


def check() -> None:
    """What this installation runs on, and what about it should be mended."""
    set_up()
    from seatkeeper.services.machine import look

    failed = False
    for line in look():
        sign = {True: "✓", False: "✗", None: "!"}[line.passed]
        failed = failed or line.passed is False
        out().print(f"{sign} {line.title}: {line.message}")
    if failed:
        raise typer.Exit(2)
