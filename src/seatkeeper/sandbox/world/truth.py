"""What is true in a tenant, derived from its people and events and never from how Graph shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any, Final

from seatkeeper.sandbox.world import activations, audited, copilot_use, groups, mailboxes, office_use
from seatkeeper.sandbox.world.catalog import COPILOT, MORE, OFFICE, PROJECT, VISIO
from seatkeeper.sandbox.world.lateness import delay_of
from seatkeeper.sandbox.world.people import GHOST, Person
from seatkeeper.sandbox.world.seats import active_date, seats_apart, seats_of
from seatkeeper.sandbox.world.seen import Seen, second, see, stamp
from seatkeeper.sandbox.world.sign_ins import ticks_of, who_of
from seatkeeper.sandbox.world.subscriptions import subscriptions
from seatkeeper.sandbox.world.tenant import Tenant
from seatkeeper.sandbox.world.visio_use import Use, uses

PIECES: Final = 1_000  # rows worked out at a time


def truth(tenant: Tenant, at: int | None = None) -> dict[str, Any]:
    """Everything a correct reader finds out. `at` is a moment of the past in seconds, None is now."""
    found: dict[str, Any] = json.loads(b"".join(stream(tenant, at)))
    return found


def stream(tenant: Tenant, at: int | None = None) -> Iterator[bytes]:
    """The same in pieces, so that the truth about a million people is never in memory as a whole."""
    with tenant.lock:
        now = tenant.tick()
        if at is not None and not tenant.directory.start <= at <= now:
            raise ValueError(f"at: the truth is known from {second(tenant.directory.start)}Z until {second(now)}Z")
        return _locked(tenant, _pieces(tenant, now if at is None else at))


def _locked(tenant: Tenant, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Work out each piece under the tenant's lock, and release it between two pieces."""
    while True:
        with tenant.lock:
            group = b"".join(islice(pieces, PIECES))
        if not group:
            return
        yield group


def _pieces(tenant: Tenant, now: int) -> Iterator[bytes]:
    numbers = [person.number for person in holders(tenant, now)]
    held = set(numbers)
    seen = see(tenant, now)
    yield f'{{"tenant_id": "{tenant.tenant_id}", "now": "{second(now)}Z"'.encode()
    people = (_there(tenant, number, now) for number in numbers)
    yield from _list("roster", (_member(person) for person in people))
    people = (_there(tenant, number, now) for number in numbers)
    yield from _list("access", (_access(person, seen) for person in people))
    suspects = (number for number in sorted(seen.count) if number not in held)
    yield from _list("suspicious", (_suspect(tenant, number, seen, now) for number in suspects))
    used = {_there(tenant, n, now).id: stamp(seen.ever[n]) for n in numbers if n in seen.ever}
    yield b', "used_ever": ' + _json(used)
    seats = {
        sku.part_number: {
            "bought": bought, "assigned": assigned, "sku_id": sku.id, "kind": sku.kind, "product": sku.product,
            **({"also": dict(sku.also)} if sku.also else {}),
        }
        for sku, bought, assigned in subscriptions(tenant, now)
    }  # fmt: skip
    yield b', "seats": ' + _json(seats)
    yield from _list("late", (_event(tenant, *event) for event in seen.hidden))
    yield b', "lost": ' + _json(seen.lost())
    counts = {
        "people": _people(tenant, now),
        "holders": len(numbers),
        "used": sum(1 for number in numbers if number in seen.direct),
        "sign_ins_visible": seen.visible,
        "sign_ins_late": seen.late,
        "sign_ins_lost": seen.gone,
        "sign_ins_pending": seen.pending,
    }
    yield b', "counts": ' + _json(counts)
    yield from _list("groups", groups.told(tenant, now))
    yield b', "products": {'
    yield from _products(tenant, now)
    yield from _office(tenant, now)
    yield b"}}"


def _products(tenant: Tenant, now: int) -> Iterator[bytes]:
    """The other products: who holds a seat, and what the report of their use says."""
    yield f'"{VISIO}": {{"holders": '.encode()
    visio = [person.number for person in holders(tenant, now, VISIO)]
    yield _json(len(visio))
    yield from _list("roster", (_member(_there(tenant, number, now), VISIO) for number in visio))
    yield from _list("reported", (_reported(use) for use in uses(tenant, at=now)))
    yield b"}"
    if tenant.settings.copilot or tenant.settings.everything:
        yield f', "{COPILOT}": {{"holders": '.encode()
        copilot = [person.number for person in holders(tenant, now, COPILOT)]
        yield _json(len(copilot))
        yield from _list("roster", (_member(_there(tenant, number, now), COPILOT) for number in copilot))
        yield from _list("reported", (_told(use) for use in copilot_use.uses(tenant, now)))
        yield b"}"
    for product in MORE if tenant.settings.everything else ():
        yield from _signed_in_to(tenant, now, product)


def _signed_in_to(tenant: Tenant, now: int, product: str) -> Iterator[bytes]:
    """A product whose use shows in the sign-in log, as Project's does."""
    numbers = [person.number for person in holders(tenant, now, product)]
    held, seen = set(numbers), see(tenant, now, product)
    yield f', "{product}": {{"holders": {len(numbers)}'.encode()
    yield from _list("roster", (_member(_there(tenant, number, now), product) for number in numbers))
    there = (_there(tenant, number, now) for number in numbers)
    yield from _list("access", (_access(person, seen) | _uses(tenant, person, seen) for person in there))
    others = [number for number in sorted(seen.count) if number not in held]
    allowed = {number for number in others if _is_allowed(tenant, number, now, product)}
    for name, some in (("suspicious", [n for n in others if n not in allowed]), ("allowed", sorted(allowed))):
        yield from _list(name, (_suspect(tenant, number, seen, now) for number in some))
    yield from _list("audited", audited.told(tenant, product, now))
    yield b"}"


def _is_allowed(tenant: Tenant, number: int, now: int, product: str) -> bool:
    """Whether somebody without a seat may use the product: by what is free, or inside another product's licence."""
    person = None if number == GHOST else tenant.directory.at(number, now)
    return person is not None and bool(seats_apart(person, product, ("free", "other-product")))


def _uses(tenant: Tenant, person: Person, seen: Seen) -> dict[str, Any]:
    """The newest sign-in to each application that says anything of the product, and what it reached."""
    newest = sorted(seen.newest.get(person.number, {}).items())
    apps = tenant.log.apps
    return {"uses": [{"app": apps[n].id, "resource": apps[n].resource_id, "last": stamp(when)} for n, when in newest]}


def _office(tenant: Tenant, now: int) -> Iterator[bytes]:
    """Whose use no sign-in shows, and what the reports of it say."""
    numbers = [person.number for person in holders(tenant, now, OFFICE)]
    yield f', "{OFFICE}": {{"holders": {len(numbers)}'.encode()
    yield from _list("roster", (_member(_there(tenant, number, now), OFFICE) for number in numbers))
    yield from _list("reported", office_use.told(tenant, now))
    yield from _list("activated", activations.told(tenant, now))
    yield from _list("mailboxes", mailboxes.told(tenant, now))
    yield b"}"


def _json(shape: Any) -> bytes:
    return json.dumps(shape).encode()


def _list(name: str, rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    yield f', "{name}": ['.encode()
    for place, row in enumerate(rows):
        yield (b",\n" if place else b"") + _json(row)
    yield b"]"


def holders(tenant: Tenant, now: int, product: str = PROJECT) -> Iterator[Person]:
    """Who holds a seat, in the order of accounts. Looks only at accounts that changed or whose prototype holds one."""
    directory = tenant.directory
    pool = directory.pool(f"seat of {product}", lambda person: bool(seats_of(person, product)))
    drawn = (directory.base + pool[place] for place in range(pool.size))
    last = -1
    for number in merge(range(directory.base), drawn, directory.changed):
        if number != last:
            last = number
            person = directory.at(number, now)
            if person and seats_of(person, product):
                yield person


def _there(tenant: Tenant, number: int, now: int) -> Person:
    person = tenant.directory.at(number, now)
    if person is None:
        raise LookupError(number)
    return person


def _people(tenant: Tenant, now: int) -> int:
    directory = tenant.directory
    changed = (bool(directory.at(number, now)) - (number < directory.people) for number in directory.changed)
    return directory.people + sum(changed)


def _event(tenant: Tenant, day: int, value: int) -> dict[str, Any]:
    """A sign-in that happened and that the log does not show yet."""
    who, created = who_of(value), ticks_of(day, value)
    directory = tenant.directory
    person = directory.ghost if who == GHOST else directory.at(who, created // 10_000_000) or directory.original(who)
    return {
        "id": tenant.log.id_of(day, value),
        "object_id": person.id,
        "created": stamp(created),
        "visible_at": second(created // 10_000_000 + delay_of(day, value, tenant.log.late)) + "Z",
    }


def _access(person: Person, seen: Seen) -> dict[str, Any]:
    return {
        "user_id": person.upn,
        "object_id": person.id,
        "last_login": stamp(seen.direct.get(person.number)),
        "last_possible": stamp(seen.ambiguous.get(person.number)),
    }


def _member(person: Person, product: str = PROJECT) -> dict[str, Any]:
    return {
        "user_id": person.upn,
        "object_id": person.id,
        "email": person.mail,
        "first_name": person.given,
        "last_name": person.surname,
        "active_date": None if (date := active_date(person, product)) is None else second(date) + "Z",
        "blocked": not person.enabled,
        "guest": person.guest,
        "skus": [held.sku.part_number for held in seats_of(person, product)],
        "groups": sorted({group for held in seats_of(person, product) for group in held.groups if group}),
    }


def _reported(use: Use) -> dict[str, Any]:
    return {
        "user_id": use.person.upn,
        "object_id": use.person.id,
        "last_activity": None if use.last is None else second(use.last)[:10],
        "desktop": use.desktop,
        "web": use.web,
    }


def _told(use: copilot_use.Use) -> dict[str, Any]:
    return {
        "user_id": use.person.upn,
        "object_id": use.person.id,
        "last_activity": None if use.last is None else second(use.last)[:10],
        "apps": {app: second(day)[:10] for app, day in use.apps.items()},
    }


def _suspect(tenant: Tenant, number: int, seen: Seen, now: int) -> dict[str, Any]:
    person = tenant.directory.at(number, now)
    last = person or (tenant.directory.ghost if number == GHOST else tenant.directory.original(number))
    return {
        "user_id": person.upn if person and number != GHOST else last.log_name,
        "log_name": last.log_name,
        "object_id": last.id,
        "in_directory": person is not None and number != GHOST,
        "sign_ins": seen.count[number],
        "first_seen": stamp(seen.first[number]),
        "last_seen": stamp(seen.direct[number]),
    }


def write_truth(tenant: Tenant, path: str | Path) -> None:
    """The truth as a file."""
    with Path(path).open("wb") as file:
        for piece in stream(tenant):
            file.write(piece)
        file.write(b"\n")
