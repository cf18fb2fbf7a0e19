"""The faults of a tenant that are on, what they hit, and what they have to remember."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote_plus

from seatkeeper.sandbox.faults.fault import FAULTS, Call, Fault, Reply
from seatkeeper.sandbox.world.dice import dice
from seatkeeper.sandbox.world.tenant import Settings, Tenant

_PLACE: Final = re.compile(r"all|once|[1-9]\d{0,6}|0\.\d{1,6}")
_NEXT: Final = re.compile(rb'"@odata\.nextLink":"[^"]*[?&]\$skiptoken=([^"&]+)')
_SKIP: Final = re.compile(r"(?:^|&)(?:\$|%24)skiptoken=([^&]+)", re.IGNORECASE)
_HEAD: Final = 65_536  # bytes of a page in which its next link stands
_PAGES: Final = 50_000  # page tokens remembered


def _place(name: str, text: str) -> str:
    if not _PLACE.fullmatch(text):
        raise ValueError(f"fault {name}: {text!r} is no place: all, once, the number of a page, or a share such as 0.5")
    return text


def read_value(name: str, value: str) -> str:
    """The value of a fault in full. ValueError says what is wrong with it."""
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


class Faults:
    """The faults of one tenant that are on, name to value."""

    def __init__(self, tenant: Tenant, faults: Iterable[str] = ()) -> None:
        """`faults` are "NAME" or "NAME=VALUE"; ValueError names the ones there are."""
        self.tenant = tenant
        self.seed = tenant.settings.seed
        self.active: dict[str, str] = {}
        self.twin = "https://evil.example"  # the host that must never see a token
        self._undo: dict[str, Iterator[None]] = {}
        self._answered = self._tokens = 0
        self._pages: dict[str, int] = {}
        self._turns: Counter[str] = Counter()
        self._hit: set[tuple[object, ...]] = set()
        self._memory: dict[str, dict[str, Any]] = {}
        for text in faults:
            name, _, value = text.partition("=")
            self.switch_on(name, value)

    def switch_on(self, name: str, value: str = "") -> None:
        """Switch one fault on; it starts afresh even if it was on already."""
        value = read_value(name, value)
        self.switch_off(name)
        self.active[name] = value
        if (switch := FAULTS[name].switch) is not None:
            self._undo[name] = switch(self.tenant, value)
            next(self._undo[name])

    def switch_off(self, name: str | None = None) -> None:
        """Switch a fault off, or all of them; what a fault did to the tenant is undone."""
        for known in [name] if name else list(self.active):
            self.active.pop(known, None)
            next(self._undo.pop(known, iter(())), None)
            self._hit = {seen for seen in self._hit if seen[0] != known}
            self._turns.pop(known, None)
            self._memory.pop(known, None)

    def spoil(self, call: Call, reply: Reply) -> Reply:
        """Let every fault that is on spoil an answer."""
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

    def door(self, connection: socket.socket) -> bool:
        """Let a fault take a new connection before a byte is exchanged; whether one did."""
        for name, value in list(self.active.items()):  # a test may switch one meanwhile
            meet = FAULTS[name].door
            if meet and self._turns[name] < int(value):
                self._turns[name] += 1
                meet(connection)
                return True
        return False

    def _count(self, call: Call, reply: Reply) -> None:
        """Note which page of its list this is."""
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
    """Whether a fault is about this kind of request."""
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


class FaultyTenant(Tenant):
    """A tenant in which something may go wrong: what the sandbox serves."""

    def __init__(self, settings: Settings, faults: Iterable[str] = ()) -> None:
        """`faults` are "NAME" or "NAME=VALUE"; ValueError names the ones there are."""
        super().__init__(settings)
        self.faults = Faults(self, faults)

    def switch_on(self, name: str, value: str = "") -> None:
        """Switch a fault on while the tenant is served."""
        with self.lock:
            self.faults.switch_on(name, value)

    def switch_off(self, name: str | None = None) -> None:
        """Switch a fault off, or all of them; what a fault did to the tenant is undone."""
        with self.lock:
            self.faults.switch_off(name)
