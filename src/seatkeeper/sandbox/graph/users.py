"""GET /users and /users/{id}: lists, filters, and one account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seatkeeper.sandbox.graph import answers, refusals
from seatkeeper.sandbox.graph.filters import Node
from seatkeeper.sandbox.graph.queries import PageTokens, select_user, user_properties
from seatkeeper.sandbox.graph.request import Answer, Request, collection, cost, permitted
from seatkeeper.sandbox.graph.rows import shown, user_rows
from seatkeeper.sandbox.graph.user_count import count
from seatkeeper.sandbox.graph.user_filters import ACTIVITY, Test, asks_activity, read_filter, read_search
from seatkeeper.sandbox.graph.user_order import basic, ordered, wanted
from seatkeeper.sandbox.world.account_activity import sign_in_activity
from seatkeeper.sandbox.world.people import Person
from seatkeeper.sandbox.world.tenant import Tenant

MOST: Final = 999
MOST_WITH_ACTIVITY: Final = 500
TOKEN_LIFE: Final = 3600  # seconds a page token of the directory is good here; Microsoft names no figure
SCANNED: Final = 20_000  # accounts looked at for one filtered page; then it is short and has a next link


def list_users(tenant: Tenant, request: Request) -> Answer:
    """A page of accounts."""
    permitted(request, "/users")
    query = request.query
    if query.get("skip") is not None:
        raise refusals.bad_request("'$skip' is not supported by the service.")
    query.only("select", "top", "filter", "search", "orderby", "count", "skiptoken", "format")
    query.flag("count")
    top = query.top(100, MOST)
    selected = select_user(query)
    properties = user_properties(selected)
    ask = _ask(tenant, request)
    if ACTIVITY in properties or asks_activity(ask.node):
        _may_see_activity(tenant, request)
        top = min(top, MOST_WITH_ACTIVITY)
    begin = _position(tenant, request)
    rows, end, size = _rows(tenant, request, ask, (begin, top), properties)
    notes: dict[str, object] = {}
    if begin == 0 and request.advanced:
        notes["count"] = _count(tenant, request, ask)
    if end < size:
        notes["nextLink"] = request.link("skiptoken", PageTokens(tenant).make("users", query, request.now, [end]))
    context = "users" if selected is None else f"users({','.join(selected)})"
    return Answer(collection(request, context, rows, notes), cost(request, 2))


@dataclass(frozen=True, slots=True)
class Ask:
    """Who is asked for: the tree of $filter, the test of $filter and $search together, and the order."""

    node: Node | None
    test: Test | None
    order: tuple[str, bool] | None


def _ask(tenant: Tenant, request: Request) -> Ask:
    node, test = read_filter(tenant, request)
    search = read_search(tenant, request)
    if test and search:
        first, second = test, search
        return Ask(node, lambda person: first(person) and second(person), wanted(request))
    return Ask(node, test or search, wanted(request))


def _rows(
    tenant: Tenant, request: Request, ask: Ask, span: tuple[int, int], properties: tuple[str, ...]
) -> tuple[bytes, int, int]:
    """The rows of a page, where the next one begins, and how far places go."""
    begin, top = span
    total = tenant.directory.total
    if ask.order is not None:
        numbers = ordered(tenant, request, ask.order, ask.test)
        people = [tenant.directory.at(number, request.now) for number in numbers[begin : begin + top]]
        rows = b",".join(_row(tenant, request, person, properties) for person in people if person)
        return rows, begin + top, len(numbers)
    if ask.test is None and ACTIVITY not in properties and not request.basic:
        end = user_rows(tenant).span(begin, top)
        return user_rows(tenant).page(begin, end, properties, request.now), end, total
    found, end = _found(tenant, request, span, ask)
    return b",".join(_row(tenant, request, person, properties) for person in found), end, total


def one_user(tenant: Tenant, request: Request, key: str) -> Answer:
    """An account by object id or user principal name."""
    permitted(request, "/users/{id}")
    request.query.only("select", "expand", "count")
    selected = select_user(request.query, plain=True)
    properties = user_properties(selected)
    if ACTIVITY in properties:
        _may_see_activity(tenant, request)
        if "@" in key:
            raise refusals.bad_request("Get By Key only supports UserId and the key has to be a valid Guid")
    person = tenant.directory.find(key, request.now)
    if person is None:
        raise refusals.not_found(key)
    context = "users/$entity" if selected is None else f"users({','.join(selected)})/$entity"
    head = {"@odata.context": f"{request.root}/$metadata#{context}"}
    body = answers.encode(head)[:-1] + b"," + _row(tenant, request, person, properties)[1:]
    return Answer(body, cost(request, 1))


def count_users(tenant: Tenant, request: Request) -> Answer:
    """GET /users/$count, a number as text; only for advanced queries."""
    permitted(request, "/users")
    if not request.eventual:
        raise refusals.Refusal(400, "Request_BadRequest", "$count is not currently supported.")
    number = _count(tenant, request, _ask(tenant, request))
    return Answer(b"\xef\xbb\xbf" + str(number).encode(), 1, 200, {"Content-Type": "text/plain"})


def _may_see_activity(tenant: Tenant, request: Request) -> None:
    if "AuditLog.Read.All" not in request.roles:
        raise refusals.audit_log_missing()
    if not tenant.premium:
        raise refusals.not_premium()


def _position(tenant: Tenant, request: Request) -> int:
    """The number of the account the page begins with."""
    text = request.query.get("skiptoken")
    if text is None:
        return 0
    known = PageTokens(tenant).read("users", request.query, text)
    if known is None or request.now - known[0] > TOKEN_LIFE:
        raise refusals.expired_page()
    return int(known[1][0])


def _row(tenant: Tenant, request: Request, person: Person, properties: tuple[str, ...]) -> bytes:
    if request.basic:
        return answers.encode(basic(answers.user(shown(tenant, person), properties)))
    if ACTIVITY not in properties:
        return user_rows(tenant).one(person, properties)
    shape = answers.user(shown(tenant, person), properties)
    activity = sign_in_activity(tenant, person.number)
    if activity is None:
        del shape[ACTIVITY]
    else:
        shape[ACTIVITY] = activity
    return answers.encode(shape)


def _found(tenant: Tenant, request: Request, span: tuple[int, int], ask: Ask) -> tuple[list[Person], int]:
    """Up to `top` accounts that pass, and the number to go on from."""
    begin, top = span
    named = _named(tenant, ask.node)
    if named is not None:
        people = [tenant.directory.at(n, request.now) for n in named]
        return [p for p in people if p and ask.test and ask.test(p)], tenant.directory.total
    found: list[Person] = []
    limit = min(tenant.directory.total, begin + SCANNED)
    for number in range(begin, limit):
        person = tenant.directory.at(number, request.now)
        if person and (ask.test is None or ask.test(person)):
            found.append(person)
            if len(found) == top:
                return found, number + 1
    return found, limit


def _named(tenant: Tenant, node: Node | None) -> list[int] | None:
    """The accounts a filter asks for by name, so that one of a million is found without looking at the others."""
    if node is None or node.op not in {"eq", "in"} or node.path not in {"id", "userPrincipalName"}:
        return None
    wanted_ = node.value if isinstance(node.value, tuple) else (node.value,)
    numbers = (tenant.directory.number_of(str(value)) for value in wanted_)
    return sorted({n for n in numbers if n is not None and n < tenant.directory.total})


def _count(tenant: Tenant, request: Request, ask: Ask) -> int:
    if ask.test is None:
        return tenant.directory.total - len(tenant.directory.removed)
    named = _named(tenant, ask.node)
    if named is None:
        return count(tenant, ask.node, request.query.get("search") or "", ask.test, request.now)
    people = (tenant.directory.at(number, request.now) for number in named)
    return sum(1 for person in people if person and ask.test(person))
