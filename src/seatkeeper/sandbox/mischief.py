"""What can go wrong at Microsoft, by name. One table; each fault changes the tenant or is asked before every answer."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from seatkeeper.sandbox import refusals
from seatkeeper.sandbox.dice import object_guid

if TYPE_CHECKING:
    from seatkeeper.sandbox.tenant import Tenant

REPORTS_LIMIT: Final = 5  # requests an app may make of the reports of one tenant
REPORTS_WINDOW: Final = 10.0  # in so many seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what the tenant does, what a client must do, and its value when none is given."""

    does: str
    client_must: str
    default: str = ""
    choices: tuple[str, ...] = ()  # empty: none is taken, or a whole number when there is a default


FAULTS: Final[dict[str, Fault]] = {
    "no-premium": Fault(
        "the tenant has no Entra ID P1: the sign-in log answers 403 …NonPremiumTenant…",
        "read the roster, say that the log needs P1, and not retry",
    ),
    "no-consent": Fault(
        "tokens are issued without roles, so everything answers 403",
        "name the permissions that are missing before the first call",
    ),
    "no-auditlog": Fault(
        "consent was given without AuditLog.Read.All",
        "read the roster, and name the permission that the log needs",
    ),
    "concealed-names": Fault(
        "names, addresses and user principal names are 32 upper-case hex digits",
        "notice before anything is stored, hold back, and explain the setting",
    ),
    "secret-expired": Fault(
        "the token endpoint answers AADSTS7000222",
        "stop at once, say so, keep what it has",
    ),
    "throttle": Fault(
        "the reports limit is real: 5 requests in 10 seconds, then 429 with Retry-After; refused calls count",
        "pace itself, obey Retry-After",
    ),
    "empty-page": Fault(
        "every second page of a list is empty and still has a next link",
        "go on until there is no next link",
    ),
    "server-error": Fault(
        "after so many answers everything is 503 for ever",
        "retry within a budget, keep what it has, retire nobody",
        default="0",
    ),
    "truncated-roster": Fault(
        "this page of /users has no next link although more follow",
        "retire nobody when too many seem to be gone at once",
        default="2",
    ),
    "late": Fault(
        "all: every sign-in becomes visible 2 to 24 hours late; off: at once",
        "read recent windows again",
        default="all",
        choices=("all", "off", "on"),
    ),
}


@dataclass(slots=True)
class Mischief:
    """The faults that are on, name to value, and what they have to remember."""

    active: dict[str, str] = field(default_factory=dict)
    _answered: int = 0
    _reports: deque[float] = field(default_factory=deque)

    @classmethod
    def of(cls, faults: Iterable[str]) -> Mischief:
        """From "NAME" or "NAME=VALUE"; ValueError names what is known."""
        made = cls()
        for text in faults:
            name, _, value = text.partition("=")
            made.switch_on(name, value)
        return made

    def switch_on(self, name: str, value: str = "") -> None:
        """Switch one fault on."""
        fault = FAULTS.get(name)
        if fault is None:
            raise ValueError(f"unknown fault {name!r}; known are: {', '.join(FAULTS)}")
        value = value or fault.default
        if fault.choices and value not in fault.choices:
            raise ValueError(f"fault {name}: {value!r} is none of {', '.join(fault.choices)}")
        if not fault.choices and fault.default and not (value.isascii() and value.isdigit() and len(value) < 10):
            raise ValueError(f"fault {name}: {value!r} is not a whole number")
        if not fault.choices and not fault.default and value:
            raise ValueError(f"fault {name} takes no value")
        self.active[name] = value

    def number(self, name: str) -> int | None:
        """The value of a fault with a number, None when it is off."""
        value = self.active.get(name)
        return None if value is None else int(value)

    def apply(self, tenant: Tenant) -> None:
        """Change the tenant as the faults say."""
        if "no-premium" in self.active:
            tenant.premium = False
        if "no-consent" in self.active:
            tenant.consent = False
        if "no-auditlog" in self.active:
            tenant.permissions.discard("AuditLog.Read.All")
        if "secret-expired" in self.active:
            tenant.secret_expired = True

    def before(self, path: str) -> refusals.Refusal | None:
        """Asked before each answer of Graph: the refusal that is given instead, or None."""
        self._answered += 1
        after = self.number("server-error")
        if after is not None and self._answered > after:
            return refusals.unavailable()
        if "throttle" in self.active and path.lower().startswith("/auditlogs/"):
            return self._throttle()
        return None

    def _throttle(self) -> refusals.Refusal | None:
        """A sliding window in real time, as no clock of the tenant slows a client down."""
        now = time.monotonic()
        while self._reports and self._reports[0] <= now - REPORTS_WINDOW:
            self._reports.popleft()
        self._reports.append(now)
        if len(self._reports) <= REPORTS_LIMIT:
            return None
        wait = int(self._reports[-REPORTS_LIMIT] + REPORTS_WINDOW - now) + 1
        return refusals.throttled(wait, object_guid("throttled", self._answered))
