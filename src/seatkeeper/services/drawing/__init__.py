"""What pages read is drawn beforehand, after each reading: then a page of a large roster is one indexed query.

A drawing says the same as the picture itself (services/picture.py). Readers see the one before or the new one, never
some rows of each: all of an application's rows are replaced in one transaction, prepared before it begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from seatkeeper.clock import Clock, system_clock
from seatkeeper.connectors.catalog import find_product
from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.failpoints import reach
from seatkeeper.insights.base import Picture
from seatkeeper.insights.catalog import INSIGHTS
from seatkeeper.insights.savings import potential
from seatkeeper.model import Grade
from seatkeeper.services.drawing import lifecycle, people, standing, worth
from seatkeeper.services.drawing.endings import Endings, saved_a_month
from seatkeeper.services.drawing.plans import follow_up
from seatkeeper.services.drawing.source import Source, look
from seatkeeper.services.drawing.standing import recount
from seatkeeper.services.picture import draw_picture, from_counts
from seatkeeper.services.price_list import read_prices
from seatkeeper.store import bulk
from seatkeeper.store.bulk import drawn
from seatkeeper.store.models import Application, Saving, Standing

__all__ = ["count_uses", "draw", "draw_all", "recount"]

PATIENCE: Final = 5  # drawings that another process overtook before one goes through


def draw_all(connection_id: int, clock: Clock = system_clock) -> None:
    """Draw every application that is read through the connection."""
    for application in Application.objects.filter(connection_id=connection_id, active=True):
        draw(application, clock)


def draw(application: Application, clock: Clock = system_clock) -> Standing | None:
    """Draw what is known of the application, unless it is drawn already; None while nothing was ever read."""
    for _ in range(PATIENCE):
        # Read first, with its mark: what is changed from here on leaves another mark, and makes the next drawing.
        if (fresh := Application.objects.filter(pk=application.pk).first()) is None:
            return None
        count_uses(fresh.connection_id)
        source, before = look(fresh, clock()), standing.newest(fresh)
        never_read = not (source.roster or source.licenses or source.coverage)
        if never_read or (before is not None and before.digest == source.digest):
            _take_mark_off(fresh)
            return before
        if (done := _replace(_prepare(fresh, source), before)) is not None:
            return done
    return standing.newest(application)


def _take_mark_off(drawn_from: Application) -> None:
    """The drawing shows everything up to the mark that was there when it began; a newer one stays."""
    if (since := drawn_from.undrawn_since) is not None:
        Application.objects.filter(pk=drawn_from.pk, undrawn_since=since).update(undrawn_since=None)


def count_uses(connection_id: int) -> None:
    """Bring the counts by day to the sign-ins that are kept."""
    direct, shared = Grade.DIRECT, Grade.AMBIGUOUS
    products = [bulk.Watched(p.key, p.apps_of(direct), p.apps_of(shared)) for p in load_products().products]
    bulk.count_days(connection_id, products)


@dataclass(frozen=True, slots=True)
class _Prepared:
    application: Application
    source: Source
    picture: Picture
    employees: people.Employees
    strangers: list[drawn.StrangerRow]
    findings: list[drawn.FindingRow]
    covered: set[tuple[str, str]]
    worth: worth.Worth
    counts: dict[str, Any]


def _prepare(application: Application, source: Source) -> _Prepared:
    product = find_product(application.product)
    picture = draw_picture(application, lambda: source.now, from_counts(product))
    employees = people.list_employees(application)
    strangers = people.to_strangers(application, product, source.roster, employees, source.now)
    costs = worth.read_worth(application, source.now)
    findings = [found for insight in INSIGHTS for found in insight.find(picture)]
    rows = lifecycle.to_rows(findings, costs)
    covered = worth.list_covered(worth.read_exemptions(application, source.now), picture, findings, rows)
    not_excepted = [found for found, row in zip(findings, rows, strict=True) if (row.key, row.subject) not in covered]
    counts = standing.count(picture, strangers, costs.prices)
    counts["potential"] = str(potential(not_excepted, costs.prices))
    return _Prepared(application, source, picture, employees, strangers, rows, covered, costs, counts)


def _replace(prepared: _Prepared, before: Standing | None) -> Standing | None:
    """Put the drawing in the place of the one before; None when another process has drawn meanwhile."""
    application, source = prepared.application, prepared.source
    with transaction.atomic():
        # Drawings of one application come one after the other; whoever changes it meanwhile waits for none.
        drawn.alone(application.pk)
        if not Application.objects.filter(pk=application.pk).exists():
            return None
        now_newest = standing.newest(application)
        if (now_newest and (now_newest.pk, now_newest.digest)) != (before and (before.pk, before.digest)):
            return None
        endings = Endings(application, prepared.picture)
        holdings = people.to_holdings(prepared.picture, prepared.employees, prepared.worth)
        drawn.replace_holdings(application.pk, holdings)
        drawn.replace_strangers(application.pk, prepared.strangers)
        step = lifecycle.Step(application.pk, source.now, source.run, standing.is_newer(source, before))
        lifecycle.live_on(step, prepared.findings, endings.why)
        lifecycle.except_some(step, prepared.findings, prepared.covered)
        Saving.objects.bulk_create(endings.given_back, batch_size=1000)
        follow_up(application, source.now)
        reach("FP:before-drawn")
        saved = saved_a_month([application.pk], read_prices(application.organization_id))
        done = standing.save(application, source, prepared.counts, saved.values())
        _take_mark_off(application)
    return done
