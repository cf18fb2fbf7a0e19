"""signInActivity: the newest sign-in of an account to anything, as of the last full six hours (it is not real-time)."""

from __future__ import annotations

from typing import Any, Final

from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.sign_ins import DAY_UNITS, SUCCESS, UNIT, end_of, ticks_of, who_of
from seatkeeper.sandbox.world.tenant import Tenant

STEP: Final = 6 * 3600


def sign_in_activity(tenant: Tenant, number: int) -> dict[str, Any] | None:
    """The property of one account; None when it never signed in."""
    newest, success = _tables(tenant)
    if number not in newest:
        return None
    shape: dict[str, Any] = {"lastNonInteractiveSignInDateTime": None, "lastNonInteractiveSignInRequestId": None}
    for name, table in (("lastSignIn", newest), ("lastSuccessfulSignIn", success)):
        event = table.get(number)
        shape[f"{name}DateTime"] = None if event is None else iso(ticks_of(*event) // 10_000_000)
        shape[f"{name}RequestId"] = None if event is None else tenant.log.id_of(*event)
    return shape


def _tables(tenant: Tenant) -> tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]]:
    """For every account its newest sign-in and its newest success, over the whole history."""
    now = tenant.tick() // STEP * STEP
    known = tenant.last_sign_ins
    if known is not None and known[0] == now:
        return known[1], known[2]
    newest: dict[int, tuple[int, int]] = {}
    success: dict[int, tuple[int, int]] = {}
    for day in range(tenant.log.first, now // DAY + 1):
        for value in tenant.log.day(day, -1):
            if day * DAY_UNITS + (value >> 30) > now * UNIT:
                break
            newest[who_of(value)] = (day, value)
            if end_of(value) == SUCCESS:
                success[who_of(value)] = (day, value)
    tenant.last_sign_ins = (now, newest, success)
    return newest, success
