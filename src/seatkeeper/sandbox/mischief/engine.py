"""The faults that are on, whom they hit, and what they have to remember."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from seatkeeper.sandbox.dice import dice
from seatkeeper.sandbox.mischief.fault import FAULTS, Call, Fault, Reply

if TYPE_CHECKING:
    from seatkeeper.sandbox.tenant import Tenant

_PLACE: Final = re.compile(r"all|once|[1-9]\d{0,6}|0\.\d{1,6}")
_NEXT: Final = re.compile(rb'"@odata\.nextLink":"[^"]*[?&]\$skiptoken=([^"&]+)')
_SKIP: Final = re.compile(r"(?:^|&)(?:\$|%24)skiptoken=([^&]+)", re.IGNORECASE)
_HEAD: Final = 65_536  # bytes of a page in which its next link stands
_PAGES: Final = 50_000  # page tokens remembered


def _place(name: str, text: str) -> str:
    if not _PLACE.fullmatch(text):
        raise ValueError(f"fault {name}: {text!r} is no place: all, once, the number of a page, or a share such as 0.5")
    return text


def read(name: str, value: str) -> str:
    """The value of a fault in full, or ValueError that names what is wrong."""
    fault = FAULTS.get(name)
    if fault is None:
        raise ValueError(f"unknown fault {name!r}; known are: {', '.join(FAULTS)}")
    if not value:
        return fault.default
    if fault.number:
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise ValueError(f"fault {name}: {value!r} is not a whole number")
        return value
    if fault.variants:
        variant, at, place = value.partition("@")
        if not at and fault.where and variant not in fault.variants and _PLACE.fullmatch(variant):
            variant, place = fault.variants[0], variant
        if variant not in fault.variants:
            raise ValueError(f"fault {name}: {variant!r} is none of {', '.join(fault.variants)}")
        if at and not fault.where:
            raise ValueError(f"fault {name} takes no place")
        return f"{variant}@{_place(name, place or fault.where)}" if fault.where else variant
    if fault.where:
        return _place(name, value)
    raise ValueError(f"fault {name} takes no value")


@dataclass(slots=True)
class Mischief:
    """The faults that are on, name to value."""

    active: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    twin: str = "https://evil.example"  # the host that must never see a token
    _answered: int = 0
    _tokens: int = 0
    _pages: dict[str, int] = field(default_factory=dict)
    _turns: Counter[str] = field(default_factory=Counter)
    _hit: set[tuple[object, ...]] = field(default_factory=set)
    _memory: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, faults: Iterable[str], seed: int = 0) -> Mischief:
        """From "NAME" or "NAME=VALUE"; ValueError names what is known."""
        made = cls(seed=seed)
        for text in faults:
            name, _, value = text.partition("=")
            made.switch_on(name, value)
        return made

    def switch_on(self, name: str, value: str = "") -> None:
        """Switch one fault on, fresh: it has hit nothing yet."""
        self.active[name] = read(name, value)
        self._hit = {seen for seen in self._hit if seen[0] != name}
        self._turns.pop(name, None)
        self._memory.pop(name, None)

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

    def undo(self, tenant: Tenant, name: str) -> None:
        """Take back what `apply` did to the tenant for one fault."""
        if name == "no-premium":
            tenant.premium = True
        if name == "no-consent":
            tenant.consent = True
        if name == "no-auditlog":
            tenant.permissions.add("AuditLog.Read.All")
        if name == "secret-expired":
            tenant.secret_expired = False
        if name == "short-retention":
            tenant.log.keeps = tenant.settings.retention * 86_400
        if name == "concealed-names":
            tenant.conceal(on=False)
        self.apply_log(tenant)

    def apply_log(self, tenant: Tenant) -> None:
        """The faults of the sign-in log itself."""
        tenant.log.late = self.active.get("late", "on")
        tenant.log.flood(self.number("flood") or 1)
        days = self.number("short-retention")
        if days is not None:
            tenant.log.keeps = min(days * 86_400, tenant.log.keeps)

    def spoil(self, call: Call, reply: Reply) -> Reply:
        """Show an answer to every fault that is on."""
        if call.graph:
            self._answered += 1
        if not self.active:
            return reply
        self._count(call, reply)
        for name in list(self.active):
            fault = FAULTS[name]
            if fault.change is None or not _concerns(fault, call, reply):
                continue
            variant, _, place = self.active[name].rpartition("@") if fault.where else (self.active[name], "", "all")
            memory = self._memory.setdefault(name, {"answered": 0})
            memory["answered"] = self._answered
            mine = replace(call, name=name, variant=variant, memory=memory, turn=self._turns[name])
            self._turns[name] += 1
            if self._hits(mine, fault, place):
                fault.change(mine, reply)
        return reply

    def door(self) -> str:
        """What happens to a connection before it says a word: nothing, refused or left alone."""
        for name, what in (("connect-refused", "refused"), ("connect-timeout", "left alone")):
            most = self.number(name)
            if most is not None and self._turns[name] < most:
                self._turns[name] += 1
                return what
        return ""

    def _count(self, call: Call, reply: Reply) -> None:
        """Which page of its list this is."""
        if not call.graph:
            self._tokens += _is_token(call)
            call.page = max(self._tokens, 1)
            return
        asked = _SKIP.search(call.query)
        call.page = self._pages.get(unquote_plus(asked.group(1)), 1) if asked else 1
        found = _NEXT.search(reply.body[:_HEAD])
        if found:
            self._pages[unquote_plus(found.group(1).decode())] = call.page + 1
            if len(self._pages) > _PAGES:
                self._pages.pop(next(iter(self._pages)))

    def _hits(self, call: Call, fault: Fault, place: str) -> bool:
        if place == "all":
            return True
        if "." in place:
            return dice(self.seed, "mischief", call.name, call.turn).random() < float(place)
        if place != "once" and call.page != int(place):
            return False
        if place == "once" or fault.once:
            seen = (call.name, call.endpoint, call.page if call.graph else 0)
            if seen in self._hit:
                return False
            self._hit.add(seen)
        return True


def _is_token(call: Call) -> bool:
    return not call.graph and call.method == "POST" and call.path.endswith("/oauth2/v2.0/token")


def _concerns(fault: Fault, call: Call, reply: Reply) -> bool:
    """Whether a fault has to do with this request."""
    if fault.on in {"token", "login"}:
        return not call.graph and (fault.on == "login" or _is_token(call))
    if not call.graph:
        return fault.on == "any"
    if fault.on in {"graph", "any"}:
        return True
    if reply.status != 200 or call.method != "GET" or b'"value":[' not in reply.body[:_HEAD]:
        return False
    endpoint = call.endpoint
    is_delta = endpoint in {"/users/delta", "/users/delta()", "/users/microsoft.graph.delta()"}
    if fault.on == "list":
        return is_delta or endpoint in {"/users", "/auditlogs/signins"}
    return {"users": endpoint == "/users", "delta": is_delta, "people": is_delta or endpoint == "/users",
            "log": endpoint == "/auditlogs/signins"}[fault.on]  # fmt: skip
