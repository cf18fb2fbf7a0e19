"""Microsoft's limits, as documented: windows that slide, and refused calls count too. On with `--fault throttle`."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from seatkeeper.sandbox import refusals
from seatkeeper.sandbox.dice import object_guid

if TYPE_CHECKING:
    from seatkeeper.sandbox.request import Answer, Request
    from seatkeeper.sandbox.tenant import Tenant

REPORTS: Final = 5  # requests an app may make of the reports of one tenant in ten seconds
REPORTS_EVERYWHERE: Final = 122  # and of all tenants
ACTIVITY: Final = 10  # accounts with signInActivity read one by one in a minute
EVERYWHERE: Final = 150_000  # resource units of an app in all tenants in twenty seconds
GRAPH: Final = 130_000  # requests of an app to all of Graph in ten seconds
SIZES: Final = ((50, 3_500), (501, 5_000), (1 << 60, 8_000))  # units in ten seconds for tenants under so many accounts
NOTED: Final = 0.8  # of a limit from which answers say how near it is
MOST_NOTED: Final = 1.8


@dataclass(slots=True)
class Window:
    """What was spent in the last seconds."""

    seconds: float
    spent: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def spend(self, now: float, cost: int) -> int:
        """Enter a cost and tell the total with it."""
        while self.spent and self.spent[0][0] <= now - self.seconds:
            self.total -= self.spent.popleft()[1]
        self.spent.append((now, cost))
        self.total += cost
        return self.total

    def wait(self, now: float, limit: int) -> int:
        """Whole seconds until one more of the last cost fits, if nothing is asked for meanwhile."""
        left = self.total
        for at, cost in self.spent:
            left -= cost
            if left + self.spent[-1][1] <= limit:
                return max(1, math.ceil(at + self.seconds - now))
        return math.ceil(self.seconds)


@dataclass(slots=True)
class Meter:
    """The windows of one process, by what they limit; several tenants share it, as Microsoft's tenants do."""

    windows: dict[tuple[object, ...], Window] = field(default_factory=dict)

    def over(self, name: tuple[object, ...], rule: tuple[float, int], cost: int, now: float) -> tuple[float, int]:
        """Spend, and tell the share of the limit in use and the seconds to wait, 0 while it is kept."""
        seconds, limit = rule
        window = self.windows.setdefault(name, Window(seconds))
        share = window.spend(now, cost) / limit
        return share, window.wait(now, limit) if share > 1 else 0


def metered(tenant: Tenant, request: Request, app: str, go: Callable[[Tenant, Request], Answer]) -> Answer:
    """The answer, unless a limit is exceeded: then the refusal of the family the request belongs to."""
    if "throttle" not in tenant.mischief.active:
        return go(tenant, request)
    reports, single = _is_report(request), _is_single(request)
    _whole_graph(tenant, app)
    if reports:
        _reports(tenant, app)
    if single:
        _refuse_over(tenant, ("activity", app, tenant.tenant_id), (60.0, ACTIVITY))
    try:
        answer = go(tenant, request)
    except refusals.Refusal:
        if not reports:
            _units(tenant, app, 1)
        raise
    if reports:
        return answer
    noted = _units(tenant, app, answer.cost)
    return replace(answer, headers={**answer.headers, **noted})


def _is_report(request: Request) -> bool:
    path = request.path.lower().rstrip("/")
    return path.startswith("/auditlogs/") or (path == "/users" and _activity(request))


def _is_single(request: Request) -> bool:
    path = request.path.lower().rstrip("/")
    return path.startswith(("/users/", "/users(")) and _activity(request)


def _activity(request: Request) -> bool:
    words = (request.query.get("select") or "") + (request.query.get("filter") or "")
    return "signinactivity" in words.lower()


def _whole_graph(tenant: Tenant, app: str) -> None:
    _, wait = tenant.meter.over(("graph", app), (10.0, GRAPH), 1, tenant.elapsed)
    if wait:
        raise too_many(wait, {})


def _reports(tenant: Tenant, app: str) -> None:
    _refuse_over(tenant, ("reports", app, tenant.tenant_id), (10.0, REPORTS))
    _refuse_over(tenant, ("reports", app), (10.0, REPORTS_EVERYWHERE))


def _refuse_over(tenant: Tenant, name: tuple[object, ...], rule: tuple[float, int]) -> None:
    _, wait = tenant.meter.over(name, rule, 1, tenant.elapsed)
    if wait:
        tenant.throttled += 1
        raise refusals.throttled(wait, object_guid(tenant.settings.seed, "throttled", tenant.throttled))


def _units(tenant: Tenant, app: str, cost: int) -> dict[str, str]:
    """Spend resource units, and the headers that tell how near the limit is."""
    now = tenant.elapsed
    people = tenant.directory.total - len(tenant.directory.removed)
    limit = next(units for below, units in SIZES if people < below)
    share, wait = tenant.meter.over(("units", app, tenant.tenant_id), (10.0, limit), cost, now)
    scope = f"Tenant_Application/ReadWrite/{app}/{tenant.tenant_id}"
    everywhere, longer = tenant.meter.over(("units", app), (20.0, EVERYWHERE), cost, now)
    if everywhere > share:
        share, scope = everywhere, f"Application/ReadWrite/{app}"
    headers = {}
    if share > NOTED:
        percentage = f"{min(share, MOST_NOTED):.2f}"
        headers = {"x-ms-throttle-limit-percentage": percentage, "x-ms-throttle-scope": scope}
    if wait or longer:
        raise too_many(max(wait, longer), headers | {"x-ms-throttle-information": "ResourceUnitLimitExceeded"})
    return headers


def too_many(seconds: int, headers: Mapping[str, str]) -> refusals.Refusal:
    """429 of everything but the reports."""
    message = "Please retry again later."
    return refusals.Refusal(429, "TooManyRequests", message, {"Retry-After": str(seconds), **headers})
