"""migrate, check, backup, restore and prune: the database and the machine."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, out, print_table, say
from seatkeeper.cli.start import open_with_any_key, set_up


def register(app: typer.Typer) -> None:
    for command in (migrate, check, backup, backups, restore, prune):
        app.command(rich_help_panel="Operation")(command)


def migrate(
    plan: bool = typer.Option(False, "--plan", help="Only list what would be done, and about how long it takes."),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
) -> None:
    """Bring the database to the schema of this version; every other command does so by itself, too."""
    set_up()
    from seatkeeper.services import machine

    if plan:
        print_table(machine.plan_migration(), form, output)
        return
    if (copy := machine.migrate()) is not None:
        say(f"The database as it was before is in {copy}; `seatkeeper restore` leads back to it.")
    say("The database is up to date.")


def check(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """What holds in this installation, and what to do where something does not. Exit code 2 when something is wrong."""
    set_up()
    from seatkeeper.services.machine import look, to_table
    from seatkeeper.web import server

    lines = [*look(), server.look()]
    if form is Format.TABLE and output is None:
        for line in lines:
            sign = {True: "✓", False: "✗", None: "!"}[line.passed]
            out().print(f"{sign} {line.title}: {line.message}")
    else:
        print_table(to_table(lines), form, output)
    if any(line.passed is False for line in lines):
        raise typer.Exit(2)


def backup(file: Path = typer.Argument(help="The file to make; it must not be there yet.")) -> None:
    """Copy the database as it is at one moment into a file, while everybody works on."""
    set_up()
    from seatkeeper.services import backups

    header = backups.make(file)
    say(f"{file} holds the {header.engine} database of {header.made}, {file.stat().st_size:,} bytes.")
    say("It does not hold the key that opens credentials: keep secret.key (or SEATKEEPER_SECRET_KEY) elsewhere, too.")


def backups(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """The backups that were made, newest first, and what became of each."""
    open_with_any_key()
    from seatkeeper.services import backups as service

    print_table(service.list_backups(), form, output)


def prune(
    dry_run: bool = typer.Option(False, "--dry-run", help="Only count what would be deleted."),
    rewrite: bool = typer.Option(False, "--rewrite", help="Then write a SQLite file anew; nobody else can write then."),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
) -> None:
    """Delete what is older than the settings say, as the scheduler does every hour."""
    open_with_any_key()
    from seatkeeper.services import retention

    if dry_run:
        print_table(retention.to_table(retention.list_old()), form, output)
        return
    retention.prune(lambda title, rows: say(f"{title}: {rows:,} rows deleted."))
    if rewrite and (sizes := retention.rewrite()) is not None:
        say(f"The database file had {sizes[0]:,} bytes and has {sizes[1]:,}.")


def restore(
    file: Path = typer.Argument(help="A file that `seatkeeper backup` has made."),
    replace: bool = typer.Option(False, "--replace", help="Give up the data that the database has now."),
) -> None:
    """Put a backup in the place of the database. Stop every process of Seatkeeper first."""
    set_up()
    from seatkeeper.services import backups

    done = backups.restore(file, replace=replace)
    say(f"The database is that of {done.header.made}, made by Seatkeeper {done.header.version}.")
    if done.opened == done.sealed:
        say(f"The key at hand opens all {done.sealed} saved credentials.")
    else:
        say(
            f"The key at hand opens {done.opened} of {done.sealed} saved credentials. Set the SEATKEEPER_SECRET_KEY "
            "that was used then (by default the file secret.key in SEATKEEPER_HOME), or edit these applications and "
            "give their credentials again."
        )
