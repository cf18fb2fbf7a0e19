"""What pages read is computed and stored after each run and each change: a page of a large roster is one indexed query.

The stored rows say the same as the snapshot itself (reporting/snapshot.py). Readers see the rows of the last refresh or
those of the new one, never some of each: all of an application's rows are replaced in one transaction, and they are
computed before it begins.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.db import transaction

from seatkeeper.clock import Clock, system_clock
from seatkeeper.connectors.catalog import find_product, list_products
from seatkeeper.failpoints import reach
from seatkeeper.insights.base import Snapshot
from seatkeeper.insights.catalog import find_all
from seatkeeper.insights.money import Balance, SeatPrices, reckon
from seatkeeper.model import Grade
from seatkeeper.reporting import costs, daily_summary, lifecycle, people
from seatkeeper.reporting.daily_summary import recount
from seatkeeper.reporting.endings import Endings, saved_by_day
from seatkeeper.reporting.inputs import Source, look, newest_run
from seatkeeper.reporting.price_list import read_prices
from seatkeeper.reporting.reclaim_plans import follow_up
from seatkeeper.reporting.seats import list_for_sale
from seatkeeper.reporting.snapshot import ListFailing, from_counts, take_snapshot
from seatkeeper.store import bulk
from seatkeeper.store.bulk import reporting as stored
from seatkeeper.store.models import Application, DailySummary, Saving
from seatkeeper.store.queries import roster, usage
from seatkeeper.telemetry import REFRESH, span

__all__ = ["catch_up", "count_uses", "recount", "refresh_all", "refresh_application"]

PATIENCE: Final = 5  # attempts, when another process is quicker each time


def refresh_all(connection_id: int, clock: Clock = system_clock) -> None:
    """Refresh every active application of the connection."""
    list_failing = cache(roster.list_failing)  # the same of all of them, as long as there is no newer roster
    for application in Application.objects.filter(connection_id=connection_id, active=True):
        refresh_application(application, clock, list_failing)


def refresh_application(
    application: Application, clock: Clock = system_clock, list_failing: ListFailing = roster.list_failing
) -> DailySummary | None:
    """Store what is known of the application, unless it is stored already; None while nothing was ever read."""
    with REFRESH.time(), span("refresh", application=application.pk), _collecting_nothing():
        return _refresh(application, clock, list_failing)


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Python looks for circles among all objects again and again: a sixth of a refresh, which leaves none behind."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _refresh(application: Application, clock: Clock, list_failing: ListFailing) -> DailySummary | None:
    for _ in range(PATIENCE):
        # Read first, with its mark: what is changed from here on leaves another mark, and asks for another refresh.
        if (fresh := Application.objects.filter(pk=application.pk).first()) is None:
            return None
        count_uses(fresh.connection_id)
        source, before = look(fresh, clock()), daily_summary.newest(fresh)
        never_read = not (source.roster or source.licenses or source.coverage)
        if never_read or (before is not None and before.digest == source.digest):
            _take_mark_off(fresh)
            return before
        if (done := _replace(_prepare(fresh, source, list_failing), before)) is not None:
            return done
    return daily_summary.newest(application)


def catch_up(application: Application) -> None:
    """Show what was read or changed and is not shown yet: a process died, a worker is late, or a new version counts.

    As of the newest moment of all that, never of whoever happens to look: looking changes nothing that is shown.
    """
    before, run = daily_summary.newest(application), newest_run(application)
    if before and look(application, before.refreshed).digest == before.digest:
        _take_mark_off(application)
        return
    told = before and before.refreshed, run and (run.ended or run.started), application.refresh_wanted_since
    moment = max(each or 0 for each in told)
    refresh_application(application, lambda: moment)


def _take_mark_off(application: Application) -> None:
    """The stored rows show everything up to the mark that was there when the refresh began; a newer mark stays."""
    if (since := application.refresh_wanted_since) is not None:
        Application.objects.filter(pk=application.pk, refresh_wanted_since=since).update(refresh_wanted_since=None)


def count_uses(connection_id: int) -> None:
    """Bring the counts by day to the sign-ins that are kept."""
    direct, shared = Grade.DIRECT, Grade.AMBIGUOUS
    names = usage.list_apps()
    products = [bulk.Watched(p.key, p.uses_of(direct, names), p.uses_of(shared, names)) for p in list_products()]
    bulk.count_days(connection_id, products)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """All that a refresh will store, computed before its transaction begins."""

    application: Application
    source: Source
    snapshot: Snapshot
    employees: people.Employees
    findings: list[stored.FindingRow]
    covered: set[tuple[str, str]]
    worth: costs.Worth
    balance: Balance
    counts: dict[str, Any]


def _prepare(application: Application, source: Source, list_failing: ListFailing) -> _Prepared:
    list_uses = from_counts(find_product(application.product))
    snapshot = take_snapshot(application, lambda: source.now, list_uses, list_failing)
    employees = people.list_employees(application)
    findings, prices = find_all(snapshot), costs.read_prices(application, source.now)
    exceptions = costs.read_exceptions(application, source.now)
    balance = reckon(snapshot, findings, exceptions, prices, list_for_sale(application))
    worth = costs.Worth(SeatPrices(prices, snapshot.purchases))
    rows = lifecycle.to_rows(findings, snapshot, balance.freed, worth)
    covered = costs.list_covered(exceptions, snapshot, findings, rows)
    counts = daily_summary.count(snapshot, balance)
    return _Prepared(application, source, snapshot, employees, rows, covered, worth, balance, counts)


def _replace(prepared: _Prepared, before: DailySummary | None) -> DailySummary | None:
    """Put the new rows in the place of the old ones; None when another process has refreshed meanwhile."""
    application, source = prepared.application, prepared.source
    with transaction.atomic():
        # Refreshes of one application come one after the other; whoever changes it meanwhile waits for none.
        stored.alone(application.pk)
        if not Application.objects.filter(pk=application.pk).exists():
            return None
        now_newest = daily_summary.newest(application)
        if (now_newest and (now_newest.pk, now_newest.digest)) != (before and (before.pk, before.digest)):
            return None
        endings = Endings(application, prepared.snapshot, prepared.findings)
        seat_holders = people.to_seat_holders(prepared.snapshot, prepared.employees, prepared.worth, prepared.balance)
        stored.replace_seat_holders(application.pk, seat_holders)
        without = people.to_unlicensed_users(application, prepared.snapshot, source, prepared.employees)
        stored.replace_unlicensed_users(application.pk, without)
        step = lifecycle.Step(application.pk, source.now, source.run, daily_summary.is_newer(source, before))
        lifecycle.live_on(step, prepared.findings, endings.end_of)
        lifecycle.except_some(step, prepared.findings, prepared.covered)
        Saving.objects.filter(pk__in=endings.returned).delete()
        Saving.objects.bulk_create(endings.given_back, batch_size=1000)
        follow_up(application, source.now, prepared.snapshot, prepared.balance)
        reach("FP:before-refreshed")
        saved = saved_by_day([application.pk], read_prices(application))
        done = daily_summary.save(application, source, prepared.counts, saved.values())
        _take_mark_off(application)
    return done
