"""organizations: whose data is kept here; a service provider keeps one for each customer."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_installation

app = typer.Typer(help="Organizations whose data is kept here: make, rename, archive.", no_args_is_help=True)

NAME = typer.Argument(help="The organization's name.", show_default=False)


@app.command("list")
def list_(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """List the organizations with what they bought, what is idle, and how their reading goes."""
    who = open_installation()
    from seatkeeper.services.listings import organizations
    from seatkeeper.services.listings.base import Question

    print_table(organizations.LISTING.export(organizations.rows(who), Question()), form, output)


@app.command()
def add(
    name: str = NAME,
    administrator: str = typer.Option("", "--administrator", help="E-mail address of its first administrator."),
) -> None:
    """Make an organization; with --administrator, print the link by which that person gets in."""
    who = open_installation()
    from seatkeeper.services import organizations
    from seatkeeper.settings import SEATKEEPER

    made = organizations.add(who, name)
    say(f"{made} was added. Commands work in it with --organization {made.name!r}.")
    if administrator:
        link = organizations.invite_administrator(who, made.pk, administrator)
        typer.echo(SEATKEEPER.address.url + link.path)
        say("Pass this link on to the administrator. It is valid for three days and works once.")


@app.command()
def rename(
    name: str = NAME, new_name: str = typer.Argument(help="What it is called from now on.", show_default=False)
) -> None:
    """Give an organization another name."""
    who = open_installation()
    from seatkeeper.services import organizations

    organizations.rename(who, organizations.find_named(who, name).pk, new_name)
    say(f"{name} is called {new_name} from now on.")


@app.command()
def archive(name: str = NAME) -> None:
    """Nothing of it is read, nobody gets in to it, no notice is sent, and nothing is lost."""
    who = open_installation()
    from seatkeeper.services import organizations

    organizations.archive(who, organizations.find_named(who, name).pk)
    say(f"{name} is archived. `seatkeeper organizations reactivate {name!r}` ends that.")


@app.command()
def reactivate(name: str = NAME) -> None:
    """End the archiving: what is due is read again."""
    who = open_installation()
    from seatkeeper.services import organizations

    organizations.reactivate(who, organizations.find_named(who, name).pk)
    say(f"{name} is active again.")
