"""operators: who runs this installation."""

from __future__ import annotations

import typer

from seatkeeper.cli.screen import say
from seatkeeper.cli.start import open_installation

app = typer.Typer(help="Who runs this installation, and sees how every organization stands.", no_args_is_help=True)

EMAIL = typer.Argument(help="The person's e-mail address.", show_default=False)


@app.command("list")
def list_() -> None:
    """List the operators."""
    who = open_installation()
    from seatkeeper.services import operators

    found = operators.rows(who)
    for each in found:
        typer.echo(each.member.email)
    if not found:
        say("There is no operator yet. Add one with `seatkeeper operators add EMAIL`.")


@app.command()
def add(email: str = EMAIL) -> None:
    """Make somebody an operator; for one who has no sign-in here yet, print the link to choose a password."""
    who = open_installation()
    from seatkeeper.services import operators
    from seatkeeper.settings import SEATKEEPER

    path = operators.add(who, email)
    say(f"{email} is an operator.")
    if path:
        typer.echo(SEATKEEPER.address.url + path)
        say("Whoever has this link can choose the password: give it to nobody else. It is valid for three days.")


@app.command()
def remove(email: str = EMAIL) -> None:
    """Take the operator's role away; what the person is in organizations stays."""
    who = open_installation()
    from seatkeeper.services import operators

    operators.remove(who, operators.find_named(who, email).pk)
    say(f"{email} is no operator any more.")
