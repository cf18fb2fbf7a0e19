"""Microsoft's documented limits: sliding windows in which refused calls count too. On with `--fault throttle`."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.graph.request import Answer, Request
from seatkeeper.sandbox.world.dice import object_guid
from seatkeeper.sandbox.world.tenant import Tenant

REPORTS: Final = 5  # requests an app may make of the reports of one tenant in ten seconds
REPORTS_EVERYWHERE: Final = 122  # and of all tenants
USAGE_FILES: Final = 14  # requests in ten minutes for each report of use as a file (v1.0)
USAGE_PAGES: Final = 100  # and as JSON (beta)
ACTIVITY: Final = 10  # accounts with signInActivity read one by one in a minute
EVERYWHERE: Final = 150_000  # resource units of an app in all tenants in twenty seconds
GRAPH: Final = 130_000  # requests of an app to all of Graph in ten seconds
SIZES: Final = ((50, 3_500), (501, 5_000), (1 << 60, 8_000))  # units in ten seconds for tenants under so many accounts
NOTED: Final = 0.8  # of a limit from which answers say how near it is
MOST_NOTED: Final = 1.8


_USAGE: Final = re.compile(r"/(?:copilot/)?reports/(\w+)\(")


@dataclass(slots=True)
class Window:
    """What was spent in the last seconds."""

    seconds: float
    spent: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def spend(self, now: float, cost: int) -> int:
        """Add a cost; gives the total including it."""
        while self.spent and self.spent[0][0] <= now - self.seconds:
            self.total -= self.spent.popleft()[1]
        self.spent.append((now, cost))
        self.total += cost
        return self.total

    def wait(self, now: float, limit: int) -> int:
        """Whole seconds until another request of the last cost fits, if none comes meanwhile."""
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
    refused: int = 0

    def answer(self, tenant: Tenant, request: Request, app: str, go: Callable[[Tenant, Request], Answer]) -> Answer:
        """The answer, unless a limit is exceeded: then the refusal that this kind of request gets."""
        if not tenant.limited:
            return go(tenant, request)
        if wait := self._over(("graph", app), (10.0, GRAPH), 1, tenant.elapsed)[1]:
            raise too_many(wait, {})
        path = request.path.lower().rstrip("/")
        words = (request.query.get("select") or "") + (request.query.get("filter") or "")
        activity = "signinactivity" in words.lower()
        if path.startswith(("/users/", "/users(")) and activity:
            self._report(tenant, ("activity", app, tenant.tenant_id), (60.0, ACTIVITY))
        if report := _USAGE.match(path):
            limit = USAGE_PAGES if request.beta else USAGE_FILES
            self._report(tenant, ("usage", app, tenant.tenant_id, report.group(1), request.beta), (600.0, limit))
            return go(tenant, request)
        if path.startswith("/auditlogs/") or (path == "/users" and activity):
            self._report(tenant, ("reports", app, tenant.tenant_id), (10.0, REPORTS))
            self._report(tenant, ("reports", app), (10.0, REPORTS_EVERYWHERE))
            return go(tenant, request)
        try:
            answer = go(tenant, request)
        except refusals.Refusal:
            self._units(tenant, app, 1)
            raise
        return replace(answer, headers={**answer.headers, **self._units(tenant, app, answer.cost)})

    def _over(self, name: tuple[object, ...], rule: tuple[float, int], cost: int, now: float) -> tuple[float, int]:
        """Spend a cost; gives the share of the limit in use and the seconds to wait (0: within the limit)."""
        seconds, limit = rule
        window = self.windows.setdefault(name, Window(seconds))
        share = window.spend(now, cost) / limit
        return share, window.wait(now, limit) if share > 1 else 0

    def _report(self, tenant: Tenant, name: tuple[object, ...], rule: tuple[float, int]) -> None:
        """Spend one request of the reports, which word their refusals in a way of their own."""
        if wait := self._over(name, rule, 1, tenant.elapsed)[1]:
            self.refused += 1
            raise refusals.throttled(wait, object_guid(tenant.settings.seed, "throttled", self.refused))

    def _units(self, tenant: Tenant, app: str, cost: int) -> dict[str, str]:
        """Spend resource units; gives the headers that say how near the limit is."""
        now = tenant.elapsed
        people = tenant.directory.total - len(tenant.directory.removed)
        limit = next(units for below, units in SIZES if people < below)
        share, wait = self._over(("units", app, tenant.tenant_id), (10.0, limit), cost, now)
        scope = f"Tenant_Application/ReadWrite/{app}/{tenant.tenant_id}"
        everywhere, longer = self._over(("units", app), (20.0, EVERYWHERE), cost, now)
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
