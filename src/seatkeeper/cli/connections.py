"""connections: the tenants that are read, and more products for one of them."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, clean, out, print_table, say
from seatkeeper.cli.start import open_home

app = typer.Typer(help="Tenants: what is managed through each connection, and more products for it.")

TENANT = typer.Argument(help="Directory (tenant) ID, or a name that the tenant was added by.", show_default=False)


@app.callback(invoke_without_command=True)
def index(context: typer.Context) -> None:
    """Without a command, the list."""
    if context.invoked_subcommand is None:
        list_(Format.TABLE, None)


@app.command("list")
def list_(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """List the tenants that are read, with the products that are managed of each."""
    who = open_home()
    from seatkeeper.services.listings import connections
    from seatkeeper.services.listings.base import Question

    print_table(
        connections.LISTING.export(connections.rows(who), Question()),
        form,
        output,
        hide=("Directory ID", "Vendor"),
        empty="No tenant is read yet. Add an application with `seatkeeper apps add microsoft-project`.",
    )


@app.command()
def show(tenant: str = TENANT) -> None:
    """Show a tenant: its applications with their signals, its tasks with their permissions, and what could be added."""
    who = open_home()
    from seatkeeper.model import to_text
    from seatkeeper.services import connections

    state = connections.read(who, connections.find_named(who, tenant).pk)
    connection, expires = state.connection, state.connection.credential_expires
    forgotten = connection.forget_at
    lines = [
        f"{state.vendor} tenant {', '.join(state.names)}: {state.health}",
        f"Directory ID {connection.directory_id or 'unknown until the first contact'}",
        f"Credential   {connection.credential_kind}, sealed"
        + (f", expires {to_text(expires)[:10]}" if expires else "")
        + (f", deleted on {to_text(forgotten)[:10]} unless it is kept" if forgotten else ""),
    ]
    for each in state.managed:
        resting = "" if each.application.active else ", deactivated"
        lines += ["", f"{each.application.name} ({each.product.key}{resting})", f"  owned: {each.owned.words}"]
        lines += [f"  {signal.title}: {signal.word}; {signal.lag}" for signal in each.signals]
    lines += ["", "Tasks"]
    for task in state.tasks:
        lines.append(f"  {task.title}: {task.word}; last complete run: {task.lag}")
        if task.permission:
            lines.append(f"    {task.permission}: {task.granted_words}; without it {task.without}")
    if state.addable:
        lines += ["", "Can be added"]
        lines += [f"  {each.product.key}: owned: {each.owned.words}" for each in state.addable]
    for line in lines:
        out().print(clean(line))


@app.command()
def people(tenant: str = TENANT, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """List everybody with a seat of anything that is managed of a tenant, with what their seats cost a year."""
    who = open_home()
    from seatkeeper.services import connections
    from seatkeeper.services.listings import people as listing
    from seatkeeper.services.listings.base import Question

    rows = listing.rows(who, connections.find_named(who, tenant).pk)
    print_table(
        listing.LISTING.export(rows, Question()),
        form,
        output,
        hide=(
            "Email",
            "First Name",
            "Last Name",
            "Cost Center",
            "Plans",
            "Last Used Application",
            "Deactivated Date",
            "Blocked",
            "Guest",
            "Object ID",
        ),
        empty=listing.LISTING.empty,
    )


@app.command()
def position(tenant: str = TENANT, form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """List what a tenant has of every product that is managed: bought, assigned, used, idle; each SKU counted once."""
    who = open_home()
    from seatkeeper.services import connections
    from seatkeeper.services.listings import positions
    from seatkeeper.services.listings.base import Question

    rows = positions.rows(who, connections.find_named(who, tenant).pk)
    print_table(
        positions.LISTING.export(rows, Question()),
        form,
        output,
        hide=("Product", "Part Number", "Could be saved", "Trial", "SKU ID"),
        empty=positions.LISTING.empty,
    )
    if rows:
        whole = positions.total(rows)[-1]
        money = f", {whole.idle_cost.a_year} a year" if whole.idle_cost else ""
        say(
            f"Each SKU once: {whole.bought:,} bought, {whole.assigned:,} assigned, {whole.used:,} used, "
            f"{whole.idle:,} idle{money}."
        )


@app.command("true-up")
def true_up(
    tenant: str = TENANT,
    first: str = typer.Argument(help="The first day, such as 2026-01-01.", show_default=False),
    last: str = typer.Argument(help="The last day.", show_default=False),
    form: Format = FORMAT,
    output: Path | None = OUTPUT,
) -> None:
    """Show the highest and the last number of assigned seats of each SKU in a span of days."""
    who = open_home()
    from seatkeeper.services import connections, history
    from seatkeeper.services import true_up as service

    connection = connections.find_named(who, tenant)
    found = service.true_up(who, connection.pk, history.to_day(first), history.to_day(last))
    print_table(found.table, form, output, hide=("Days Read", "Days", "SKU ID"), empty="No licence was read then.")
    say(found.words)


@app.command()
def add(
    tenant: str = TENANT,
    products: list[str] = typer.Argument(help="What to manage besides, such as power-bi.", show_default=False),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would change."),
) -> None:
    """Manage more products of a tenant, all of them or none, through the connection there is."""
    who = open_home()
    from seatkeeper.services import additions, connections

    connection = connections.find_named(who, tenant)
    for sentence in additions.preview(who, connection.pk, products):
        out().print(clean(sentence))
    if dry_run:
        say("Nothing was changed.")
        return
    for application in additions.add_products(who, connection.pk, products):
        say(f"Added {application.name!r}.")
    say("Next: `seatkeeper sync` reads who holds a seat of them.")
