"""What is true in a tenant, worked out from its people and events and never from how they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seatkeeper.sandbox.catalog import apps
from seatkeeper.sandbox.crowd import project_seat
from seatkeeper.sandbox.people import DAY, GHOST, Holding, Person
from seatkeeper.sandbox.signins import RETENTION, SUCCESS, UNIT, app_of, end_of, ticks_of, who_of
from seatkeeper.sandbox.tenant import Tenant


def stamp(ticks: int | None) -> str | None:
    """An instant in 100 ns as text with seven digits, so that texts sort as instants do."""
    if ticks is None:
        return None
    seconds, rest = divmod(ticks, 10_000_000)
    return f"{_second(seconds)}.{rest:07d}Z"


def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def active_date(person: Person) -> int | None:
    """Earliest date of an enabled plan; else the newest change of a SKU that has one; else the account's first day."""
    seats = project_seat(person)
    dates = [date for held in seats for date in _plan_dates(person, held)]
    if dates:
        return min(dates)
    changes = [held.since for held in seats]
    return max(changes) if changes else person.created


def _plan_dates(person: Person, seat: Holding) -> Iterable[int]:
    """When the seat plans of a holding were assigned; a plan that came twice has the date of its earliest good copy."""
    for plan in seat.enabled_plans():
        if plan.seat:
            good = [h for h in person.holdings if h.status == "Enabled" and plan in h.enabled_plans()]
            grace = [h for h in person.holdings if h.status == "Warning" and plan in h.enabled_plans()]
            yield min(h.since for h in good or grace)


def truth(tenant: Tenant) -> dict[str, Any]:
    """Everything a correct reader finds out, as JSON."""
    with tenant.lock:
        return _truth(tenant, tenant.tick())


def _truth(tenant: Tenant, now: int) -> dict[str, Any]:
    holders = {person.number: person for person in tenant.directory.everybody(now) if project_seat(person)}
    seen = _seen(tenant, now)
    directory = tenant.directory
    return {
        "tenant_id": tenant.tenant_id,
        "now": _second(now) + "Z",
        "roster": [_member(person) for person in holders.values()],
        "access": [
            {
                "user_id": person.upn,
                "object_id": person.id,
                "last_login": stamp(seen.direct.get(number)),
                "last_possible": stamp(seen.ambiguous.get(number)),
            }
            for number, person in holders.items()
        ],
        "suspicious": [_suspect(tenant, number, seen) for number in sorted(seen.count) if number not in holders],
        "used_ever": {person.id: stamp(seen.ever[n]) for n, person in holders.items() if n in seen.ever},
        "seats": {
            sku.part_number: {"bought": bought, "assigned": assigned, "sku_id": sku.id, "kind": sku.kind}
            for sku, bought, assigned in tenant.subscriptions()
        },
        "counts": {
            "people": directory.total - len(directory.removed),
            "holders": len(holders),
            "used": sum(1 for number in holders if number in seen.direct),
            "sign_ins_visible": seen.visible,
            "sign_ins_late": seen.late,
        },
    }


def _seen(tenant: Tenant, now: int) -> _Seen:
    """The whole log of the product's applications, walked through once."""
    seen = _Seen()
    graded = {code: app.grade for code, app in enumerate(apps()) if app.grade != "other"}
    mask = sum(1 << code for code in graded)
    for day in range(tenant.log.first, now // DAY + 1):
        for value in tenant.log.day(day, mask):
            created = day * DAY + (value >> 30) // UNIT
            if created <= now:
                visible = tenant.log.visible(day, value, now)
                seen.note(day, value, graded[app_of(value)], visible=visible)
                seen.late += not visible and created >= now - RETENTION
    return seen


class _Seen:
    """What the log says of each account."""

    def __init__(self) -> None:
        self.direct: dict[int, int] = {}
        self.ambiguous: dict[int, int] = {}
        self.ever: dict[int, int] = {}
        self.first: dict[int, int] = {}
        self.count: dict[int, int] = {}
        self.visible = 0
        self.late = 0

    def note(self, day: int, value: int, grade: str, *, visible: bool) -> None:
        """One event; days come in order, and so do the events of a day."""
        who, when = who_of(value), ticks_of(day, value)
        self.visible += visible
        if end_of(value) == SUCCESS and grade == "direct":
            self.ever[who] = when
        if not visible or end_of(value) != SUCCESS:
            return
        if grade == "ambiguous":
            self.ambiguous[who] = when
            return
        self.direct[who] = when
        self.first.setdefault(who, when)
        self.count[who] = self.count.get(who, 0) + 1


def _member(person: Person) -> dict[str, Any]:
    return {
        "user_id": person.upn,
        "object_id": person.id,
        "email": person.mail,
        "first_name": person.given,
        "last_name": person.surname,
        "active_date": None if (date := active_date(person)) is None else _second(date) + "Z",
        "blocked": not person.enabled,
        "guest": person.guest,
        "skus": [held.sku.part_number for held in project_seat(person)],
    }


def _suspect(tenant: Tenant, number: int, seen: _Seen) -> dict[str, Any]:
    person = tenant.directory.at(number, tenant.seconds)
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
    Path(path).write_text(json.dumps(truth(tenant), indent=1, ensure_ascii=False) + "\n", "utf-8")
