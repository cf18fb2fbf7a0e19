"""apps: the managed SaaS applications."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, out, print_table, say
from seatkeeper.cli.start import open_home

if TYPE_CHECKING:
    from seatkeeper.store.models import Application

app = typer.Typer(help="Managed SaaS applications: add, authorize, edit, deactivate.", no_args_is_help=True)

NAME = typer.Argument(help="Name of the application.", show_default=False)
SECRET_FILE = typer.Option(None, "--client-secret-file", help="File that holds the secret's value.")
CERTIFICATE_FILE = typer.Option(
    None, "--client-certificate-file", help="PEM file that holds a certificate and its private key."
)
TASK = typer.Option(
    None, "--task", help="roster, access, licenses or activity; repeat for several. Default: the first three."
)
THRESHOLD = typer.Option(60, "--threshold", help="Days without a sign-in until somebody counts as inactive.")
CA_FILE = typer.Option(None, "--ca-file", help="PEM file of the authorities to trust, e.g. of a TLS proxy.")


@app.command()
def add(
    product: str = typer.Argument(help="What to manage: microsoft-project.", show_default=False),
    name: str = typer.Option(..., "--name", help="What to call it; unique."),
    tenant_id: str = typer.Option(..., "--tenant-id", help="Directory (tenant) ID."),
    client_id: str = typer.Option(..., "--client-id", help="Application (client) ID."),
    secret_file: Path | None = SECRET_FILE,
    certificate_file: Path | None = CERTIFICATE_FILE,
    task: list[str] | None = TASK,
    threshold: int = THRESHOLD,
    tags: str = typer.Option("", "--tags", help="Your own words for it, comma separated."),
    cloud: str = typer.Option("global", "--cloud", help="global, usgov, dod or china."),
    login_url: str | None = typer.Option(None, "--login-url", help="Own token endpoint (https)."),
    graph_url: str | None = typer.Option(None, "--graph-url", help="Own Graph endpoint (https)."),
    ca_file: Path | None = CA_FILE,
) -> None:
    """Add an application. Without a credential file the secret is asked for."""
    from seatkeeper.errors import BadInput

    if secret_file and certificate_file:
        raise BadInput("--client-secret-file", "give either a secret or a certificate, not both.")
    who = open_home()
    from seatkeeper.services.applications import NewApplication, add_application

    certificate = _read(certificate_file, "--client-certificate-file")
    secret = _read(secret_file, "--client-secret-file") if certificate is None else None
    if certificate is None and secret is None:
        secret = _ask_secret()
    application = add_application(
        who,
        NewApplication(
            product=product,
            name=name,
            tenant_id=tenant_id,
            client_id=client_id,
            secret=secret,
            certificate=certificate,
            tasks=task or (),
            threshold_days=threshold,
            tags=tags,
            cloud=cloud,
            login_url=login_url,
            graph_url=graph_url,
            ca_file=str(ca_file.absolute()) if ca_file else None,
        ),
    )
    say(f"Added {application.name!r}. Next: `seatkeeper apps authorize {_quoted(application.name)}` checks the")
    say(f"tenant, `seatkeeper sync {_quoted(application.name)}` reads it.")


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _read(path: Path | None, field: str) -> str | None:
    if path is None:
        return None
    from seatkeeper.services.connections import is_readable_by_others, read_credential_file

    text = read_credential_file(path, field)
    if is_readable_by_others(path):
        say(f"Warning: other users of this machine can read {path}. Run `chmod 600 {path}`, or delete it now.")
    return text


def _ask_secret() -> str:
    from seatkeeper.errors import BadInput

    if not sys.stdin.isatty():
        raise BadInput("--client-secret-file", "no credential was given. Name a file that holds the secret's value.")
    answer: str = typer.prompt("Client secret (value)", hide_input=True, err=True)
    return answer


@app.command("list")
def list_(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """All managed applications."""
    who = open_home()
    from seatkeeper.services.applications import list_applications
    from seatkeeper.services.findings import health
    from seatkeeper.services.tables import Table

    rows = [
        (a.name, a.product, a.connection.tenant_id, a.threshold_days, a.tags, a.active, health(a))
        for a in list_applications(who)
    ]
    columns = ("Name", "Product", "Tenant ID", "Threshold", "Tags", "Active", "Health")
    print_table(
        Table(columns, rows),
        form,
        output,
        empty="No application yet. Add one with `seatkeeper apps add microsoft-project`.",
    )


@app.command()
def show(name: str = NAME) -> None:
    """Everything about one application except its secret."""
    who = open_home()
    from seatkeeper.services.applications import find_application

    _show(find_application(who, name))


def _show(application: Application) -> None:
    from seatkeeper.model import to_text
    from seatkeeper.services.applications import list_ticked_tasks

    connection = application.connection
    expires = connection.credential_expires
    lines = {
        "Name": application.name,
        "Product": application.product,
        "Tenant ID": connection.tenant_id,
        "Client ID": connection.client_id,
        "Credential": f"{connection.credential_kind}, sealed"
        + (f", expires {to_text(expires)[:10]}" if expires else ""),
        "Cloud": connection.cloud,
        "Login": connection.login_url,
        "Graph": connection.graph_url,
        "CA file": connection.ca_file or "–",
        "Tasks": ", ".join(list_ticked_tasks(application)) or "none",
        "Threshold": f"{application.threshold_days} days",
        "Tags": application.tags or "–",
        "Active": "yes" if application.active else "no, deactivated",
    }
    for label, text in lines.items():
        out().print(f"{label:<11} {clean(text)}")


@app.command()
def edit(
    name: str = NAME,
    new_name: str | None = typer.Option(None, "--name", help="A new name."),
    threshold: int | None = typer.Option(None, "--threshold", help="Days until inactive."),
    tags: str | None = typer.Option(None, "--tags", help="Comma separated."),
    task: list[str] | None = TASK,
    client_id: str | None = typer.Option(None, "--client-id", help="Another app registration."),
    secret_file: Path | None = SECRET_FILE,
    certificate_file: Path | None = CERTIFICATE_FILE,
    ca_file: Path | None = CA_FILE,
) -> None:
    """Change what is given; everything else stays."""
    who = open_home()
    from seatkeeper.services.applications import Edit, edit_application

    application = edit_application(
        who,
        name,
        Edit(
            name=new_name,
            threshold_days=threshold,
            tags=tags,
            tasks=task or None,
            client_id=client_id,
            secret=_read(secret_file, "--client-secret-file"),
            certificate=_read(certificate_file, "--client-certificate-file"),
            ca_file=str(ca_file.absolute()) if ca_file else None,
        ),
    )
    say(f"Changed {application.name!r}.")
    if secret_file or certificate_file or client_id:
        say(f"Next: `seatkeeper apps authorize {_quoted(application.name)}` tries the new credential.")


@app.command()
def authorize(name: str = NAME) -> None:
    """Check everything that must hold at Microsoft, one by one, with the way to mend what does not."""
    who = open_home()
    from seatkeeper.services.applications import authorize as service

    failed = False
    for check in service(who, name):
        sign, colour = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "yellow")}[check.passed]
        failed = failed or check.passed is False
        typer.echo(typer.style(f"{sign} {check.title}", fg=colour) + f"\n    {check.message}")
    if failed:
        say("Not everything holds. What does not need the failed checks can run all the same.")
        raise typer.Exit(3)
    say(f"Authorized. Next: `seatkeeper sync {_quoted(name)}`.")


@app.command()
def deactivate(name: str = NAME) -> None:
    """Neither read nor count it any more; nothing is deleted."""
    _set_active(name, active=False)


@app.command()
def reactivate(name: str = NAME) -> None:
    """Read and count it again."""
    _set_active(name, active=True)


def _set_active(name: str, *, active: bool) -> None:
    who = open_home()
    from seatkeeper.services.applications import set_active

    set_active(who, name, active=active)
    say(f"{name!r} is {'active again' if active else 'deactivated; `seatkeeper apps reactivate` undoes it'}.")


@app.command()
def delete(name: str = NAME, yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask.")) -> None:
    """Delete it, and with the last application of a tenant everything that was read of it."""
    from seatkeeper.errors import BadInput

    who = open_home()
    from seatkeeper.services.applications import delete_application, find_application

    find_application(who, name)
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput("--yes", f"deleting {name!r} cannot be undone; say --yes to do it without being asked.")
        typer.confirm(f"Delete {name!r} with its history? This cannot be undone", abort=True, err=True)
    emptied = delete_application(who, name)
    say(f"Deleted {name!r}" + (" and everything that was read of its tenant." if emptied else "."))


@app.command()
def report(
    name: str = NAME,
    file: Path = typer.Argument(help="Project activity report of the admin center, CSV or XLSX.", dir_okay=False),
    period: int | None = typer.Option(None, "--period", help="Days it looks back, if the file does not say."),
    until: str = typer.Option("", "--until", help="Its refresh date (2026-08-01), if the file does not say."),
) -> None:
    """Take over Microsoft's activity report: use that sign-ins do not show."""
    who = open_home()
    from seatkeeper.cli.screen import complain, read_file
    from seatkeeper.services import activity_reports

    body = read_file(file)
    found = activity_reports.preview(who, name, body, file.name, period=period, until=until)
    for error in found.errors:
        complain(f"row {error.number}, {error.column}: {clean(error.message)}")
    if found.errors:
        say("Nothing was imported.")
        raise typer.Exit(2)
    activity_reports.import_report(who, name, body, file.name, period=period, until=until)
    say(f"{len(found.rows)} people were imported; {len(found.unknown)} of them hold no seat here.")
    for user_id in found.unknown[: activity_reports.SHOWN]:
        say(f"  {clean(user_id)}")
