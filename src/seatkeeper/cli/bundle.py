"""bundle and verify: the findings of an application as a file that anybody can check."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.inventory import NAME, NOW, to_clock
from seatkeeper.cli.screen import say, write_file
from seatkeeper.cli.start import open_home, set_up


def register(app: typer.Typer) -> None:
    for command in (bundle, verify):
        app.command(rich_help_panel="Proof")(command)


def bundle(
    name: str = NAME,
    output: Path = typer.Option(..., "--output", "-o", help="The ZIP file to write.", dir_okay=False),
    now: str | None = NOW,
) -> None:
    """Write the findings and the data behind them to a signed file that `verify` checks on any machine."""
    who = open_home()
    from seatkeeper.services import bundles

    write_file(output, bundles.make_bundle(who, name, to_clock(now)))
    say(f"Written to {output}. Anybody with Seatkeeper can check it: seatkeeper verify {output}")


def verify(file: Path = typer.Argument(help="A bundle.", show_default=False, dir_okay=False)) -> None:
    """Check an evidence bundle: hashes, signature, and that its findings follow from its inputs."""
    set_up()
    from seatkeeper.model import to_text
    from seatkeeper.services import bundles

    verdict = bundles.verify(file)
    if (manifest := verdict.manifest) is not None:
        whose = f"of {manifest.organization} " if manifest.organization else ""
        made = f"{to_text(manifest.made)}, by {manifest.program}"
        say(f"{manifest.application} {whose}(tenant {manifest.tenant_id}), {made}")
        say(f"Signed with the key {manifest.public_key}")
    for fault in verdict.faults[:20]:
        say(f"✗ {fault}")
    if verdict.faults:
        say("This bundle is not valid.")
        raise typer.Exit(2)
    say(f"✓ Valid: unchanged, and its {verdict.findings} findings follow from its inputs.")
