"""A request to the pretend Graph and its answer, without any HTTP server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.graph.queries import Query
from seatkeeper.sandbox.world.catalog import shapes

JSON: Final = b"application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is what follows /v1.0 or /beta, `address` the whole address before the query, `now` seconds since 1970."""

    path: str
    address: str
    query: Query
    headers: Mapping[str, str]
    roles: frozenset[str]
    now: int

    def may(self, endpoint: str) -> bool:
        """Whether the token's roles reach an endpoint, by Microsoft's table of permissions."""
        return not self.roles.isdisjoint(shapes()["permissions"][endpoint])

    @property
    def root(self) -> str:
        """The address of the API, such as https://localhost:8443/v1.0."""
        return self.address[: len(self.address) - len(self.path)]

    @property
    def beta(self) -> bool:
        """Whether the address was under /beta."""
        return self.root.endswith("/beta")

    @property
    def basic(self) -> bool:
        """Whether the token reads no more of an account than User.ReadBasic.All shows."""
        return "User.ReadBasic.All" in self.roles and not self.may("/users/delta")

    @property
    def eventual(self) -> bool:
        """Whether the header that advanced queries need was sent."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    @property
    def advanced(self) -> bool:
        """Whether this is what Microsoft calls an advanced query."""
        return self.eventual and self.query.flag("count")

    def link(self, name: str, token: str) -> str:
        """The same request with a token: the next page or the next round."""
        return f"{self.address}?{self.query.plain}{'&' if self.query.plain else ''}${name}={token}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON body and the headers that are not on every answer. `cost` is in Microsoft's resource units."""

    body: bytes
    cost: int = 1
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def collection(request: Request, context: str, rows: bytes, annotations: Mapping[str, object]) -> bytes:
    """A page: `rows` are joined by commas. Links are plain ASCII, so they need no escaping but quotes."""
    head = [b'{"@odata.context":"', f"{request.root}/$metadata#{context}".encode(), b'"']
    for name, value in annotations.items():
        text = str(value) if isinstance(value, int) else '"' + escaped(str(value)) + '"'
        head.append(f',"@odata.{name}":{text}'.encode())
    return b"".join((*head, b',"value":[', rows, b"]}"))


def escaped(text: str) -> str:
    """Text inside JSON quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def cost(request: Request, base: int) -> int:
    """Resource units by Microsoft's table: $select costs one less, $top under 20 one less, never under 1."""
    top = request.query.get("top") or ""
    cheap = (request.query.get("select") is not None) + (top.isascii() and top.isdigit() and 0 < int(top[:9]) < 20)
    return max(1, base - cheap)


def permitted(request: Request, endpoint: str) -> None:
    """Refuse a token whose roles do not reach the endpoint."""
    if not request.may(endpoint):
        raise refusals.denied()
