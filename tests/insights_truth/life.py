"""One tenant's 60 days: visited every few days, and compared each time."""

from __future__ import annotations

from seatkeeper.model import RunStatus
from seatkeeper.sandbox.world.catalog import PROJECT
from seatkeeper.services import findings, runs
from seatkeeper.services.applications import add_application
from seatkeeper.services.members import Who, operator
from seatkeeper.store import models as tables
from tests.insights_truth import mutants, unneeded
from tests.insights_truth.compare import IDLE, Tally, compare, compare_unneeded
from tests.insights_truth.world import World, read_from
from tests.people import Quiet


def live(seed: int, days: int, mutant: str = "", *, worst: bool = False, everything: bool = False) -> Tally:
    """All visits of one tenant, in the database that is connected; with `everything`, each visit adds a product."""
    tally, world, who = Tally(), World(seed, days, worst=worst, everything=everything), operator()
    accepted: dict[int, tuple[str, str]] = {}
    applications: list[tables.Application] = []
    with read_from(world) as patch:
        if mutant:
            mutants.MUTANTS[mutant](patch)
        for number, step in enumerate([0, *world.visits]):
            world.move(step)
            applications += [add(who, world, product) for product in world.products[number : number + 1]]
            visit(who, world)
            for application in applications:
                compare(world, application, tally)
            if worst:
                look_for_decisions(world, accepted, tally)
                decide(who, applications, accepted)
            if mutant and tally.wrong:
                break  # it is found
    return tally


def live_by_reports(seed: int, days: int, mutant: str = "") -> Tally:
    """All visits of a tenant whose reports are all read: what they show of licences that are more than is needed."""
    tally, world, who = Tally(), World(seed, days, reports=True), operator()
    with read_from(world) as patch:
        if mutant:
            unneeded.MUTANTS[mutant](patch)
        applications = [add(who, world, product) for product in world.products]
        for step in [0, *world.visits]:
            world.move(step)
            visit(who, world)
            for application in applications:
                compare_unneeded(world, application, tally)
            if mutant and tally.wrong:
                break  # it is found
    return tally


def add(who: Who, world: World, product: str) -> tables.Application:
    application = add_application(who, world.new_application(product))
    tables.Application.objects.filter(pk=application.pk).update(grace_days=world.grace)
    application.refresh_from_db()
    return application


def visit(who: Who, world: World) -> None:
    """Read everything to its end; where so many left that a person must confirm it, one does."""
    world.read.append(world.tenant.seconds)
    request = runs.SyncRequest(world.name(PROJECT))  # its tasks read for every product of the tenant
    results = list(runs.sync(who, request, Quiet(), clock=world.our_clock if world.worst else world.clock))
    for result in results:
        assert result.run
        if result.run.status == RunStatus.HELD:
            runs.confirm_run(who, result.run.pk)
        else:
            assert (result.run.status, result.exit_code) == (RunStatus.COMPLETE, 0), result


def decide(who: Who, applications: list[tables.Application], accepted: dict[int, tuple[str, str]]) -> None:
    """Somebody accepts a few findings about people who did not come."""
    rows = tables.Finding.objects.filter(application__in=applications, state="open", key__in=IDLE).order_by("pk")
    for row in rows[::5]:
        findings.accept(who, row.pk, "asked her manager")
        accepted[row.pk] = row.key, row.subject


def look_for_decisions(world: World, accepted: dict[int, tuple[str, str]], tally: Tally) -> None:
    """What was accepted is accepted or waits for proof; one that ended had an end, so that a new one is another."""
    where = f"seed {world.seed}, day {world.moved // 864_000_000_000}"
    for row in tables.Finding.objects.filter(pk__in=accepted):
        tally.decisions += 1
        if row.resolved is None and "accepted" not in (row.state, row.returns_to):
            tally.wrong.append(f"{where}: the decision about {row} is lost: {row.state}")
        end = row.findingevent_set.order_by("-pk").first()
        if row.resolved is not None and (end is None or "not reach" in end.note):
            tally.wrong.append(f"{where}: {row} ended because it could not be said")
    assert tables.Finding.objects.filter(pk__in=accepted).count() == len(accepted)
