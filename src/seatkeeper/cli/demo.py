"""demo: the whole path in one command, with nothing to set up."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from seatkeeper.cli.screen import out, say
from seatkeeper.cli.start import open_home

if TYPE_CHECKING:
    from seatkeeper.sandbox.serve import Sandbox

NAME = "Microsoft Project (demo)"
MEMBER = "admin@example.com"


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Start here")(demo)


def demo(
    people: int = typer.Option(250, "--people", min=1, help="Accounts in the pretend tenant."),
    days: int = typer.Option(45, "--days", min=1, help="Days of history in the pretend tenant."),
    seed: int = typer.Option(1, "--seed", help="The same seed is the same tenant."),
    once: bool = typer.Option(False, "--once", help="Print the report and exit."),
    port: int = typer.Option(8000, "--port", min=0, max=65535, help="Port of the web application; 0 takes a free one."),
) -> None:
    """Add, authorize, read and report a pretend tenant, then start the web application. Your data is not touched."""
    from seatkeeper.errors import BadInput

    if not once:  # checked first: nobody should watch the whole demo only to learn at its end that the port is taken
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            raise BadInput("--port", f"cannot listen on {port}: {error.strerror}. Choose another port.") from error
    with tempfile.TemporaryDirectory(prefix="seatkeeper-demo-") as folder:
        for other in [name for name in os.environ if name.startswith("SEATKEEPER_") and name != "SEATKEEPER_LOG"]:
            del os.environ[other]
        os.environ["SEATKEEPER_HOME"] = folder
        os.environ["SEATKEEPER_OWN_ADDRESSES"] = "yes"  # the pretend tenant is on this machine
        from seatkeeper.sandbox.serve import Sandbox

        say(f"Starting a pretend Microsoft tenant with {people:,} people and {days} days of history (seed {seed}).")
        with Sandbox(people=people, days=days, seed=seed) as tenant:
            code = _walk(tenant)
            if not once:
                from seatkeeper.cli.serve import serve_pages
                from seatkeeper.services import setup

                password = secrets.token_urlsafe(12)
                setup.set_up(MEMBER, password)
                say(f"\nThe web application is starting. Sign in as {MEMBER} with the password {password}")
                say(f"For commands in another terminal: export SEATKEEPER_HOME={folder}")
                say(f"The pretend tenant for other Graph clients: {tenant.graph_url} (CA file: {tenant.ca_file})")
                say("Ctrl-C ends everything and leaves nothing behind.")
                serve_pages("127.0.0.1", port)
    raise typer.Exit(code)


def _walk(tenant: Sandbox) -> int:
    """Add, authorize, read, report: what an administrator does with a real tenant."""
    who = open_home()
    from seatkeeper.cli.report import print_report
    from seatkeeper.cli.sync import run_sync
    from seatkeeper.clock import system_clock
    from seatkeeper.services import applications, reports
    from seatkeeper.services.runs import SyncRequest

    application = applications.add_application(
        who,
        applications.NewApplication(
            product="microsoft-project",
            name=NAME,
            tenant_id=tenant.tenant_id,
            client_id=tenant.client_id,
            secret=tenant.client_secret,
            login_url=tenant.login_url,
            graph_url=tenant.graph_url,
            ca_file=Path(tenant.ca_file).read_text(),
        ),
    )
    say(f"Added {application.name!r}. Authorizing:")
    for check in applications.authorize(who, NAME):
        say(f"  {'–' if check.passed is None else '✓' if check.passed else '✗'} {check.title}")
    code = run_sync(who, SyncRequest(NAME), system_clock)
    out().print()
    print_report(out(), who, reports.reports(who, NAME)[0])
    return code
