"""The snapshot that insights work on: the last published generations of an application, put together."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Final

from seatkeeper.app_uses import INTERACTIVE, NON_INTERACTIVE
from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.connectors.catalog import find_product, find_vendor_of
from seatkeeper.connectors.products import Product
from seatkeeper.insights.base import (
    DeletedHolder,
    FailedAssignment,
    Holder,
    Sighting,
    Snapshot,
)
from seatkeeper.insights.evidence import grade, observed_since, seat_observed_since
from seatkeeper.insights.facts import NOTHING, Facts
from seatkeeper.insights.findings.deleted import RESTORABLE
from seatkeeper.model import Grade, Instant, Key, SeatKind, to_id
from seatkeeper.reporting.facts import read_facts
from seatkeeper.reporting.purchases import list_shared, to_purchases, to_renewals
from seatkeeper.reporting.seats import Groups, Skus, active_date, is_blocked, to_seats
from seatkeeper.reporting.signals import SIGNALS, Find, Readings, bounded_until, is_observable, reported_until
from seatkeeper.spans import Span, last_unbroken
from seatkeeper.store.models import Application, Task
from seatkeeper.store.queries import roster, usage
from seatkeeper.sync.coverage import read_ledger


@dataclass(frozen=True, slots=True)
class Known:
    """Where the readings of an application stand."""

    application: Application
    product: Product
    groups: Groups
    generations: dict[str, int]
    observed: Span | None
    silent: Span | None  # the same of sign-ins without a prompt
    bounded: Instant | None  # up to when last sign-ins anywhere are known, where sign-ins themselves show no use
    facts: Mapping[Key, Facts]


def know(application: Application) -> Known:
    product = find_product(application.product)
    groups, tasks = Groups(application), Task.objects.filter(connection_id=application.connection_id)
    generations = {t.key: t.generation for t in tasks}
    facts = read_facts(application, generations.get("roster", 0))
    if not is_observable(product):
        return Known(application, product, groups, generations, None, None, bounded_until(application), facts)
    observed = last_unbroken(read_ledger(application.connection_id).proven(product.watched))
    ledger = read_ledger(application.connection_id, NON_INTERACTIVE)
    silent = last_unbroken(ledger.proven(product.watched_silently))
    return Known(application, product, groups, generations, observed, silent, None, facts)


# Sign-ins to the product itself, to applications that it shares, and those to itself without a prompt.
_KINDS: Final = ((INTERACTIVE, Grade.DIRECT), (INTERACTIVE, Grade.AMBIGUOUS), (NON_INTERACTIVE, Grade.DIRECT))
_Holders = tuple[list[Holder], list[Holder]]
ListUses = Callable[[int, str, int], list[roster.UseRow]]
ListFailing = Callable[[int, int], list[roster.FailingRow]]


def take_snapshot(
    application: Application,
    clock: Clock = system_clock,
    list_uses: ListUses = roster.list_uses,
    list_failing: ListFailing = roster.list_failing,
) -> Snapshot:
    """Everything that is known of the application, of the last published generations.

    `list_uses` is how the newest uses are found: from the sign-ins themselves, or from their counts by day.
    `list_failing` looks at all accounts of the tenant.
    """
    known = know(application)
    connection_id, generation = application.connection_id, known.generations.get("roster", 0)
    owned = roster.list_subscriptions(connection_id, known.generations.get("licenses", 0))
    skus = Skus(known.product, owned, list_shared(connection_id, owned))
    renewals = roster.list_renewals(connection_id)
    newest = _newest_uses(known, list_uses(connection_id, known.product.key, generation))
    readings = Readings(application, known.product, generation, known.observed, known.silent, *newest)
    rows = roster.stream_seats(connection_id, known.product.key, generation)
    holders, apart = _to_holders(rows, skus, known, [signal.read(readings) for signal in SIGNALS])
    now, given = clock(), Counter[Key]()
    gone = roster.list_gone(connection_id, known.product.key, generation, now - RESTORABLE)
    if gone:
        # To how many accounts of the directory each SKU is assigned, also where that makes no seat.
        list_assigned = find_vendor_of(known.product.key).list_assigned
        for text in roster.list_licensing(connection_id, generation):
            given.update(list_assigned(text))
    return Snapshot(
        now,
        days(application.threshold_days),
        days(application.grace_days),
        known.observed,
        holders,
        apart,
        to_purchases(owned, renewals, skus, holders),
        [DeletedHolder(row.account, row.upn or to_id(row.account), skus.of(row.sku), row.when) for row in gone],
        given,
        to_renewals(renewals, skus),
        _list_failed(application, list_failing(connection_id, generation), skus),
        known.bounded,
        known.silent,
        reported_until(application),
    )


def _list_failed(application: Application, rows: Iterable[roster.FailingRow], skus: Skus) -> list[FailedAssignment]:
    """The SKUs of the product that the vendor could not give to somebody who does not hold them."""
    list_failed = find_vendor_of(application.product).list_failed
    return [
        FailedAssignment(row.account, row.upn or to_id(row.account), skus.of(sku), error)
        for row in rows
        for sku, error in list_failed(row.licensing)
        if skus.is_seat(sku)
    ]


def quick_snapshot(application: Application, clock: Clock = system_clock) -> Snapshot:
    """The same snapshot, from the counts by day: a large tenant has a hundred times as many sign-ins.

    While a day waits to be counted, it is taken from the sign-ins themselves.
    """
    if usage.are_counted(application.connection_id):
        return take_snapshot(application, clock, from_counts(find_product(application.product)))
    return take_snapshot(application, clock)


def from_counts(product: Product) -> ListUses:
    names = usage.list_apps()
    return partial(usage.list_uses, kinds=[product.uses_of(grade, names, kind) for kind, grade in _KINDS])


def _to_holders(rows: Iterable[roster.SeatRow], skus: Skus, known: Known, finds: Sequence[Find]) -> _Holders:
    """Who holds seats of the product, and who has it inside another product's licence."""
    is_guest = find_vendor_of(known.product.key).is_guest
    found: _Holders = ([], [])
    for _account, seats in groupby(rows, lambda row: row.account):
        kinds: tuple[list[roster.SeatRow], list[roster.SeatRow]] = ([], [])
        for row in seats:
            kinds[row.kind == SeatKind.OTHER_PRODUCT].append(row)
        for some, people in zip(kinds, found, strict=True):
            if some:
                signals = tuple(sighting for find in finds if (sighting := find(some[0])) is not None)
                guest = is_guest(some[0].user_type, some[0].upn)
                people.append(_to_holder(some, skus, signals, known, guest=guest))
    for people in found:
        people.sort(key=lambda holder: holder.user_id.casefold())  # databases differ in their order of names
    return found


def _newest_uses(known: Known, uses: Sequence[roster.UseRow]) -> list[dict[Key, Instant]]:
    """The newest sign-in of each holder, of each of the kinds that say something."""
    newest: list[dict[Key, Instant]] = [{} for _ in _KINDS]
    names, by_app = {name for _account, name, _moment in uses}, dict[str, dict[Key, Instant]]()
    for found, (kind, what) in zip(newest, _KINDS, strict=True):
        by_app |= dict.fromkeys(known.product.uses_of(what, names, kind), found)
    for account, name, moment in uses:
        if name in by_app and moment > by_app[name].get(account, -1):
            by_app[name][account] = moment
    return newest


def _to_holder(
    rows: Sequence[roster.SeatRow], skus: Skus, signals: tuple[Sighting, ...], known: Known, *, guest: bool
) -> Holder:
    row, seats = rows[0], to_seats(rows, skus, known.groups)
    active, source = active_date(seats)
    return Holder(
        account=row.account,
        user_id=row.upn or to_id(row.account),
        mail=(row.upn if row.mail == row.upn else row.mail) or "",  # one string for both, as they are mostly the same
        first_name=_same(row.given_name),
        last_name=_same(row.surname),
        blocked=is_blocked(row),
        guest=guest,
        department=_same(row.department),
        seats=seats,
        active=active,
        active_source=source,
        signals=signals,
        evidence=grade(signals, known.observed, active),
        observed_since=seat_observed_since(signals, observed_since(signals, known.observed, known.bounded), active),
        location=_same(row.location),
        facts=known.facts.get(row.account, NOTHING),
    )


def _same(text: str | None) -> str:
    """One string for all of a hundred thousand people who have the same."""
    return sys.intern(text) if text else ""
