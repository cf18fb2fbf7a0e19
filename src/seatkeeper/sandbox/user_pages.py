"""GET /users and /users/{id}: lists, filters, and one account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from seatkeeper.sandbox import answers, refusals
from seatkeeper.sandbox.activity import sign_in_activity
from seatkeeper.sandbox.filters import BadFilterError, Node, leaves, matches, parse, ticks
from seatkeeper.sandbox.people import Person
from seatkeeper.sandbox.queries import select_user, user_properties
from seatkeeper.sandbox.request import Answer, Request, collection, cost, permitted
from seatkeeper.sandbox.tenant import Tenant

MOST: Final = 999
MOST_WITH_ACTIVITY: Final = 500
TOKEN_LIFE: Final = 3600  # seconds a page token of the directory is good here; Microsoft names no figure
SCANNED: Final = 20_000  # accounts looked at for one filtered page; then it is short and has a next link
ACTIVITY: Final = "signInActivity"


def list_users(tenant: Tenant, request: Request) -> Answer:
    """A page of accounts."""
    permitted(request, "/users")
    query = request.query
    _refuse_options(request)
    top = query.top(100, MOST)
    selected = select_user(query)
    properties = user_properties(selected)
    context = "users" if selected is None else f"users({','.join(selected)})"
    if ACTIVITY in properties:
        _may_see_activity(tenant, request)
        top = min(top, MOST_WITH_ACTIVITY)
    test = _filter(tenant, request)
    begin, page, emptied = _position(tenant, request)
    token: list[Any] | None
    if "empty-page" in tenant.mischief.active and page % 2 and not emptied:
        rows, token = b"", [begin, page, 1]
    elif test is None and ACTIVITY not in properties:
        end = tenant.users.span(begin, top)
        rows = tenant.users.page(begin, end, properties, request.now)
        token = [end, page + 1, 0] if end < tenant.directory.total else None
    else:
        found, end = _found(tenant, request, begin, top, test)
        rows = b",".join(_row(tenant, person, properties) for person in found)
        token = [end, page + 1, 0] if end < tenant.directory.total else None
    if tenant.mischief.number("truncated-roster") == page + 1:
        token = None
    notes: dict[str, object] = {}
    if page == 0 and request.advanced:
        notes["count"] = _count(tenant, request, test)
    if token is not None:
        notes["nextLink"] = request.link("skiptoken", tenant.page_tokens.make("users", query, request.now, token))
    return Answer(collection(request, context, rows, notes), cost(request, 2))


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
    body = answers.encode(head)[:-1] + b"," + _row(tenant, person, properties)[1:]
    return Answer(body, cost(request, 1))


def count_users(tenant: Tenant, request: Request) -> Answer:
    """GET /users/$count, a number as text; only for advanced queries."""
    permitted(request, "/users")
    if request.headers.get("consistencylevel", "").lower() != "eventual":
        raise refusals.Refusal(400, "Request_BadRequest", "$count is not currently supported.")
    number = _count(tenant, request, _filter(tenant, request))
    return Answer(b"\xef\xbb\xbf" + str(number).encode(), 1, 200, {"Content-Type": "text/plain"})


def _refuse_options(request: Request) -> None:
    query = request.query
    if query.get("skip") is not None:
        raise refusals.bad_request("'$skip' is not supported by the service.")
    if query.get("search") is not None:
        if not request.advanced:
            raise refusals.unsupported(
                "Request with $search query parameter only works through MSGraph with a special request header: "
                "'ConsistencyLevel: eventual'"
            )
        raise refusals.not_implemented()
    if query.get("orderby") is not None:
        raise refusals.unsupported("Sorting not supported for current query.")
    query.only("select", "top", "filter", "count", "skiptoken", "format")
    query.flag("count")


def _may_see_activity(tenant: Tenant, request: Request) -> None:
    if "AuditLog.Read.All" not in request.roles:
        raise refusals.audit_log_missing()
    if not tenant.premium:
        raise refusals.not_premium()


def _position(tenant: Tenant, request: Request) -> tuple[int, int, bool]:
    """Where the page begins, how many came before, and whether an empty one was already given."""
    text = request.query.get("skiptoken")
    if text is None:
        return 0, 0, False
    known = tenant.page_tokens.read("users", request.query, text)
    if known is None or request.now - known[0] > TOKEN_LIFE:
        raise refusals.expired_page()
    begin, page, emptied = known[1]
    return begin, page, bool(emptied)


def _row(tenant: Tenant, person: Person, properties: tuple[str, ...]) -> bytes:
    if ACTIVITY not in properties:
        return tenant.users.one(person, properties)
    shape = answers.user(tenant.users.shown(person), properties)
    activity = sign_in_activity(tenant, person.number)
    if activity is None:
        del shape[ACTIVITY]
    else:
        shape[ACTIVITY] = activity
    return answers.encode(shape)


def _filter(tenant: Tenant, request: Request) -> Callable[[Person], bool] | None:
    """The test of $filter after all of the directory's rules for it."""
    text = request.query.get("filter")
    if text is None:
        return None
    try:
        node = parse(text)
    except BadFilterError as error:
        raise refusals.bad_request("Invalid filter clause") from error
    check(node, advanced=request.advanced)
    folded = _folded(node)
    return lambda person: matches(folded, _lookup(tenant.users.shown(person)))


def check(node: Node, *, advanced: bool) -> None:
    """Refuse what the directory cannot filter, or only as an advanced query."""
    alone = node.op not in {"and", "or", "not"}
    for leaf in leaves(node):
        if leaf.op == "any":
            inner = leaf.parts[0]
            if not (alone and inner.op == "eq") and not advanced:
                raise refusals.complex_query(leaf.path)
        else:
            _check_leaf(leaf, advanced=advanced)
    if _has_not(node) and not advanced:
        raise refusals.needs_consistency("not")


def _check_leaf(leaf: Node, *, advanced: bool) -> None:
    if leaf.path.partition("/")[0] not in answers.shapes()["user_properties"]:
        raise refusals.bad_request(
            f"Invalid filter clause: Could not find a property named '{refusals.shown(leaf.path)}' "
            "on type 'microsoft.graph.user'."
        )
    op = "eq_null" if leaf.op == "eq" and leaf.value is None else leaf.op
    if leaf.path.endswith("/$count"):
        level = "advanced"
    else:
        level = answers.shapes()["user_filters"].get(leaf.path, {}).get(op, "")
    if not level or leaf.path.startswith(ACTIVITY):
        raise refusals.unsupported_clause(leaf.path)
    if level == "advanced" and not advanced:
        raise refusals.needs_consistency(leaf.op)


def _has_not(node: Node) -> bool:
    return node.op == "not" or any(_has_not(part) for part in node.parts if node.op != "any")


def _folded(node: Node) -> Node:
    """The directory compares text without regard to case."""
    value = node.value
    if isinstance(value, str) and node.op != "any":
        value = value.lower()
    elif isinstance(value, tuple):
        value = tuple(v.lower() if isinstance(v, str) else v for v in value)
    return replace(node, value=value, parts=tuple(_folded(part) for part in node.parts))


def _lookup(person: Person) -> Callable[[str], Any]:
    def value(path: str) -> Any:
        name, _, rest = path.partition("/")
        found = answers.user(person, (name,))[name]
        if rest == "$count":
            return len(found or ())
        if isinstance(found, list):
            return [
                {k: v.lower() if isinstance(v, str) else v for k, v in item.items()}
                for item in found
                if isinstance(item, dict)
            ]
        if isinstance(found, str):
            return ticks(found) if name.endswith("DateTime") else found.lower()
        return found

    return value


def _found(
    tenant: Tenant, request: Request, begin: int, top: int, test: Callable[[Person], bool] | None
) -> tuple[list[Person], int]:
    """Up to `top` accounts that pass, and the number to go on from."""
    named = _named(tenant, request)
    if named is not None:
        people = [tenant.directory.at(n, request.now) for n in named]
        return [p for p in people if p and test and test(p)], tenant.directory.total
    found: list[Person] = []
    limit = min(tenant.directory.total, begin + SCANNED)
    for number in range(begin, limit):
        person = tenant.directory.at(number, request.now)
        if person and (test is None or test(person)):
            found.append(person)
            if len(found) == top:
                return found, number + 1
    return found, limit


def _named(tenant: Tenant, request: Request) -> list[int] | None:
    """The accounts a filter asks for by name, so that one of a million is found without looking at the others."""
    text = request.query.get("filter")
    node = parse(text) if text else None
    if node is None or node.op not in {"eq", "in"} or node.path not in {"id", "userPrincipalName"}:
        return None
    wanted = node.value if isinstance(node.value, tuple) else (node.value,)
    numbers = (tenant.directory.number_of(str(value)) for value in wanted)
    return sorted({n for n in numbers if n is not None and n < tenant.directory.total})


def _count(tenant: Tenant, request: Request, test: Callable[[Person], bool] | None) -> int:
    if test is None:
        return tenant.directory.total - len(tenant.directory.removed)
    return sum(1 for person in _everybody(tenant, request) if test(person))


def _everybody(tenant: Tenant, request: Request) -> Iterator[Person]:
    named = _named(tenant, request)
    for number in range(tenant.directory.total) if named is None else named:
        person = tenant.directory.at(number, request.now)
        if person:
            yield person
