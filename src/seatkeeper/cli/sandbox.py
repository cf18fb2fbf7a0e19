"""sandbox: the pretend Microsoft tenant alone, for trying things out and for other Graph clients."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

app = typer.Typer(help="A pretend Microsoft tenant over HTTPS on this machine.", no_args_is_help=True)


class Format(StrEnum):
    """How the list of faults is shown."""

    table = "table"
    json = "json"


@app.command()
def serve(
    port: int = typer.Option(8443, "--port", help="Port on this machine; 0 takes a free one."),
    people: int = typer.Option(250, "--people", min=0, help="How many accounts."),
    days: int = typer.Option(45, "--days", min=0, help="Days of history before now."),
    seed: int = typer.Option(1, "--seed", help="The same seed is the same tenant."),
    fault: list[str] = typer.Option([], "--fault", help="NAME[=VALUE]; repeat for several; see `sandbox faults`."),
    now: str | None = typer.Option(None, "--now", help="Start the tenant's clock here (ISO 8601, UTC)."),
    truth: Path | None = typer.Option(None, "--truth", help="Write who holds and who used as JSON."),
    control_port: int | None = typer.Option(
        None, "--control-port", min=0, max=65535, help="Port to move time and ask for the truth; 0 takes a free one."
    ),
    tenants: int = typer.Option(
        1, "--tenants", min=1, help="How many tenants know the app, with seeds from --seed on."
    ),
    restless: bool = typer.Option(False, "--restless", help="Sign-ins are rewritten after MFA, some come twice."),
    copilot: bool = typer.Option(False, "--copilot", help="The tenant has Microsoft 365 Copilot, too."),
    everything: bool = typer.Option(False, "--everything", help="Copilot, Power BI and Dynamics 365, too."),
) -> None:
    """Serve until interrupted; one JSON line on stdout says how to reach it."""
    from seatkeeper.errors import BadInput
    from seatkeeper.sandbox.serve import More
    from seatkeeper.sandbox.serve import serve as run

    more = More(control_port, tenants, restless, copilot, everything)
    try:
        run(people=people, days=days, seed=seed, now=now, port=port, faults=fault, truth=truth, more=more)
    except (ValueError, OSError, OverflowError) as error:
        raise BadInput("sandbox", str(error)) from error


@app.command()
def faults(
    form: Format = typer.Option(Format.table, "--format", help="table or json."),
) -> None:
    """Every fault by name: what it does, what a client must do, and what it takes."""
    from seatkeeper.sandbox.faults import listing

    if form is Format.json:
        import json

        typer.echo(json.dumps(listing(), indent=1, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(
        "Fault", Column("Takes", overflow="fold"), "Default", "What happens", "A client must", "Ids", show_lines=True
    )
    for row in listing():
        cells = (row["name"], row["takes"], row["default"], row["does"], row["client_must"], " ".join(row["ids"]))
        table.add_row(*(cell.replace("[", "\\[") for cell in cells))
    console = Console()
    console = console if console.is_terminal else Console(width=180)
    console.print(table)
