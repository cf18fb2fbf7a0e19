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
        False, "--drop-second-factor", help="Authenticator app, passkeys and recovery codes go at once, too."
    ),
) -> None:
    """Print a link by which the member chooses a new password, once, within three days."""
    who = open_home()
    from seatkeeper.services import memberships
    from seatkeeper.settings import SEATKEEPER

    made = memberships.let_back_in(who, email, drop_second_factor=drop_second_factor)
    typer.echo(SEATKEEPER.address.origin + made.path)
    say("Whoever has this link chooses the password: hand it to nobody else. The old password holds until then.")
