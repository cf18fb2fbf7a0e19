"""plans: seats to take back, proposed from findings, approved by people, run by an administrator."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.inventory import NAME
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="Seats to take back: proposed, approved, and followed up.", no_args_is_help=True)

NUMBER = typer.Argument(help="Number of the plan, as `list` shows it.", show_default=False)


@app.command()
def propose(
    name: str = NAME,
    title: str = typer.Option(..., "--name", help="What people will call the plan."),
    skus: list[str] = typer.Option([], "--sku", help="Only seats of this part number (repeat); all without it."),
) -> None:
    """A draft with every seat that open or accepted findings would take back."""
    who = open_home()
    from seatkeeper.services import reclaim

    plan = reclaim.propose(who, name, title, skus)
    say(f"Plan {plan.pk} holds {len(reclaim.list_items(plan))} seats. Nothing happens to them: look at `plans show`.")


@app.command(name="list")
def show_all(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """The plans of an application with what became of them."""
    who = open_home()
    from seatkeeper.services import reclaim

    print_table(reclaim.plan_table(who, name), form, output, empty="No plan yet: `seatkeeper plans propose`.")


@app.command()
def show(number: int = NUMBER, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """The seats of a plan."""
    who = open_home()
    from seatkeeper.services import reclaim

    print_table(reclaim.item_table(who, number), form, output, hide=("Object ID", "SKU ID"))


@app.command()
def approve(
    number: int = NUMBER,
    keep: list[str] = typer.Option([], "--except", help="User ID whose seats stay (repeat)."),
) -> None:
    """Say that the list is right; from now on its scripts can be had and its seats are watched."""
    who = open_home()
    from seatkeeper.services import reclaim

    if keep:
        reclaim.leave_out(who, number, keep)
    plan = reclaim.approve(who, number)
    say(f"Plan {plan.pk} is approved. `seatkeeper plans script {plan.pk}` writes its script.")


@app.command()
def script(
    number: int = NUMBER,
    kind: str = typer.Option("powershell", "--kind", help="powershell, powershell-undo, az or az-undo."),
    output: Path | None = OUTPUT,
) -> None:
    """The script that an administrator reads and runs; Seatkeeper itself changes nothing at Microsoft."""
    who = open_home()
    from seatkeeper.services import reclaim_scripts

    name, text = reclaim_scripts.write_script(who, number, kind)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text)
        say(f"Written to {output} ({name}).")
