"""GET /auditLogs/signIns and /auditLogs/signIns/{id}."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from seatkeeper.sandbox.graph import answers, refusals
from seatkeeper.sandbox.graph.filters import Node
from seatkeeper.sandbox.graph.queries import PageTokens, Query
from seatkeeper.sandbox.graph.request import Answer, Request, collection
from seatkeeper.sandbox.graph.rows import sign_in_rows
from seatkeeper.sandbox.graph.sign_in_filters import allowed, read_filter
from seatkeeper.sandbox.world.catalog import shapes
from seatkeeper.sandbox.world.sign_ins import Window
from seatkeeper.sandbox.world.tenant import Tenant

PAGE: Final = 1000  # default and most
TOKEN_LIFE: Final = 10 * 60  # seconds: page tokens of the log live minutes
SCANNED: Final = 50_000  # sign-ins looked at for one filtered page; then it is short and has a next link


class Log(Protocol):
    """A log to be served: which events there are and how each looks."""

    def scan(
        self, window: Window, after: tuple[int, int] | None, now: int, *, newest: bool
    ) -> Iterator[tuple[int, int]]:
        """Visible events of the window in order of time, from behind `after`."""

    def row(self, day: int, value: int) -> bytes:
        """One event as JSON."""


@dataclass(frozen=True, slots=True)
class _Interactive:
    """All that v1.0 serves."""

    tenant: Tenant

    def scan(
        self, window: Window, after: tuple[int, int] | None, now: int, *, newest: bool
    ) -> Iterator[tuple[int, int]]:
        return self.tenant.log.scan(window, after, now, newest=newest)

    def row(self, day: int, value: int) -> bytes:
        return sign_in_rows(self.tenant).row(day, value, self.tenant.seconds)


def list_sign_ins(tenant: Tenant, request: Request) -> Answer:
    """A page of interactive sign-ins."""
    may_read(tenant, request)
    return serve(tenant, request, _Interactive(tenant), read_filter(request))


def serve(tenant: Tenant, request: Request, log: Log, node: Node | None) -> Answer:
    """A page of a log, newest first unless asked otherwise."""
    query = request.query
    if query.get("skip") is not None:
        raise refusals.bad_request("Query option 'Skip' is not allowed.")
    query.only("filter", "top", "orderby", "select", "skiptoken", "format")
    top = _top(query)
    newest = _newest_first(query)
    names = select(query, beta=request.beta)
    box, test = allowed(tenant, node, request.now)
    window = Window(box.low, box.high, box.mask, box.people)
    events = log.scan(window, _position(tenant, request), request.now, newest=newest)
    found, last, more = _take(log, events, top, test)
    rows = [log.row(day, value) for day, value in found]
    notes: dict[str, object] = {}
    if more:
        token = PageTokens(tenant).make("signIns", query, request.now, [last])
        notes["nextLink"] = request.link("skiptoken", token)
    context = "auditLogs/signIns" if names is None else f"auditLogs/signIns({','.join(names)})"
    return Answer(collection(request, context, b",".join(pick(rows, names)), notes))


def one_sign_in(tenant: Tenant, request: Request, id_: str) -> Answer:
    """One sign-in by its id."""
    may_read(tenant, request)
    request.query.only("select")
    names = select(request.query)
    event = tenant.log.by_id(id_)
    if event is None or not tenant.log.visible(*event, request.now):
        raise refusals.not_found(id_)
    head = {"@odata.context": f"{request.root}/$metadata#auditLogs/signIns/$entity"}
    row = next(iter(pick([sign_in_rows(tenant).row(*event, request.now)], names)))
    return Answer(answers.encode(head)[:-1] + b"," + row[1:])


def may_read(tenant: Tenant, request: Request) -> None:
    """Refuse a token without the permission, and a tenant without the licence."""
    if not request.may("/auditlogs/signins"):
        raise refusals.audit_log_missing()
    if tenant.old_licence_check and "Directory.Read.All" not in request.roles:
        raise refusals.no_directory_read()
    if not tenant.premium:
        raise refusals.not_premium()


def _top(query: Query) -> int:
    text = query.get("top")
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise refusals.bad_top(text)
    return min(int(text), PAGE)


def _newest_first(query: Query) -> bool:
    text = " ".join((query.get("orderby") or "createdDateTime desc").split()).lower()
    if text not in {"createddatetime", "createddatetime asc", "createddatetime desc"}:
        raise refusals.bad_request("Invalid orderby clause")
    return text.endswith("desc")


def select(query: Query, *, beta: bool = False) -> list[str] | None:
    """The selected properties, or None for all."""
    text = query.get("select")
    if not text:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in shapes()["sign_in_filters"] and not (beta and name == "signInEventTypes"):
            raise refusals.unknown_property(name, "signIn")
    return list(dict.fromkeys(names))


def pick(rows: list[bytes], names: list[str] | None) -> Iterator[bytes]:
    """Rows with just the selected properties."""
    if names is None:
        yield from rows
        return
    for row in rows:
        shape = answers.decode(row)
        yield answers.encode({name: shape[name] for name in names})


def _position(tenant: Tenant, request: Request) -> tuple[int, int] | None:
    """The event the last page ended with."""
    text = request.query.get("skiptoken")
    if text is None:
        return None
    if not text:
        raise refusals.skip_token("Invalid Skip Token, skip token is null")
    known = PageTokens(tenant).read("signIns", request.query, text)
    if known is None:
        raise refusals.skip_token("Invalid Skip Token")
    if request.now - known[0] > TOKEN_LIFE:
        raise refusals.skip_token("Token not found: token is either invalid or expired")
    [last] = known[1]
    return None if last is None else (last[0], last[1])


def _take(
    log: Log, events: Iterator[tuple[int, int]], top: int, test: Callable[[bytes], bool] | None
) -> tuple[list[tuple[int, int]], tuple[int, int] | None, bool]:
    """Events of a page, the last one looked at, and whether there are more."""
    found: list[tuple[int, int]] = []
    if test is None:
        found = list(islice(events, top + 1))
        more = len(found) > top
        return found[:top], found[top - 1] if more else None, more
    last = None
    for count, event in enumerate(events):
        if len(found) == top or count == SCANNED:
            return found, last, True
        last = event
        if test(log.row(*event)):
            found.append(event)
    return found, last, False
