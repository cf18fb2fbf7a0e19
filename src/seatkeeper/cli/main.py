"""All commands in one tree, and the one place where an error becomes an exit code.

0 done · 1 a bug · 2 wrong use or setting · 3 someone must act at the vendor · 4 the vendor is unavailable, try later ·
5 interrupted, what was saved stays · 6 complete but rows are quarantined
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from seatkeeper import __version__
from seatkeeper.cli import (
    admin,
    apps,
    bundle,
    catalog,
    connections,
    consent,
    customers,
    demo,
    employees,
    exceptions,
    history,
    inventory,
    keys,
    look_rounds,
    members,
    notices,
    operators,
    organizations,
    plans,
    prices,
    queue,
    report,
    sandbox,
    serve,
    sync,
)
from seatkeeper.cli.screen import complain
from seatkeeper.cli.start import ORGANIZATION
from seatkeeper.errors import SeatkeeperError

app = typer.Typer(
    name="seatkeeper",
    help="Who holds a licence seat, who uses it, and how sure we are.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (demo, sync, inventory, report, bundle, serve, admin):
    group.register(app)
customers.register(apps.app, connections.app)
app.add_typer(apps.app, name="apps")
app.add_typer(catalog.app, name="catalog", rich_help_panel="What is known")
app.add_typer(connections.app, name="connections")
app.add_typer(consent.app, name="consent")
app.add_typer(look_rounds.app, name="look-round")
app.add_typer(employees.app, name="employees", rich_help_panel="What is known")
app.add_typer(exceptions.app, name="exceptions", rich_help_panel="What to do")
app.add_typer(plans.app, name="plans", rich_help_panel="What to do")
app.add_typer(history.app, name="history", rich_help_panel="Proof")
app.add_typer(keys.app, name="keys", rich_help_panel="Operation")
app.add_typer(members.app, name="members", rich_help_panel="Operation")
app.add_typer(notices.app, name="notices", rich_help_panel="Operation")
app.add_typer(organizations.app, name="organizations", rich_help_panel="Operation")
app.add_typer(operators.app, name="operators", rich_help_panel="Operation")
app.add_typer(prices.app, name="prices", rich_help_panel="What is known")
app.add_typer(queue.app, name="queue", rich_help_panel="Operation")
app.add_typer(sandbox.app, name="sandbox")


@app.callback(invoke_without_command=True)
def version(
    context: typer.Context,
    show: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True),
    organization: str | None = typer.Option(
        None, "--organization", envvar=ORGANIZATION, help="In which organization; needed where there are several."
    ),
) -> None:
    if organization is not None:
        context.with_resource(_named(organization))
    if show:
        typer.echo(f"seatkeeper {__version__}")
        raise typer.Exit


@contextmanager
def _named(organization: str) -> Iterator[None]:
    """For the command: it opens the data folder in this organization."""
    before = os.environ.get(ORGANIZATION)
    os.environ[ORGANIZATION] = organization
    try:
        yield
    finally:
        os.environ.pop(ORGANIZATION)
        if before is not None:
            os.environ[ORGANIZATION] = before


def run() -> None:
    """The process edge: every error ends here as a sentence and an exit code."""
    _open_outputs()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # here, where it is answered for when it fails
    except SeatkeeperError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain("Interrupted. What was saved stays; run the command again to continue.")
        sys.exit(5)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except SystemExit as end:
        # The library ends as a bug would (1) when nobody reads on; it leaves this in the place of stdout.
        if end.code == 1 and type(sys.stdout).__name__ == "PacifyFlushWrapper":
            sys.exit(0)
        raise
    except Exception as error:  # noqa: BLE001 - the edge at which the process would die
        code = _database_trouble(error) or _output_trouble(error)
        if code is None:
            traceback.print_exc()
            complain("This is a bug in Seatkeeper. Please report it with the lines above; they hold no secrets.")
        sys.exit(code or 1)


def _open_outputs() -> None:
    """Whatever they are: closed ones take everything, and a letter that an encoding does not have is escaped."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - until the process ends
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _output_trouble(error: Exception) -> int | None:
    """Nor is a disk that is full while rows are written to it."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return None
    complain(f"The rows could not be written: {error.strerror}. Make room, and run the command again.")
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - what is left of them is not tried again at the end
    return 2


def _database_trouble(error: Exception) -> int | None:
    """A full disk or a read-only folder is not a bug: say so, without a trace."""
    if "django.db" not in sys.modules:
        return None
    from django.db import DatabaseError

    if not isinstance(error, DatabaseError):
        return None
    why = (str(error) or type(error).__name__).splitlines()[0]
    complain(
        f"The database refused: {why}. Check that the data folder (SEATKEEPER_HOME) or the database server "
        "(SEATKEEPER_DATABASE_URL) is writable and not full. What was saved before stays."
    )
    return 2
