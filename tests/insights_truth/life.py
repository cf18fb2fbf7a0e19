"""One tenant's 60 days: visited every few days, and compared each time."""

from __future__ import annotations

from seatkeeper.model import Word
from seatkeeper.services import syncs
from seatkeeper.services.applications import add_application
from seatkeeper.services.members import Who, operator
from seatkeeper.store import models as tables
from tests.insights_truth import mutants
from tests.insights_truth.compare import Tally, compare
from tests.insights_truth.world import World, read_from
from tests.people import Quiet


def live(seed: int, days: int, mutant: str = "") -> Tally:
    """All visits of one tenant, in the database that is connected."""
    tally, world, who = Tally(), World(seed, days), operator()
    application = add_application(who, world.new_application())
    tables.Application.objects.filter(pk=application.pk).update(grace_days=world.grace)
    application.refresh_from_db()
    with read_from(world) as patch:
        if mutant:
            mutants.MUTANTS[mutant](patch)
        for step in [0, *world.visits]:
            world.move(step)
            visit(who, world)
            compare(world, application, tally)
            if mutant and tally.wrong:
                break  # it is found
    return tally


def visit(who: Who, world: World) -> None:
    """Read everything to its end; where so many left that a person must confirm it, one does."""
    world.read.append(world.tenant.seconds)
    request = syncs.SyncRequest(world.name)
    results = list(syncs.sync(who, request, Quiet(), clock=world.clock))
    for result in results:
        assert result.run
        if result.run.word == Word.HELD:
            syncs.confirm_run(who, result.run.pk)
        else:
            assert (result.run.word, result.exit_code) == (Word.COMPLETE, 0), result
