"""Which findings about seats are true, worked out from the people themselves and what they did.

Nobody can know of a use that the log never showed them, and absence can be claimed only for a time of which everything
is known. So the question comes from a `Reader`, who says when they read the log and what they claim to know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from seatkeeper.sandbox.world import visio_use
from seatkeeper.sandbox.world.account_activity import STEP
from seatkeeper.sandbox.world.background import background
from seatkeeper.sandbox.world.catalog import PROJECT, SEEN, Sku, product_data
from seatkeeper.sandbox.world.directory import RESTORABLE
from seatkeeper.sandbox.world.lateness import delay_of
from seatkeeper.sandbox.world.people import DAY, Holding, Person
from seatkeeper.sandbox.world.seats import active_date, in_force, seats_apart, seats_of
from seatkeeper.sandbox.world.sign_ins import SUCCESS, SignIns, app_of, end_of, ticks_of, who_of
from seatkeeper.sandbox.world.subscriptions import renewal_of, subscriptions
from seatkeeper.sandbox.world.tenant import Tenant
from seatkeeper.sandbox.world.truth import holders

TICKS: Final = 10_000_000
SOON: Final = 60 * DAY  # a renewal so near is to be told of


class Reader(NamedTuple):
    """Whoever asks, and what they know; moments are in seconds.

    `threshold` and `grace` are their rules in seconds; `complete` is the stretch of which they claim to know everything
    (in ticks, both ends included); `read` are the moments at which they read all that the log then showed, and who was
    there; `active` is when they last read when accounts got in anywhere (signInActivity), and `reported` when the
    report of use that they uploaded was exported, if they did. Of a sign-in that the log shows later than `lateness`
    seconds after it happened they claim nothing before they have seen it. Of sign-ins without a prompt, which they read
    where they are `silent`, they know those that the log showed them. `also` are the moments at which they read for
    other products: a sign-in that tells of both was met then as well. Where no sign-in shows a product, they judge its
    seats as of `bounded`, or of `active`.
    """

    threshold: int
    grace: int
    complete: tuple[int, int] | None
    read: tuple[int, ...]
    active: int | None = None
    reported: int | None = None
    lateness: int = 7 * DAY
    silent: bool = False
    also: tuple[tuple[str, tuple[int, ...]], ...] = ()
    bounded: int | None = None


class Uses(NamedTuple):
    """The newest use of each account of which the reader can know: of the product, of what it shares, of anything."""

    direct: dict[int, int]
    ambiguous: dict[int, int]
    anywhere: dict[int, int]


def findings(tenant: Tenant, reader: Reader, at: int | None = None, product: str = PROJECT) -> list[dict[str, Any]]:
    """Each with its key, the account's object id or "", the part numbers it is about, and how many units."""
    with tenant.lock:
        now = tenant.tick() if at is None else at
        seen = product in SEEN  # by sign-ins of its own
        uses = known_uses(tenant, reader, now, product) if seen else _reported_uses(tenant, reader)
        found: list[dict[str, Any]] = []
        told = {sku.part_number for sku, _bought, _assigned in subscriptions(tenant, now)}
        for person in _everybody(tenant, now, product):
            seats = [held.sku for held in seats_of(person, product)]
            idle = (_idle if seen else _idle_unseen)(person, uses, reader, product) if seats else ""
            found += [_row(idle, person, *seats)] if idle else []
            found += [*_of_person(person, product), *_of_overlaps(person, product, told)]
        return [*found, *_of_deleted(tenant, reader, now, product), *_of_purchases(tenant, now, product)]


def _row(key: str, person: Person | None, *seats: Sku, units: int = 0) -> dict[str, Any]:
    part_numbers = sorted(sku.part_number for sku in seats)
    return {"finding": key, "object_id": person.id if person else "", "skus": part_numbers, "units": units}


def known_uses(tenant: Tenant, reader: Reader, now: int, product: str = PROJECT) -> Uses:
    """Includes all that happened in the complete stretch: the reader claims to know it, shown by the log or not."""
    uses = Uses({}, {}, _anywhere(tenant, reader))
    low, high = reader.complete or (1, 0)
    for when, who, grade, shown in successes(tenant, reader, now, product):
        if shown or low <= when <= high:
            newest = uses.direct if grade == "direct" else uses.ambiguous
            newest[who] = max(newest.get(who, 0), when)
    for when, who, grade, shown in successes(tenant, reader, now, product, background(tenant)) if reader.silent else ():
        if shown and grade == "direct":
            uses.direct[who] = max(uses.direct.get(who, 0), when)
    return uses


def _reported_uses(tenant: Tenant, reader: Reader) -> Uses:
    """What is known of a product that no sign-in shows: the report's days, and when accounts got in anywhere."""
    told = () if reader.reported is None else visio_use.uses(tenant, at=reader.reported)
    days = {use.person.number: use.last * TICKS for use in told if use.last is not None}
    return Uses(days, {}, _anywhere(tenant, reader))


def _anywhere(tenant: Tenant, reader: Reader) -> dict[int, int]:
    """What the directory told the reader: it counts in steps of some hours, and shows no fractions.

    For an account that never got in it tells the newest try, which a careful reader takes for a sign of life.
    """
    tries: dict[int, int] = {}
    found: dict[int, int] = {}
    until = -1 if reader.active is None else reader.active // STEP * STEP
    for day in range(tenant.log.first, until // DAY + 1):
        for value in tenant.log.day(day, -1):
            when = ticks_of(day, value)
            if when <= until * TICKS:
                tries[who_of(value)] = when // TICKS * TICKS  # days come in order, and so do the events of a day
                if end_of(value) == SUCCESS:
                    found[who_of(value)] = tries[who_of(value)]
    return tries | found


def successes(
    tenant: Tenant, reader: Reader, now: int, product: str = PROJECT, log: SignIns | None = None
) -> Iterator[tuple[int, int, str, bool]]:
    """Every success: when, who, to what kind of application, and whether the log ever showed it to the reader.

    Of the log of interactive sign-ins, or of another.
    """
    log = log or tenant.log
    graded = log.grades(product)
    mask = sum(1 << code for code in graded)
    others = [(log.grades(other), moments) for other, moments in reader.also]
    for day in range(log.first, now // DAY + 1):
        for value in log.day(day, mask):
            when = ticks_of(day, value)
            if end_of(value) == SUCCESS and when // TICKS <= now:
                met = [reader.read, *(moments for codes, moments in others if app_of(value) in codes)]
                read = (moment for moments in met for moment in moments if moment <= now)
                shown = any(log.visible(day, value, at) and not log.pending(day, value, at) for at in read)
                if shown or delay_of(day, value, log.late) <= reader.lateness:
                    yield when, who_of(value), graded[app_of(value)], shown


def _everybody(tenant: Tenant, now: int, product: str) -> Iterator[Person]:
    """Who holds a seat, and who has the product inside another product's licence."""
    yield from holders(tenant, now, product)
    directory = tenant.directory
    pool = directory.pool(f"apart of {product}", lambda person: bool(seats_apart(person, product)))
    drawn = (directory.base + pool[place] for place in range(pool.size))
    for number in sorted({*range(directory.base), *drawn, *directory.changed}):
        person = directory.at(number, now)
        if person and seats_apart(person, product) and not seats_of(person, product):
            yield person


def _of_person(person: Person, product: str) -> Iterator[dict[str, Any]]:
    """What is true of somebody's seats, whatever they did with them."""
    if seats := seats_of(person, product):
        skus = [held.sku for held in seats]
        if not person.enabled:
            yield _row("blocked", person, *skus)
        if person.guest:
            yield _row("guest", person, *skus)
        yield from (_row("two-plans", person, sku) for sku in skus if _is_covered(sku, skus, product))
        yield from (_row("retired-service", person, held.sku) for held in seats if _is_retired(person, held, product))
        yield from (_row("assignment-error", person, held.sku) for held in seats if held.error != "None")
    if apart := seats_apart(person, product):
        yield _row("other-product", person, *(held.sku for held in apart))


def _of_overlaps(person: Person, product: str, told: Collection[str]) -> Iterator[dict[str, Any]]:
    """Seats of whoever holds another licence with all in it that these have, by what the tenant tells of its SKUs."""
    seats, usable = seats_of(person, product), in_force(person)

    def gives(held: Holding) -> set[str]:
        return {plan.id for plan in held.enabled_plans() if plan.makes_user_of(product) and plan.id in usable}

    def is_inside(held: Holding, other: Holding) -> bool:
        one, larger = held.sku, other.sku
        mine, theirs = ({plan.id for plan in sku.plans} for sku in (one, larger))
        ranked = {one.id, larger.id} <= _ranked(product)
        lower = mine != theirs or one.part_number < larger.part_number
        return one != larger and not ranked and mine <= theirs and lower and gives(held) <= gives(other)

    known = [held for held in (*seats, *seats_apart(person, product)) if held.sku.part_number in told]
    for held in seats:
        if held in known and any(is_inside(held, other) for other in known):
            yield _row("overlap", person, held.sku)


def _idle(person: Person, uses: Uses, reader: Reader, product: str) -> str:
    """The finding about absence that the reader may claim, if any; nobody is judged while the seat is new."""
    if reader.complete is None:
        return ""
    begin, end = reader.complete
    given = active_date(person, product)
    if given is not None and end - given * TICKS < max(reader.grace * TICKS, 1):
        return ""  # too new, or given where nothing is known
    anywhere = uses.anywhere.get(person.number)
    came = [table[person.number] for table in uses if person.number in table]
    if not came:
        return "never-seen"
    if anywhere is not None and (reader.active or 0) - DAY >= begin // TICKS:
        begin = min(begin, anywhere)  # who got in nowhere did not come
    since = end - reader.threshold * TICKS
    return "unused" if max(came) < since and begin <= since else ""


def _idle_unseen(person: Person, uses: Uses, reader: Reader, product: str) -> str:
    """The same for a product that no sign-in shows: only those who signed in nowhere certainly did not use it."""
    given, end = active_date(person, product), reader.active if reader.bounded is None else reader.bounded
    if end is None or (given is not None and end - given < max(reader.grace, 1)):
        return ""
    came = [table[person.number] for table in uses if person.number in table]
    # Of an account of which the directory tells no sign-in, nobody knows whether it never had one.
    return "unused" if came and max(came) < (end - reader.threshold) * TICKS else ""


@cache
def _plans(product: str) -> dict[str, tuple[str, bool]]:
    """What kind of thing each service plan opens, and whether Microsoft ends it."""
    return {plan["id"]: (plan["class"], "retires" in plan) for plan in product_data(product)["plans"]}


@cache
def _ranked(product: str) -> frozenset[str]:
    """The SKUs that Microsoft sells as one above the other; of others nobody can say that one would do."""
    return frozenset(sku["id"] for sku in product_data(product)["skus"] if sku["level"] is not None)


def _is_covered(sku: Sku, held: list[Sku], product: str) -> bool:
    """Whether one other SKU of the same person opens all that this one does, and it is not the other way round too."""
    ranked = [one for one in held if one.id in _ranked(product)]
    mine = _opens(sku, product)
    others = (one for one in ranked if sku in ranked and one is not sku and _opens(one, product) >= mine)
    return any(_opens(one, product) > mine or one.part_number > sku.part_number for one in others)


def _opens(sku: Sku, product: str) -> set[str]:
    """Kinds of use; who may plan in Project Online or on the web may also do there what a team member does."""
    kinds = {_plans(product)[plan.id][0] for plan in sku.plans if plan.makes_user_of(product)}
    return kinds | {"essentials"} if kinds & {"online", "web"} else kinds


def _is_retired(person: Person, held: Holding, product: str) -> bool:
    """Whether all that the assignment opens is ended by Microsoft."""
    usable = in_force(person)
    plans = [plan for plan in held.enabled_plans() if plan.makes_user_of(product) and plan.id in usable]
    return bool(plans) and all(_plans(product)[plan.id][1] for plan in plans)  # of a suite, none is the product's own


def _of_deleted(tenant: Tenant, reader: Reader, now: int, product: str) -> Iterator[dict[str, Any]]:
    """Whose seat counts although they are deleted.

    The vendor says how many seats count, and not whose: so many of those whom the reader last met with one can be
    named, the last to go missing first, because the first are gone for good first.
    """
    gone = tenant.directory.deleted(now) if tenant.keeps_deleted_seats else ()
    counted = Counter(held.sku for person, _left in gone for held in person.holdings)
    for person in _missed(tenant, reader, now) if counted else ():
        for held in seats_of(person, product):
            if counted[held.sku] > 0:
                counted[held.sku] -= 1
                yield _row("deleted", person, held.sku)


def _missed(tenant: Tenant, reader: Reader, now: int) -> list[Person]:
    """Who is gone and was met once, as they were then, if the reader missed them in the last 30 days; newest first."""
    directory, read = tenant.directory, [moment for moment in reader.read if moment <= now]
    found = []
    for number in directory.changed:
        if directory.at(number, now) is not None:
            continue
        met = next((place for place in reversed(range(len(read))) if directory.at(number, read[place])), len(read))
        if met + 1 < len(read) and now - read[met + 1] <= RESTORABLE:
            person = directory.at(number, read[met])
            found += [(-read[met + 1], person.id, person)] if person else []
    return [person for _when, _id, person in sorted(found, key=lambda row: row[:2])]


def _of_purchases(tenant: Tenant, now: int, product: str) -> Iterator[dict[str, Any]]:
    for sku, bought, assigned in subscriptions(tenant, now):
        if not sku.is_seat_of(product):
            continue
        if bought > assigned:
            yield _row("unassigned", None, sku, units=bought - assigned)
        if assigned > bought or sku.part_number in tenant.lapsed:
            yield _row("over-assigned", None, sku)
        if 0 <= renewal_of(tenant, sku, now) - now <= SOON:
            yield _row("renewal", None, sku)
