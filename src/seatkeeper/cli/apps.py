"""apps: the managed SaaS applications."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from seatkeeper.cli.credentials import ask_secret, confirm_addresses, read_authorities, read_credential, read_fields
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, complain, out, print_table, read_file, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="Managed SaaS applications: add, authorize, edit, deactivate.", no_args_is_help=True)

NAME = typer.Argument(help="Name of the application.", show_default=False)
SECRET_FILE = typer.Option(None, "--client-secret-file", help="File that holds the secret's value.")
CERTIFICATE_FILE = typer.Option(
    None, "--client-certificate-file", help="PEM or PFX file that holds a certificate and its private key."
)
PASSWORD_FILE = typer.Option(
    None, "--client-certificate-password-file", help="File that holds the password of the certificate's file."
)
SECRET_EXPIRES = typer.Option(
    None, "--client-secret-expires", help="Day on which the secret ends, such as 2027-08-01, for warnings."
)
TASK = typer.Option(
    None, "--task", help="roster, access, licenses or activity; repeat for several. Default: the first three."
)
COLUMNS = {
    "Name": "name",
    "Product": "product",
    "Tenant ID": "tenant",
    "Threshold": "threshold_days",
    "Tags": "tags",
    "Active": "active",
    "Health": "health",
}
THRESHOLD = typer.Option(60, "--threshold", help="Days without a sign-in after which somebody counts as inactive.")
FIELD = typer.Option(
    [], "--field", help="KEY=VALUE of the product's form, or KEY=@FILE for a file's text; repeat for several."
)
LOGIN_URL = typer.Option(None, "--login-url", help="Custom token endpoint (https).")
GRAPH_URL = typer.Option(None, "--graph-url", help="Custom Graph endpoint (https).")
CA_FILE = typer.Option(None, "--ca-file", help="PEM file of certificate authorities to trust, e.g. of a TLS proxy.")


@app.command()
def add(
    product: str = typer.Argument(help="What to manage, such as microsoft-project.", show_default=False),
    name: str = typer.Option(..., "--name", help="What to call it; unique."),
    tenant_id: str | None = typer.Option(None, "--tenant-id", help="Directory (tenant) ID."),
    client_id: str | None = typer.Option(
        None, "--client-id", help="Application (client) ID; not needed for a tenant that is read already."
    ),
    secret_file: Path | None = SECRET_FILE,
    secret_expires: str | None = SECRET_EXPIRES,
    certificate_file: Path | None = CERTIFICATE_FILE,
    password_file: Path | None = PASSWORD_FILE,
    task: list[str] | None = TASK,
    threshold: int = THRESHOLD,
    tags: str = typer.Option("", "--tags", help="Your own labels, comma separated."),
    cloud: str | None = typer.Option(None, "--cloud", help="global (the default), usgov, dod or china."),
    login_url: str | None = LOGIN_URL,
    graph_url: str | None = GRAPH_URL,
    ca_file: Path | None = CA_FILE,
    field: list[str] = FIELD,
) -> None:
    """Add an application. Asks for the secret, unless a file holds it or the tenant is read already."""
    from seatkeeper.errors import BadInput

    if secret_file and certificate_file:
        raise BadInput("--client-secret-file", "give either a secret or a certificate, not both.")
    who = open_home()
    from seatkeeper.services.applications import NewApplication, add_application
    from seatkeeper.services.tenants import list_sharing

    sharing = list_sharing(who, product, tenant_id or "")
    certificate = read_credential(certificate_file, "--client-certificate-file", binary=True)
    secret = read_credential(secret_file, "--client-secret-file") if certificate is None else None
    fields = read_fields(field, password_file, secret_expires)
    if certificate is None and secret is None and client_id is not None and not sharing and "credential" not in fields:
        secret = ask_secret()
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
            ca_file=read_authorities(ca_file),
            fields=fields,
        ),
    )
    if sharing:
        replaced = "; its credential was replaced by the new one" if secret or certificate else ""
        say(f"It shares the connection of {' and '.join(map(repr, sharing))}{replaced}.")
    say(f"Added {application.name!r}. Next: `seatkeeper apps authorize {_quoted(application.name)}` checks the")
    say(f"tenant, `seatkeeper sync {_quoted(application.name)}` reads it.")


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


@app.command("list")
def list_(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """List all managed applications."""
    who = open_home()
    from seatkeeper.services.listings import applications
    from seatkeeper.services.listings.base import to_table

    print_table(
        to_table(applications.rows(who).order_by("name"), COLUMNS),
        form,
        output,
        empty="There are no applications yet. Add one with `seatkeeper apps add microsoft-project`.",
    )


@app.command()
def show(name: str = NAME) -> None:
    """Show everything about one application except its secret."""
    who = open_home()
    from seatkeeper.model import to_text
    from seatkeeper.services.addresses import list_own
    from seatkeeper.services.applications import find_application, list_ticked
    from seatkeeper.services.catalogue import FEDERATED
    from seatkeeper.services.tenants import same_tenant_as

    application = find_application(who, name)
    connection = application.connection
    expires, is_federated = connection.credential_expires, connection.credential_kind == FEDERATED
    lines = {
        "Name": application.name,
        "Product": application.product,
        "Tenant ID": connection.tenant_id,
        "Directory": (connection.directory_id or "unknown until the first contact")
        + (f", which {twins} reads, too" if (twins := same_tenant_as(who, application)) else ""),
        "Client ID": connection.client_id,
        "Credential": f"{connection.credential_kind}, {'of this server' if is_federated else 'sealed'}"
        + (f", expires {to_text(expires)[:10]}" if expires else ""),
        "Cloud": connection.cloud,
        "Login": connection.login_url,
        "Graph": connection.graph_url,
        "CA file": "given as PEM text" if connection.ca_file.startswith("-----") else connection.ca_file or "–",
        "Caution": "not the vendor's own addresses; the credential is sent there" if list_own(connection) else "",
        "Tasks": ", ".join(task.title for task in list_ticked(who, application)) or "none",
        "Threshold": f"{application.threshold_days} days",
        "Tags": application.tags or "–",
        "Active": "yes" if application.active else "no, deactivated",
    }
    for label, text in lines.items():
        if text:
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
    secret_expires: str | None = SECRET_EXPIRES,
    certificate_file: Path | None = CERTIFICATE_FILE,
    password_file: Path | None = PASSWORD_FILE,
    login_url: str | None = LOGIN_URL,
    graph_url: str | None = GRAPH_URL,
    ca_file: Path | None = CA_FILE,
    field: list[str] = FIELD,
) -> None:
    """Change what is given; everything else stays."""
    who = open_home()
    from seatkeeper.services.addresses import list_own
    from seatkeeper.services.applications import Edit, edit_application, find_application

    has_credential = secret_file is not None or certificate_file is not None
    if has_credential and login_url is None:
        confirm_addresses(list_own(find_application(who, name).connection))

    application = edit_application(
        who,
        name,
        Edit(
            name=new_name,
            threshold_days=threshold,
            tags=tags,
            tasks=task or None,
            client_id=client_id,
            secret=read_credential(secret_file, "--client-secret-file"),
            certificate=read_credential(certificate_file, "--client-certificate-file", binary=True),
            login_url=login_url,
            graph_url=graph_url,
            ca_file=read_authorities(ca_file),
            fields=read_fields(field, password_file, secret_expires),
        ),
    )
    say(f"Changed {application.name!r}." + (" The new credential was tried first and works." if has_credential else ""))
    if has_credential or client_id or field:
        say(f"Next: `seatkeeper apps authorize {_quoted(application.name)}` checks what may be read with it.")


@app.command()
def authorize(name: str = NAME) -> None:
    """Check every requirement at the vendor, one by one, and say how to fix what fails."""
    who = open_home()
    from seatkeeper.services.applications import authorize as service

    failed = False
    for check in service(who, name):
        sign, colour = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "yellow")}[check.passed]
        failed = failed or check.passed is False
        typer.echo(typer.style(f"{sign} {check.title}", fg=colour) + f"\n    {check.message}")
    if failed:
        say("Not every check passed. Tasks that do not depend on a failed check can run all the same.")
        raise typer.Exit(3)
    say(f"Authorized. Next: `seatkeeper sync {_quoted(name)}`.")


@app.command()
def deactivate(name: str = NAME) -> None:
    """Stop reading and counting it; nothing is deleted."""
    _set_active(name, active=False)


@app.command()
def reactivate(name: str = NAME) -> None:
    """Start reading and counting it again."""
    _set_active(name, active=True)


def _set_active(name: str, *, active: bool) -> None:
    who = open_home()
    from seatkeeper.services.applications import set_active

    set_active(who, name, active=active)
    say(f"{name!r} is {'active again' if active else 'deactivated; `seatkeeper apps reactivate` undoes it'}.")


@app.command()
def delete(name: str = NAME, yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask.")) -> None:
    """Delete it, and with a tenant's last application everything that was read from the tenant."""
    from seatkeeper.errors import BadInput

    who = open_home()
    from seatkeeper.services.applications import delete_application, find_application

    find_application(who, name)
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput("--yes", f"deleting {name!r} cannot be undone; say --yes to do it without being asked.")
        typer.confirm(f"Delete {name!r} with its history? This cannot be undone", abort=True, err=True)
    emptied = delete_application(who, name)
    say(f"Deleted {name!r}" + (" and everything that was read from its tenant." if emptied else "."))


@app.command()
def report(
    name: str = NAME,
    file: Path = typer.Argument(help="The activity report that the vendor exports, CSV or XLSX.", dir_okay=False),
    period: int | None = typer.Option(None, "--period", help="Days it covers, if the file does not say."),
    until: str = typer.Option("", "--until", help="Its refresh date (2026-08-01), if the file does not say."),
    anyway: bool = typer.Option(False, "--anyway", help="Take it although it knows less than the current report."),
) -> None:
    """Import the vendor's activity report, which shows use that sign-ins do not."""
    who = open_home()
    from seatkeeper.services import activity_reports

    body = read_file(file)
    found = activity_reports.preview(who, name, body, file.name, period=period, until=until, anyway=anyway)
    for error in found.errors:
        complain(clean(str(error)))
    if found.errors:
        say("Nothing was imported.")
        raise typer.Exit(2)
    activity_reports.import_report(who, name, body, file.name, period=period, until=until, anyway=anyway)
    say(f"{len(found.rows)} people were imported; {len(found.unknown)} of them hold no seat here. {found.taken}")
    for text in (*map(str, found.notes), *found.unknown[: activity_reports.SHOWN]):
        say(f"  {clean(text)}")
