"""consent: customers join by a link that their administrator opens."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.apps import (
    CA_FILE,
    CERTIFICATE_FILE,
    FIELD,
    GRAPH_URL,
    LOGIN_URL,
    PASSWORD_FILE,
    SECRET_EXPIRES,
    SECRET_FILE,
    TASK,
    THRESHOLD,
)
from seatkeeper.cli.credentials import ask_secret, read_authorities, read_credential, read_fields
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="Customers join by a link to admin consent.", no_args_is_help=True)

LINK = typer.Argument(help="Number of the link, as `seatkeeper consent list` shows it.", show_default=False)


@app.command()
def register(
    tenant_id: str = typer.Option(..., "--tenant-id", help="Directory (tenant) ID of the registration's own tenant."),
    client_id: str = typer.Option(..., "--client-id", help="Application (client) ID of the registration."),
    secret_file: Path | None = SECRET_FILE,
    secret_expires: str | None = SECRET_EXPIRES,
    certificate_file: Path | None = CERTIFICATE_FILE,
    password_file: Path | None = PASSWORD_FILE,
    cloud: str | None = typer.Option(None, "--cloud", help="global (the default), usgov, dod or china."),
    login_url: str | None = LOGIN_URL,
    graph_url: str | None = GRAPH_URL,
    ca_file: Path | None = CA_FILE,
    field: list[str] = FIELD,
) -> None:
    """Keep the organization's own multi-tenant app registration. Its credential is tried first."""
    who = open_home()
    from seatkeeper.services import app_registrations

    fields = read_fields(field, password_file, secret_expires) | {"tenant_id": tenant_id, "client_id": client_id}
    if (certificate := read_credential(certificate_file, "--client-certificate-file", binary=True)) is not None:
        fields["client_certificate"] = certificate
    elif "credential" not in fields:
        fields["client_secret"] = read_credential(secret_file, "--client-secret-file") or ask_secret()
    elsewhere = {"cloud": cloud, "login_url": login_url, "graph_url": graph_url, "ca_file": read_authorities(ca_file)}
    app_registrations.keep(who, fields | {key: text for key, text in elsewhere.items() if text is not None})
    say("The app registration is kept. Register this redirect URI with it, of the kind Web:")
    typer.echo(app_registrations.redirect_uri(who))


@app.command()
def unregister() -> None:
    """Forget the app registration. Tenants that have joined are read on."""
    who = open_home()
    from seatkeeper.services import app_registrations

    app_registrations.forget(who)
    say("Forgotten. Tenants that have joined are read on; links that nobody has answered lead nowhere.")


@app.command()
def link(
    customer: str = typer.Argument(help="What to call the customer.", show_default=False),
    product: list[str] = typer.Option(..., "--product", help="What to manage; repeat for several."),
    tenant_id: str = typer.Option("", "--tenant-id", help="The only tenant that may answer: its id or a domain."),
    task: list[str] | None = TASK,
    tags: str = typer.Option("", "--tags", help="Your own labels, comma separated."),
    threshold: int = THRESHOLD,
) -> None:
    """Make a link for a customer's administrator, and print it."""
    who = open_home()
    from seatkeeper.services import consent_links

    made = consent_links.make(who, consent_links.NewLink(customer, tenant_id, product, task or (), tags, threshold))
    typer.echo(consent_links.address(who, made))
    say("Send it to the customer's administrator. It is good for one consent, within 14 days.")


@app.command("list")
def list_(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """List the links with what became of each."""
    who = open_home()
    from seatkeeper.services.listings import consent_links as listing
    from seatkeeper.services.listings.base import to_table

    columns = {"Number": "pk"} | {column.title: column.key for column in listing.LISTING.columns}
    rows = listing.rows(who).order_by("-made", "-pk")
    hidden = ("Tenant", "Answered by", "Tags", "Made by")
    print_table(
        to_table(rows, columns, ("Made", "Valid until")), form, output, hide=hidden, empty=listing.LISTING.empty
    )


@app.command()
def show(number: int = LINK) -> None:
    """Print the address of a link that can still be answered, and what became of it."""
    who = open_home()
    from seatkeeper.services import consent_links

    found = consent_links.find(who, number)
    if address := consent_links.address(who, found):
        typer.echo(address)
    say(clean(f"{found.customer}: {found.status}. {found.message}".strip()))


@app.command()
def withdraw(number: int = LINK) -> None:
    """Let nobody answer a link any more."""
    who = open_home()
    from seatkeeper.services import consent_links

    consent_links.withdraw(who, number)
    say("Withdrawn.")


@app.command()
def retry(number: int = LINK) -> None:
    """Ask for a token again, where an administrator has consented and Microsoft still refuses."""
    who = open_home()
    from seatkeeper.services import consent_links

    consent_links.retry(who, number)
    say("It is tried again by `seatkeeper serve` or `seatkeeper worker`.")
