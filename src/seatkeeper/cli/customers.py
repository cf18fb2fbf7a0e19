"""apps import, connections rotate and connections authorize: many tenants at once."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import typer

from seatkeeper.cli.apps import CERTIFICATE_FILE, FIELD, PASSWORD_FILE, SECRET_EXPIRES, SECRET_FILE
from seatkeeper.cli.credentials import ask_secret, read_credential, read_fields
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, complain, print_table, read_file, say
from seatkeeper.cli.start import open_home

FILE = typer.Argument(help="CSV or XLSX, a row a tenant; docs/onboarding.md names the columns.", dir_okay=False)


def register(apps: typer.Typer, connections: typer.Typer) -> None:
    apps.command("import")(import_file)
    connections.command("rotate")(rotate)
    connections.command("authorize")(authorize)


def import_file(
    file: Path = FILE,
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would be added, and what is wrong."),
    only_good: bool = typer.Option(False, "--only-good", help="Add the rows that are right although others are not."),
    check: bool = typer.Option(False, "--authorize", help="Check every tenant at the vendor afterwards."),
    encoding: str = typer.Option("", "--encoding", help="utf-8, utf-16 or cp1252; default: detected."),
) -> None:
    """Add the tenants of a list. Nothing is added while a row is wrong, and no tenant is contacted."""
    who = open_home()
    from seatkeeper.services import consent_links, customers, tenant_checks

    preview = customers.preview_file(who, read_file(file), file.name, encoding, file.parent)
    for wrong in preview.wrong:
        complain(str(wrong))
    if dry_run:
        say(f"{len(preview.good):,} of {preview.rows:,} rows are right. This was a dry run: nothing was added.")
        raise typer.Exit(2 if preview.wrong else 0)
    added = customers.add(who, preview, only_good=only_good)
    say(f"{added.words}.")
    for link in added.links:
        typer.echo(f"{link.customer}\t{consent_links.address(who, link)}")
    if check and added.connections:
        tenant_checks.ask(who, added.connections)
        _follow(None, Format.TABLE)


def rotate(
    client_id: str = typer.Argument(help="Application (client) ID that the tenants are read as.", show_default=False),
    secret_file: Path | None = SECRET_FILE,
    secret_expires: str | None = SECRET_EXPIRES,
    certificate_file: Path | None = CERTIFICATE_FILE,
    password_file: Path | None = PASSWORD_FILE,
    field: list[str] = FIELD,
) -> None:
    """Replace the credential of every tenant that is read as one app registration. It is tried first."""
    who = open_home()
    from seatkeeper.services import app_registrations

    fields = read_fields(field, password_file, secret_expires)
    if (certificate := read_credential(certificate_file, "--client-certificate-file", binary=True)) is not None:
        fields["client_certificate"] = certificate
    elif "credential" not in fields:
        fields["client_secret"] = read_credential(secret_file, "--client-secret-file") or ask_secret()
    number = app_registrations.rotate(who, client_id, fields)
    say(f"The new credential was tried and works. It replaced that of {number:,} tenant{'' if number == 1 else 's'}.")


def authorize(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """Check every requirement of every tenant, some at once, and list what does not hold."""
    who = open_home()
    from seatkeeper.services import tenant_checks

    tenant_checks.ask(who)
    _follow(output, form)


def _follow(output: Path | None, form: Format) -> None:
    """Check, show how far it is, and list the results. Exit code 3 when a tenant needs somebody."""
    who = open_home()
    from seatkeeper.services import tenant_checks
    from seatkeeper.services.listings import tenant_checks as listing
    from seatkeeper.services.listings.base import Question

    stop = threading.Event()
    worker = threading.Thread(target=tenant_checks.run, args=(who, stop), daemon=True)
    worker.start()
    try:
        _show_progress(worker)
    finally:
        stop.set()
    worker.join()
    listed = listing.LISTING.export(listing.rows(who), Question())
    print_table(listed, form, output, hide=("Asked", "Asked by"), empty=listing.LISTING.empty)
    if tenant_checks.progress(who).failed:
        say("Not every tenant passed. Tasks that do not depend on a failed check can run all the same.")
        raise typer.Exit(3)


def _show_progress(worker: threading.Thread) -> None:
    """A bar on a terminal. A server beside us may have taken some of them: they are waited for, too."""
    from rich.console import Console
    from rich.progress import Progress

    from seatkeeper.services import tenant_checks

    who = open_home()
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:
        bar = bars.add_task("Tenants checked", total=None)
        while True:
            worker.join(0.3)
            found = tenant_checks.progress(who)
            bars.update(bar, total=found.total, completed=found.done)
            if found.is_over:
                return
