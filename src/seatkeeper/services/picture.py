"""The picture that insights work on: the last published generations of an application, put together."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.connectors.catalog import find_product
from seatkeeper.connectors.microsoft.licensing import from_json
from seatkeeper.connectors.microsoft.products import Product, stream_of
from seatkeeper.insights.base import (
    Gone,
    Holder,
    InTenant,
    Picture,
    Purchase,
    Renewing,
    Reported,
    newest_of,
)
from seatkeeper.insights.deleted import RESTORABLE
from seatkeeper.insights.evidence import grade, observed_since
from seatkeeper.model import Grade, Instant, Key, SeatKind, to_id, to_key
from seatkeeper.services.held_seats import Plans, active_date, to_held_seats
from seatkeeper.spans import ReadSpan, Span, last_unbroken, lateness_of, proven
from seatkeeper.store import listing, uses
from seatkeeper.store.models import Application, Coverage, ProductActivity, Renewal, Subscription, Task


@dataclass(frozen=True, slots=True)
class Known:
    """Where the readings of an application stand."""

    application: Application
    product: Product
    generations: dict[str, int]
    ledger: Sequence[Span]
    observed: Span | None


def know(application: Application) -> Known:
    product = find_product(application.product)
    tasks = Task.objects.filter(connection_id=application.connection_id)
    spans = proven_spans(application)
    return Known(application, product, {t.key: t.generation for t in tasks}, spans, last_unbroken(spans))


def read_spans(application: Application) -> tuple[list[ReadSpan], list[Span]]:
    """The stretches of time whose sign-ins were read, and those for which they are complete."""
    readings, sure, _longest = read_history(application)
    return readings, sure


def read_history(application: Application) -> tuple[list[ReadSpan], list[Span], Instant]:
    """The same, with how late a sign-in is known to have come."""
    connection_id, stream = application.connection_id, stream_of_application(application)
    rows = Coverage.objects.filter(connection_id=connection_id, stream=stream).order_by("start")
    told = list(rows.values_list("start", "end", "read_at", "longest_late"))
    readings = [ReadSpan(*row[:3]) for row in told]
    longest = max((row[3] for row in told), default=0)
    return readings, proven(readings, lateness_of(longest)), longest


def proven_spans(application: Application) -> list[Span]:
    """The stretches of time for which the application's sign-ins are complete."""
    return read_spans(application)[1]


def stream_of_application(application: Application) -> str:
    """Sign-ins are read for all products of a connection in one question."""
    mine = Application.objects.filter(connection_id=application.connection_id, active=True)
    keys = {application.product, *mine.values_list("product", flat=True)}
    return stream_of(find_product(key) for key in keys)


ListUses = Callable[[int, str, int], list[listing.UseRow]]


def draw_picture(
    application: Application, clock: Clock = system_clock, list_uses: ListUses = listing.list_uses
) -> Picture:
    """Everything that is known of the application, of the last published generations.

    `list_uses` is how the newest uses are found: from the sign-ins themselves, or from their counts by day.
    """
    known = know(application)
    connection_id, generation = application.connection_id, known.generations.get("roster", 0)
    owned = listing.list_subscriptions(connection_id, known.generations.get("licenses", 0))
    plans = Plans(known.product, owned)
    newest = _newest_uses(known, list_uses(connection_id, known.product.key, generation))
    rows = listing.stream_seats(connection_id, known.product.key, generation)
    holders, apart = _to_holders(rows, plans, known, newest)
    now = clock()
    gone = listing.list_gone(connection_id, known.product.key, generation, now - RESTORABLE)
    return Picture(
        now,
        days(application.threshold_days),
        days(application.grace_days),
        known.observed,
        holders,
        apart,
        _to_purchases(owned, plans, known.product, holders),
        [Gone(row.account, row.upn or to_id(row.account), plans.of(row.sku), row.when) for row in gone],
        _count_given(connection_id, generation) if gone else {},
        _to_renewals(application, plans, known.product),
    )


def quick_picture(application: Application, clock: Clock = system_clock) -> Picture:
    """The same picture, from the counts by day: a large tenant has a hundred times as many sign-ins.

    While a day waits to be counted, it is drawn from the sign-ins themselves.
    """
    if uses.are_counted(application.connection_id):
        return draw_picture(application, clock, from_counts(find_product(application.product)))
    return draw_picture(application, clock)


def from_counts(product: Product) -> ListUses:
    kinds = product.apps_of(Grade.DIRECT), product.apps_of(Grade.AMBIGUOUS)
    return partial(uses.list_uses, kinds=kinds)


def _count_given(connection_id: int, generation: int) -> Counter[Key]:
    """To how many accounts of the directory each SKU is assigned, also where that makes no seat."""
    given: Counter[Key] = Counter()
    for text in listing.list_licensing(connection_id, generation):
        given.update(to_key(held.sku_id) for held in from_json(text).held or ())
    return given


def _to_renewals(application: Application, plans: Plans, product: Product) -> list[Renewing]:
    """The commercial subscriptions of the product's SKUs that say when they renew."""
    counted = {sku.id for sku in product.skus if sku.kind is SeatKind.SEAT}
    return [
        Renewing(plans.of(bytes(row.sku)), row.total, row.trial, row.next_lifecycle)
        for row in Renewal.objects.filter(connection_id=application.connection_id)
        if row.next_lifecycle is not None and to_id(bytes(row.sku)) in counted
    ]


def _reported(application: Application) -> dict[str, Reported]:
    """What the uploaded activity report says, by user principal name in lower case."""
    rows = ProductActivity.objects.filter(application=application)
    return {
        row.user_id: Reported(row.last, row.desktop, row.web, row.other, days(row.period_days), row.until)
        for row in rows.iterator(2000)
    }


def _in_tenant(known: Known) -> dict[Key, InTenant]:
    """When holders last got in anywhere; nobody's while the task that reads it is not ticked."""
    connection_id = known.application.connection_id
    if not Task.objects.filter(connection_id=connection_id, key="activity", enabled=True).exists():
        return {}
    rows = listing.list_activity(connection_id, known.product.key, known.generations.get("roster", 0))
    return {account: InTenant(last, read_at) for account, last, read_at in rows}


def _to_holders(
    rows: Iterable[listing.SeatRow], plans: Plans, known: Known, newest: tuple[dict[Key, Instant], dict[Key, Instant]]
) -> tuple[list[Holder], list[Holder]]:
    """Who holds seats of the product, and who has it inside another product's licence."""
    reported, in_tenant = _reported(known.application), _in_tenant(known)
    found: tuple[list[Holder], list[Holder]] = ([], [])
    for account, seats in groupby(rows, lambda row: row.account):
        used = newest[0].get(account), newest[1].get(account)
        kinds: tuple[list[listing.SeatRow], list[listing.SeatRow]] = ([], [])
        for row in seats:
            kinds[row.kind == SeatKind.OTHER_PRODUCT].append(row)
        for some, people in zip(kinds, found, strict=True):
            if some:
                told = reported.get((some[0].upn or "").casefold()), in_tenant.get(account)
                people.append(_to_holder(some, plans, used, told, known.observed))
    for people in found:
        people.sort(key=lambda holder: (holder.user_id.casefold(), holder.account))  # databases differ in their order
    return found


def _to_purchases(
    owned: Sequence[Subscription], plans: Plans, product: Product, holders: Sequence[Holder]
) -> list[Purchase]:
    """What was bought of the SKUs that count as seats."""
    counted = {sku.id for sku in product.skus if sku.kind is SeatKind.SEAT}
    unlisted = {seat.plan.sku for holder in holders for seat in holder.seats if seat.kind == SeatKind.UNLISTED}
    counted |= {to_id(sku) for sku in unlisted}
    return [
        Purchase(plans.of(bytes(s.sku)), s.status, s.enabled, s.warning, s.suspended, s.consumed)
        for s in owned
        if to_id(bytes(s.sku)) in counted
    ]


def _newest_uses(known: Known, uses: Iterable[listing.UseRow]) -> tuple[dict[Key, Instant], dict[Key, Instant]]:
    """The newest sign-in of each holder to the product itself, and to an ambiguous application."""
    direct, ambiguous = known.product.apps_of(Grade.DIRECT), known.product.apps_of(Grade.AMBIGUOUS)
    newest: tuple[dict[Key, Instant], dict[Key, Instant]] = ({}, {})
    by_app = dict.fromkeys(direct, newest[0]) | dict.fromkeys(ambiguous, newest[1])
    for account, app, moment in uses:
        found = by_app.get(app)
        if found is not None and moment > found.get(account, -1):
            found[account] = moment
    return newest


def _to_holder(
    rows: Sequence[listing.SeatRow],
    plans: Plans,
    uses: tuple[Instant | None, Instant | None],
    told: tuple[Reported | None, InTenant | None],
    observed: Span | None,
) -> Holder:
    row, seats = rows[0], to_held_seats(rows, plans)
    active, source = active_date(seats)
    reported, in_tenant = told
    use = newest_of(uses[0], reported.last if reported else None)
    maybe = newest_of(uses[1], in_tenant.last if in_tenant else None)
    return Holder(
        account=row.account,
        user_id=row.upn or to_id(row.account),
        mail=row.mail or "",
        first_name=row.given_name or "",
        last_name=row.surname or "",
        blocked=row.enabled is not None and not row.enabled,
        guest=row.user_type == "Guest" or "#EXT#" in (row.upn or ""),
        department=_same(row.department),
        seats=seats,
        active=active,
        active_source=source,
        last_login=uses[0],
        last_possible=uses[1],
        evidence=grade(use, maybe, observed, active),
        observed_since=observed_since(observed, in_tenant),
        location=_same(row.location),
        reported=reported,
        in_tenant=in_tenant,
    )


def _same(word: str | None) -> str:
    """One object for all of a hundred thousand people who are told of with the same word."""
    return sys.intern(word) if word else ""
