"""demo: the whole path in one command, with nothing to set up."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from seatkeeper.cli.screen import out, say
from seatkeeper.cli.start import open_home

if TYPE_CHECKING:
    from seatkeeper.sandbox.serve import Sandbox

NAME = "Microsoft Project (demo)"


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Start here")(demo)


def demo(
    people: int = typer.Option(250, "--people", min=1, help="Accounts in the pretend tenant."),
    days: int = typer.Option(45, "--days", min=1, help="Days of history in the pretend tenant."),
    seed: int = typer.Option(1, "--seed", help="The same seed is the same tenant."),
    once: bool = typer.Option(False, "--once", help="Print the report and end."),
    port: int = typer.Option(8000, "--port", help="Port of the pretend tenant when it stays on."),
) -> None:
    """A pretend tenant, an application added, authorized and read, and the report. Your own data is not touched."""
    with tempfile.TemporaryDirectory(prefix="seatkeeper-demo-") as folder:
        os.environ["SEATKEEPER_HOME"] = folder
        for other in ("SEATKEEPER_DATABASE_URL", "SEATKEEPER_SECRET_KEY", "SEATKEEPER_SECRET_KEY_FILE"):
            os.environ.pop(other, None)
        from seatkeeper.sandbox.serve import Sandbox

        say(f"Starting a pretend Microsoft tenant with {people:,} people and {days} days of history (seed {seed}).")
        with Sandbox(people=people, days=days, seed=seed, port=0 if once else port) as tenant:
            code = _walk(tenant)
            if not once:
                _stay(tenant, folder)
    raise typer.Exit(code)


def _walk(tenant: Sandbox) -> int:
    """Add, authorize, read, report: what an administrator does with a real tenant."""
    who = open_home()
    from seatkeeper.cli.report import print_report
    from seatkeeper.cli.sync import run_sync
    from seatkeeper.clock import system_clock
    from seatkeeper.services import applications, findings
    from seatkeeper.services.syncs import SyncRequest

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
            ca_file=tenant.ca_file,
        ),
    )
    say(f"Added {application.name!r}. Authorizing:")
    for check in applications.authorize(who, NAME):
        say(f"  {'–' if check.passed is None else '✓' if check.passed else '✗'} {check.title}")
    code = run_sync(who, SyncRequest(NAME), system_clock)
    out().print()
    print_report(out(), who, findings.report_on(who, applications.find_application(who, NAME)), system_clock)
    return code


def _stay(tenant: Sandbox, folder: str) -> None:
    """Keep the tenant on, so that every command can be tried on it."""
    say("\nThe pretend tenant stays on until you press Ctrl-C. In another terminal, for instance:")
    say(f"  export SEATKEEPER_HOME={Path(folder)}")
    for command in ("roster", "access", "findings", "suspicious", "coverage", "sync"):
        say(f'  seatkeeper {command} "{NAME}"')
    say(f"Its address for other Graph clients is {tenant.graph_url} (CA file: {tenant.ca_file}).")
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
