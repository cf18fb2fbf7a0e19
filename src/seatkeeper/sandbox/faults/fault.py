"""What a fault is: a row of the table and a function that spoils answers, changes the tenant or takes connections."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.world.dice import dice, number, object_guid
from seatkeeper.sandbox.world.tenant import Tenant

Shape = dict[str, Any]
NEXT: Final = "@odata.nextLink"
DELTA: Final = "@odata.deltaLink"
ONE_IN: Final = 10  # of the rows of a page are hit by a fault of values


@dataclass(slots=True)
class Reply:
    """An answer about to be sent; `date` is the time that errors show, `pause` the seconds it is held back.

    `way` writes to the transport in place of the HTTP library, for answers that break the rules of HTTP.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    date: str = ""
    pause: float = 0.0
    way: Callable[[Reply, Any], Awaitable[None]] | None = None

    def header(self, name: bytes) -> bytes:
        """The first header of this name."""
        return next((value for key, value in self.headers if key.lower() == name), b"")

    def put_header(self, name: bytes, value: bytes) -> None:
        """Set a header, replacing any of this name."""
        self.headers = [(k, v) for k, v in self.headers if k.lower() != name]
        self.headers.append((name, value))

    def shape(self) -> Shape:
        """The body read as an object."""
        return msgspec.json.decode(self.body, type=Shape)

    def put(self, shape: Shape, raw: Mapping[str, bytes] | None = None) -> None:
        """Set the body; each text in `raw` is replaced by bytes that no JSON encoder would write."""
        self.body = msgspec.json.encode(shape)
        for text, instead in (raw or {}).items():
            self.body = self.body.replace(b'"' + text.encode() + b'"', instead)

    def refuse(self, refusal: refusals.Refusal) -> None:
        """Become an error as Graph writes it, keeping this answer's ids."""
        ids = [self.header(b"request-id").decode(), self.header(b"client-request-id").decode()]
        self.status = refusal.status
        self.body = refusals.body(refusal, self.date, *ids)
        self.put_header(b"content-type", b"application/json")
        for name, value in refusal.headers.items():
            self.put_header(name.lower().encode(), value.encode())

    def become(self, status: int, body: bytes, kind: bytes, **headers: str) -> None:
        """Become another answer altogether."""
        self.status, self.body = status, body
        self.put_header(b"content-type", kind)
        for name, value in headers.items():
            self.put_header(name.replace("_", "-").encode(), value.encode())


@dataclass(slots=True)
class Call:
    """A request as a fault sees it. `page` counts from 1 within a list; `memory` is the fault's own and lasts."""

    seed: int
    method: str
    path: str
    query: str
    origin: str
    twin: str
    headers: Mapping[str, str]
    now: int
    graph: bool
    page: int = 1
    variant: str = ""
    name: str = ""
    turn: int = 0  # which of the fault's calls this is
    memory: dict[str, Any] = field(default_factory=dict)
    fetch: Callable[[str], bytes] = lambda _query: b""
    sign: Callable[[Shape], str] = lambda _claims: ""

    @property
    def endpoint(self) -> str:
        """What follows the version, in lower case without a slash at the end."""
        return self.path[5:].lower().rstrip("/") if self.graph else self.path.lower()

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.origin}{self.path}" + (f"?{self.query}" if self.query else "")

    def roll(self, *parts: object) -> float:
        """A number from 0 to 1 that depends only on the fault, its turn and the seed."""
        return dice(self.seed, self.name, self.turn, *parts).random()

    def picked(self, rows: list[Shape], one_in: int = ONE_IN) -> Iterator[Shape]:
        """About one row in `one_in`; an account is picked in every list or in none."""
        for row in rows:
            if "@removed" not in row and number(self.seed, self.name, key(row)) % one_in == 0:
                yield row

    def one(self, rows: list[Shape]) -> Shape | None:
        """One row of the page."""
        whole = [row for row in rows if "@removed" not in row]
        return whole[number(self.seed, self.name, self.page) % len(whole)] if whole else None

    def id(self, *parts: object) -> str:
        """A GUID for something the fault invents."""
        return object_guid(self.seed, self.name, self.turn, *parts)


async def raw(reply: Reply, transport: Any) -> None:
    """Send an answer that the HTTP library would not, and close."""
    transport.write(write_head(reply, content_length=str(len(reply.body)), connection="close") + reply.body)
    transport.close()


def write_head(reply: Reply, **more: str) -> bytes:
    """Status and headers as HTTP writes them."""
    lines = [f"HTTP/1.1 {reply.status} Answer".encode()]
    lines += [name + b": " + value for name, value in reply.headers]
    lines += [f"{name.replace('_', '-')}: {value}".encode() for name, value in more.items()]
    return b"\r\n".join(lines) + b"\r\n\r\n"


Change = Callable[[Call, Reply], None]  # spoils an answer
Switch = Callable[[Tenant, str], Iterator[None]]  # changes the tenant, yields, and undoes the change
Door = Callable[[socket.socket], None]  # takes a connection before a byte is exchanged


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `ids` are its numbers in the catalogue of faults this project keeps.

    `on` says which answers it is shown: token, login, graph, any, list, users, delta, people, log.
    `where` is its place when none is given: all, once (the first time each page is asked for), a page, or a share.
    `number` is the default of a fault whose value is a whole number.
    """

    ids: tuple[str, ...]
    does: str
    client_must: str
    on: str = ""
    where: str = ""
    variants: tuple[str, ...] = ()
    number: str = ""
    once: bool = False  # a page is hit the first time only
    change: Change | None = None
    switch: Switch | None = None
    door: Door | None = None

    @property
    def takes(self) -> str:
        """What may follow the equals sign."""
        place = "[@]PLACE" if self.where else ""
        return "N" if self.number else "|".join(self.variants) + place if self.variants else place.removeprefix("[@]")

    @property
    def default(self) -> str:
        """The value when none is given."""
        variant = self.variants[0] if self.variants else ""
        return self.number or (f"{variant}@{self.where}" if variant and self.where else variant or self.where)


FAULTS: Final[dict[str, Fault]] = {}


def fault(ids: str, name: str, does: str, client_must: str, **more: Any) -> Callable[[Change], Change]:
    """Add a function that spoils answers to the table."""

    def enter(change: Change) -> Change:
        FAULTS[name] = Fault(tuple(ids.split()), does, client_must, change=change, **more)
        return change

    return enter


def switch(ids: str, name: str, does: str, client_must: str, **more: Any) -> Callable[[Switch], Switch]:
    """Add a generator that changes the tenant, yields while the fault is on, and then undoes the change."""

    def enter(change: Switch) -> Switch:
        FAULTS[name] = Fault(tuple(ids.split()), does, client_must, switch=change, **more)
        return change

    return enter


def door(ids: str, name: str, does: str, client_must: str, *, number: str) -> Callable[[Door], Door]:
    """Add a function that takes the next so many connections, by default `number`."""

    def enter(meet: Door) -> Door:
        FAULTS[name] = Fault(tuple(ids.split()), does, client_must, number=number, door=meet)
        return meet

    return enter


def key(row: Shape) -> str:
    """The account a row is about."""
    return str(row.get("userId") or row.get("id"))


def link_of(shape: Shape) -> str | None:
    """The name of the link that a page has, if any."""
    return next((name for name in (NEXT, DELTA) if name in shape), None)


def listing() -> list[dict[str, Any]]:
    """The whole table as rows."""
    return [
        {"name": name, "takes": one.takes, "default": one.default, "does": one.does, "client_must": one.client_must,
         "ids": list(one.ids)}
        for name, one in FAULTS.items()
    ]  # fmt: skip
