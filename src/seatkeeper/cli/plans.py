"""plans: seats to reclaim, proposed from findings, approved by people, run by an administrator."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.inventory import NAME
from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say, write_file
from seatkeeper.cli.start import open_home

app = typer.Typer(help="Seats to reclaim: proposed, approved and followed up.", no_args_is_help=True)

NUMBER = typer.Argument(help="Number of the plan, as `list` shows it.", show_default=False)


@app.command()
def propose(
    name: str = NAME,
    title: str = typer.Option(..., "--name", help="Name of the plan."),
    skus: list[str] = typer.Option([], "--sku", help="Only seats of this part number (repeat); without it, all."),
) -> None:
    """Draft a plan with every seat that open or accepted findings would free."""
    who = open_home()
    from seatkeeper.services import applications, reclaim, savings

    plan = reclaim.propose(who, applications.find_refreshed(who, name).pk, title, skus)
    for part in savings.could_save(who, name)[1:]:
        if part.seats:
            say(f"Not in the plan: {part.title.lower()}, {part.seats:,}.")
    seats = len(reclaim.list_items(who, plan))
    say(f"Plan {plan.pk} holds {seats} seats. Nothing happens yet: see `plans show`.")


@app.command(name="list")
def show_all(name: str = NAME, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """The plans of an application and their results."""
    who = open_home()
    from seatkeeper.services import reclaim

    print_table(
        reclaim.plan_table(who, name),
        form,
        output,
        empty="There are no plans yet. `seatkeeper plans propose` drafts one.",
    )


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
    """Approve the list: its scripts become available, and its seats are followed up."""
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
    """Write the script for an administrator to review and run; Seatkeeper itself changes nothing at the vendor."""
    who = open_home()
    from seatkeeper.services import reclaim_scripts

    name, text = reclaim_scripts.write_script(who, number, kind)
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_file(output, text.encode())
        say(f"Written to {output} ({name}).")
