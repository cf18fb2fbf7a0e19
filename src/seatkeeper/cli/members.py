"""members: a way back in for somebody who cannot sign in."""

from __future__ import annotations

import typer

from seatkeeper.cli.screen import say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="A way back in for somebody who cannot sign in.", no_args_is_help=True)


@app.command()
def link(
    email: str = typer.Argument(help="The member's e-mail address.", show_default=False),
    drop_second_factor: bool = typer.Option(
        False, "--drop-second-factor", help="Also remove the authenticator app, passkeys and recovery codes, at once."
    ),
) -> None:
    """Print a link with which the member can choose a new password, once, within three days."""
    who = open_home()
    from seatkeeper.services import memberships
    from seatkeeper.settings import SEATKEEPER

    made = memberships.let_back_in(who, email, drop_second_factor=drop_second_factor)
    typer.echo(SEATKEEPER.address.url + made.path)
    say("Whoever has this link can choose the password: give it to nobody else. The old password works until then.")
