"""sandbox: the pretend Microsoft tenant alone, for trying things out and for other Graph clients."""

from __future__ import annotations

from pathlib import Path

import typer

app = typer.Typer(help="A pretend Microsoft tenant over HTTPS on this machine.", no_args_is_help=True)


@app.command()
def serve(
    port: int = typer.Option(8443, "--port", help="Port on this machine; 0 takes a free one."),
    people: int = typer.Option(250, "--people", min=0, help="How many accounts."),
    days: int = typer.Option(45, "--days", min=0, help="Days of history before now."),
    seed: int = typer.Option(1, "--seed", help="The same seed is the same tenant."),
    fault: list[str] = typer.Option([], "--fault", help="NAME[=VALUE]; repeat for several."),
    now: str | None = typer.Option(None, "--now", help="Start the tenant's clock here (ISO 8601, UTC)."),
    truth: Path | None = typer.Option(None, "--truth", help="Write who holds and who used as JSON."),
) -> None:
    """Serve until interrupted; one JSON line on stdout says how to reach it."""
    from seatkeeper.errors import BadInput
    from seatkeeper.sandbox.serve import serve as run

    try:
        run(people=people, days=days, seed=seed, now=now, port=port, faults=fault, truth=truth)
    except (ValueError, OSError) as error:
        raise BadInput("sandbox", str(error)) from error
