"""look-round: sign in to a tenant yourself, see it, and keep of it what you choose."""

from __future__ import annotations

from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Final

import typer

from seatkeeper.cli.apps import CA_FILE, GRAPH_URL, LOGIN_URL, TASK, THRESHOLD
from seatkeeper.cli.connections import TENANT
from seatkeeper.cli.credentials import read_authorities
from seatkeeper.cli.screen import clean, say
from seatkeeper.cli.start import open_home

if TYPE_CHECKING:
    from seatkeeper.services.look_rounds import Step
    from seatkeeper.services.members import Who
    from seatkeeper.store.models import Application

SLOWER: Final = 5  # seconds

app = typer.Typer(help="Look round in a tenant: sign in yourself, keep what you choose.", no_args_is_help=True)


@app.command()
def begin(
    tenant: str = typer.Argument(help="Directory (tenant) ID, or a verified domain.", show_default=False),
    client_id: str = typer.Option(..., "--client-id", help="Application (client) ID; public client flows allowed."),
    product: list[str] | None = typer.Option(
        None, "--product", help="What to look at, such as office-365; repeat for several. Default: everything."
    ),
    task: list[str] | None = TASK,
    threshold: int = THRESHOLD,
    cloud: str | None = typer.Option(None, "--cloud", help="global (the default), usgov, dod or china."),
    login_url: str | None = LOGIN_URL,
    graph_url: str | None = GRAPH_URL,
    ca_file: Path | None = CA_FILE,
) -> None:
    """Sign in with a code that is typed in on any device. Nothing is saved before you have."""
    who = open_home()
    from seatkeeper.services import look_rounds
    from seatkeeper.services.applications import NewApplication
    from seatkeeper.services.catalogue import list_products_of

    suite = look_rounds.SUITE
    products = product or [each.key for each in list_products_of(who, suite)]
    new = NewApplication(
        product="",
        name="",
        tenant_id=tenant,
        client_id=client_id,
        tasks=task or (),
        threshold_days=threshold,
        cloud=cloud,
        login_url=login_url,
        graph_url=graph_url,
        ca_file=read_authorities(ca_file),
    )
    made = _wait(who, look_rounds.begin(who, suite, new, products, by_code=True))
    say(f"You are signed in. Added {', '.join(repr(each.name) for each in made)}.")
    say("Next: `seatkeeper sync` reads what you may see. It is deleted after 7 days, unless")
    say(f"you keep it: `seatkeeper look-round keep {clean(tenant)}`.")


@app.command()
def again(tenant: str = TENANT) -> None:
    """Sign in once more to a tenant that is read so, when the sign-in has ended."""
    who = open_home()
    from seatkeeper.services import connections, look_rounds

    _wait(who, look_rounds.begin_again(who, connections.find_named(who, tenant).pk, by_code=True))
    say("You are signed in again.")


@app.command()
def keep(tenant: str = TENANT) -> None:
    """Read the tenant regularly from now on, and delete nothing."""
    who = open_home()
    from seatkeeper.services import connections, look_rounds

    look_rounds.keep(who, connections.find_named(who, tenant).pk)
    say("Kept. It is read regularly from now on.")


@app.command()
def forget(tenant: str = TENANT) -> None:
    """Delete everything that was read of the tenant, and the sign-in with it."""
    who = open_home()
    from seatkeeper.services import connections, look_rounds

    look_rounds.forget(who, connections.find_named(who, tenant).pk)
    say("Forgotten: what was read is deleted, and the sign-in with it.")


def _wait(who: Who, step: Step) -> list[Application]:
    """Until somebody has typed the code in. Raises CredentialsRejected when they decline, BadInput when it is late."""
    from seatkeeper.errors import NotSignedInYet, Throttled, Unavailable
    from seatkeeper.services import look_rounds

    say(f"In any browser, open\n\n    {clean(step.address)}\n")
    say(f"and enter the code {clean(step.code)}. All that you agree to there only reads:")
    for permission in step.permissions:
        say(f"- {permission}")
    say("Waiting until you have signed in; Ctrl+C gives up.")
    pause = step.seconds
    while True:
        sleep(pause)
        try:
            return look_rounds.look(who, step.state)
        except NotSignedInYet:
            continue
        except (Throttled, Unavailable):  # RFC 8628, section 3.5: more slowly from now on
            pause += SLOWER
