"""GET /auditLogs/signIns and /auditLogs/signIns/{id}."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from seatkeeper.sandbox import answers, refusals
from seatkeeper.sandbox.catalog import apps
from seatkeeper.sandbox.filters import BadFilterError, Node, leaves, matches, parse, ticks
from seatkeeper.sandbox.people import DAY, GHOST
from seatkeeper.sandbox.queries import Query
from seatkeeper.sandbox.request import Answer, Request, collection
from seatkeeper.sandbox.signins import Window
from seatkeeper.sandbox.tenant import Tenant

PAGE: Final = 1000  # default and most
TOKEN_LIFE: Final = 10 * 60  # seconds: page tokens of the log live minutes
OLDEST: Final = 90 * DAY  # a filter may not ask for more
SCANNED: Final = 50_000  # sign-ins looked at for one filtered page; then it is short and has a next link
_EVER: Final = 1 << 62
_ALL: Final = (1 << 16) - 1


@dataclass(frozen=True, slots=True)
class Box:
    """What a filter lets through at most; `exact` says that it lets through all of it."""

    low: int = 0
    high: int = _EVER
    mask: int = _ALL
    people: frozenset[int] | None = None
    exact: bool = True


def list_sign_ins(tenant: Tenant, request: Request) -> Answer:
    """A page of sign-ins, newest first unless asked otherwise."""
    _may_read(tenant, request)
    query = request.query
    if query.get("skip") is not None:
        raise refusals.bad_request("Query option 'Skip' is not allowed.")
    query.only("filter", "top", "orderby", "select", "skiptoken", "format")
    top = _top(query)
    newest = _newest_first(query)
    names = select(query)
    box, test = _filter(tenant, request)
    after, emptied, page = _position(tenant, request)
    if "empty-page" in tenant.mischief.active and page % 2 and not emptied:
        found: list[tuple[int, int]] = []
        last, more, emptied = after, True, True
    else:
        window = Window(box.low, box.high, box.mask, box.people)
        events = tenant.log.scan(window, after, request.now, newest=newest)
        found, last, more = _take(tenant, events, top, test)
        page, emptied = page + 1, False
    rows = [tenant.sign_in_rows.row(day, value) for day, value in found]
    notes: dict[str, object] = {}
    if more:
        token = tenant.page_tokens.make("signIns", query, request.now, [last, emptied, page])
        notes["nextLink"] = request.link("skiptoken", token)
    context = "auditLogs/signIns" if names is None else f"auditLogs/signIns({','.join(names)})"
    return Answer(collection(request, context, b",".join(pick(rows, names)), notes))


def one_sign_in(tenant: Tenant, request: Request, id_: str) -> Answer:
    """One sign-in by its id."""
    _may_read(tenant, request)
    request.query.only("select")
    names = select(request.query)
    event = tenant.log.by_id(id_)
    if event is None or not tenant.log.visible(*event, request.now):
        raise refusals.not_found(id_)
    head = {"@odata.context": f"{request.root}/$metadata#auditLogs/signIns/$entity"}
    row = next(iter(pick([tenant.sign_in_rows.row(*event)], names)))
    return Answer(answers.encode(head)[:-1] + b"," + row[1:])


def _may_read(tenant: Tenant, request: Request) -> None:
    if not request.may("/auditlogs/signins"):
        raise refusals.audit_log_missing()
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


def select(query: Query) -> list[str] | None:
    """The selected properties, or None for all."""
    text = query.get("select")
    if not text:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in answers.shapes()["sign_in_filters"]:
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


def _position(tenant: Tenant, request: Request) -> tuple[tuple[int, int] | None, bool, int]:
    """The event the last page ended with, whether an empty page was given, and how many pages came before."""
    text = request.query.get("skiptoken")
    if text is None:
        return None, False, 0
    if not text:
        raise refusals.skip_token("Invalid Skip Token, skip token is null")
    known = tenant.page_tokens.read("signIns", request.query, text)
    if known is None:
        raise refusals.skip_token("Invalid Skip Token")
    if request.now - known[0] > TOKEN_LIFE:
        raise refusals.skip_token("Token not found: token is either invalid or expired")
    last, emptied, page = known[1]
    return (None if last is None else (last[0], last[1])), emptied, page


def _take(
    tenant: Tenant, events: Iterator[tuple[int, int]], top: int, test: Callable[[bytes], bool] | None
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
        if test(tenant.sign_in_rows.row(*event)):
            found.append(event)
    return found, last, False


def _filter(tenant: Tenant, request: Request) -> tuple[Box, Callable[[bytes], bool] | None]:
    """What $filter lets through, and the test of each row where that is not exact."""
    text = request.query.get("filter")
    if text is None:
        return Box(), None
    try:
        node = parse(text)
    except BadFilterError as error:
        raise refusals.invalid_clause() from error
    _check(node, request.now)
    box = bounds(tenant, node)
    return box, None if box.exact else (lambda row: matches(node, _lookup(answers.decode(row))))


def _check(node: Node, now: int) -> None:
    """Refuse operators that are not documented for a property, quoted dates and dates before the log."""
    if any(part.op == "not" for part in _all(node)):
        raise refusals.invalid_clause()
    for leaf in leaves(node):
        allowed = answers.shapes()["sign_in_filters"].get(leaf.path.partition("/")[0], ())
        if leaf.op not in allowed:
            raise refusals.invalid_clause()
        if leaf.path == "createdDateTime" and (leaf.kind != "date" or leaf.value < (now - OLDEST) * 10_000_000):
            raise refusals.invalid_clause()


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _all(part)


def bounds(tenant: Tenant, node: Node) -> Box:
    """The smallest box around what a filter lets through."""
    if node.op == "and":
        box = Box()
        for part in node.parts:
            box = _both(box, bounds(tenant, part))
        return box
    if node.op == "or":
        return _either([bounds(tenant, part) for part in node.parts])
    if node.path == "createdDateTime":
        low = node.value if node.op != "le" else 0
        return Box(low=low, high=node.value if node.op != "ge" else _EVER)
    if node.path in {"appId", "appDisplayName"}:
        return Box(mask=sum(1 << code for code, app in enumerate(apps()) if _fits(app, node)))
    if node.path == "userId":
        return Box(people=_account(tenant, str(node.value)))
    return Box(exact=False)


def _fits(app: Any, node: Node) -> bool:
    value = app.id if node.path == "appId" else app.title
    return bool(value.startswith(node.value) if node.op == "startsWith" else value == node.value)


def _account(tenant: Tenant, id_: str) -> frozenset[int]:
    number = tenant.directory.number_of(id_)
    if number is None:
        return frozenset()
    person = tenant.directory.ghost if number == GHOST else tenant.directory.original(number)
    return frozenset({number}) if person.id == id_ else frozenset()


def _both(one: Box, other: Box) -> Box:
    people = one.people if other.people is None else other.people
    if one.people is not None and other.people is not None:
        people = one.people & other.people
    return Box(
        max(one.low, other.low),
        min(one.high, other.high),
        one.mask & other.mask,
        people,
        one.exact and other.exact,
    )


def _either(boxes: list[Box]) -> Box:
    """The box around several; exact only when they differ in one thing that can be joined."""
    masks = {box.mask for box in boxes}
    times = {(box.low, box.high) for box in boxes}
    groups = [box.people for box in boxes]
    people = None if None in groups else frozenset(n for group in groups for n in group or ())
    joined = len(times) == 1 and (len(masks) == 1 or len(set(groups)) == 1)
    mask = 0
    for box in boxes:
        mask |= box.mask
    return Box(
        min(box.low for box in boxes),
        max(box.high for box in boxes),
        mask,
        people,
        joined and all(box.exact for box in boxes),
    )


def _lookup(row: dict[str, Any]) -> Callable[[str], Any]:
    def value(path: str) -> Any:
        found: Any = row
        for name in path.split("/"):
            found = found.get(name) if isinstance(found, dict) else None
        return ticks(found) if path == "createdDateTime" and isinstance(found, str) else found

    return value
