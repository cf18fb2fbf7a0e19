"""Application Access: sign-ins to the product's applications, one closed window of time at a time.

v1.0 returns interactive sign-ins only, so "none seen" is less than "unused"; the reports say so. On a joined device, or
in a client that keeps its session, people sign in without a prompt: only beta tells of those (Non-Interactive Access).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import ClassVar, Final
from urllib.parse import quote

import msgspec

from seatkeeper.app_uses import INTERACTIVE, NON_INTERACTIVE, AppSignIns, AppUse
from seatkeeper.clock import days, seconds
from seatkeeper.connectors.base import Permission, RecordPage, TaskKind
from seatkeeper.connectors.feasibility import Rate, SignInLog
from seatkeeper.connectors.microsoft.concealed import NameGuard, is_digest
from seatkeeper.connectors.microsoft.products import list_apps
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import Id, Int32, read_pages, to_row, to_rows
from seatkeeper.graph.throttle import ACTIVITY, REPORTS
from seatkeeper.model import NOBODY, BadRow, Instant, SignIn, to_id, to_instant, to_key, to_text

SIGN_INS = "/v1.0/auditLogs/signIns"
# Entra ID P1 and P2 keep sign-ins for 30 days, a tenant without them for 7; after an upgrade nothing comes back
# (entra-docs reference-reports-data-retention).
# They become visible minutes after they happened, and merged ones up to two hours (entra-docs
# reference-reports-latencies); that is no promise, so a day is allowed.
TASK = TaskKind(
    "access",
    "Application Access",
    "nobody can say who uses a seat",
    Permission("AuditLog.Read.All", frozenset()),
    sign_ins=INTERACTIVE,
)
SILENT = TaskKind(
    "non-interactive-access",
    "Non-Interactive Access",
    "who signs in without a prompt is not seen",
    TASK.permission,
    hint="Non-Interactive Access reads sign-ins to the product itself that asked nobody for anything: by single "
    "sign-on on a joined device, or by a client that keeps its session. Where both kinds are complete, that somebody "
    "did not come is proven by both. There may be many of them: Authorize says how long reading them takes. Where a "
    "day of them takes more than an hour, the first run reads nothing and unticks the task; tick it again to read them "
    "all the same.",
    sign_ins=NON_INTERACTIVE,
    weighed=True,
)
BETA = "/beta/auditLogs/signIns"
LOG = SignInLog(
    "Microsoft", retention=days(30), at_least=days(7), lateness=days(1), requests=5, window=seconds(10), page=1000
)  # fmt: skip
MOST_TERMS: Final = 15  # of one filter; no bound is documented, and a filter that is refused would end every run
_FIELDS: Final = {"client": "appId", "resource": "resourceId"}
UNKNOWN_RESULT = -1  # Microsoft sent no error code: such a row is no proof of use


class Status(msgspec.Struct, rename="camel", gc=False):
    error_code: Int32 | None = None


class Event(msgspec.Struct, rename="camel", gc=False):
    """The fields of a sign-in that we keep; this list is also what `$select` asks for."""

    ONCE: ClassVar = ("createdDateTime", "userId", "appId", "errorCode")
    FIRST: ClassVar = "id"  # the policies that were applied have one, too

    id: Id
    created_date_time: str
    user_id: Id | None = None
    user_principal_name: str | None = None
    app_id: Id | None = None
    resource_id: Id | None = None
    resource_tenant_id: Id | None = None
    status: Status | None = None


class SilentEvent(Event, rename="camel", gc=False):
    """The same as beta tells it, with the kinds of sign-in that it is of."""

    sign_in_event_types: list[str] | None = None


ROWS: Final = {INTERACTIVE: Event, NON_INTERACTIVE: SilentEvent}
PATHS: Final = {INTERACTIVE: SIGN_INS, NON_INTERACTIVE: BETA}
# Those without a prompt let others go first in the limit that both kinds share: they are many, and prove less.
FAMILIES: Final = {INTERACTIVE: REPORTS, NON_INTERACTIVE: ACTIVITY}
_OF_KIND: Final = {
    INTERACTIVE: "",
    NON_INTERACTIVE: " and signInEventTypes/any(t: t eq 'nonInteractiveUser')",
}


def to_select(kind: str) -> str:
    return ",".join(field.encode_name for field in msgspec.structs.fields(ROWS[kind]))


def to_filter(start: Instant, end: Instant, asked: Iterable[AppSignIns]) -> str:
    """Both bounds are inclusive: `gt` and `lt` are not documented, and an event met twice is one row."""
    names = " or ".join(f"{_FIELDS[side]} eq '{app}'" for app, _kind, side in asked)
    return f"createdDateTime ge {to_text(start)} and createdDateTime le {to_text(end)} and ({names})"


def to_questions(start: Instant, end: Instant, asked: frozenset[AppSignIns]) -> list[str]:
    """As few questions as bring all that is asked for, which is of one kind."""
    parts = sorted(asked, key=lambda one: (one.side, one.app))
    kind = parts[0].kind
    filters = [to_filter(start, end, parts[n : n + MOST_TERMS]) for n in range(0, len(parts), MOST_TERMS)]
    # Newest first without $orderby; 1,000 is the largest page and the usual one (Graph docs, api/signin-list).
    rest = f"&$select={to_select(kind)}&$top={LOG.page}"
    return [f"{PATHS[kind]}?$filter={quote(some + _OF_KIND[kind])}{rest}" for some in filters]


def to_name(event: Event, asked: frozenset[AppSignIns], home: str = "") -> str | None:
    """What a sign-in was to, by the name that all counts are kept by; None for one that was not asked for.

    Graph was seen to return rows that do not match the filter (microsoft-graph-docs #3159, #7970), and an interactive
    sign-in among those without a prompt would take the place of itself. Our log has what our people do as guests of
    other tenants, too: that is for no seat of ours.
    """
    if isinstance(event, SilentEvent) and event.sign_in_event_types != ["nonInteractiveUser"]:
        return None
    away = home and event.resource_tenant_id and event.resource_tenant_id not in (home, to_id(NOBODY))
    return _to_name(event.app_id or "", event.resource_id or "", bool(away), asked)


@lru_cache(maxsize=4096)
def _to_name(client: str, resource: str, away: bool, asked: frozenset[AppSignIns]) -> str | None:  # noqa: FBT001
    """By all that any product knows, asked for or not: an event has one name, whoever's question brought it."""
    (kind,) = {one.kind for one in asked}
    if asked.isdisjoint(AppUse(client, resource, kind=kind).asked_as):
        return None
    known = list_apps() | {one._replace(kind=INTERACTIVE) for one in asked}
    ours = [one.app if one in known else "" for one in AppUse(client, resource).asked_as]
    return AppUse(ours[0], ours[1], away, kind).name


def read_sign_ins(
    client: Client, asked: frozenset[AppSignIns], start: Instant, end: Instant
) -> Iterator[RecordPage[SignIn]]:
    """All sign-ins that are asked for from `start` to `end`, each question's newest first. Finishes or raises.

    One that two questions bring comes twice.
    """
    guard, home = NameGuard(is_digest), client.tokens.directory_id()
    questions = to_questions(start, end, asked)
    (kind,) = {one.kind for one in asked}
    for question in questions:
        for page in read_pages(client, question, path=PATHS[kind], row=ROWS[kind], family=FAMILIES[kind], units=1):
            result: RecordPage[SignIn] = RecordPage([], page.bad, link=page.link)
            if page.link is None and question is not questions[-1]:
                result.link = questions[-1]  # this answer ends, and the read does not
            for event in page.rows:
                if (name := to_name(event, asked, home)) is None:
                    result.left_out += 1
                    continue
                try:
                    sign_in = to_sign_in(event, name)
                except ValueError as error:
                    result.bad.append(BadRow(msgspec.json.encode(event), str(error)))
                    continue
                if not start <= sign_in.created <= end:
                    result.left_out += 1  # dated tomorrow, or in the year 1: it is read when its time has come
                    continue
                result.records.append(sign_in)
            guard.look([sign_in.upn for sign_in in result.records])
            yield result


def measure(client: Client, asked: frozenset[AppSignIns], newest: Instant) -> tuple[Rate, bool]:
    """How many there were in the day before `newest`, or in what its first page holds; and whether that was all."""
    times: list[Instant] = []
    exact = True
    (kind,) = {one.kind for one in asked}
    for question in to_questions(newest - days(1), newest, asked):
        found = to_rows(client.get(question, path=PATHS[kind], family=FAMILIES[kind]).body, ROWS[kind])
        times += list_times(event for event in found.rows if to_name(event, asked) is not None)
        exact = exact and not isinstance(found.next_link, str)
    return Rate(len(times), days(1) if exact or not times else max(times) - min(times)), exact


def list_times(events: Iterable[Event]) -> Iterator[Instant]:
    """When those were that a run could keep."""
    for event in events:
        with suppress(ValueError):
            yield to_sign_in(event, "").created


def find_sign_in(client: Client, start: Instant, end: Instant) -> Instant | None:
    """When one of the sign-ins from `start` to `end` was, to any application; None when there is none."""
    span = f"createdDateTime ge {to_text(start)} and createdDateTime le {to_text(end)}"
    asked = f"{SIGN_INS}?$top=1&$select={to_select(INTERACTIVE)}&$filter={quote(span)}"
    for page in read_pages(client, asked, path=SIGN_INS, row=Event, family=REPORTS, units=1):
        for event in page.rows:
            with suppress(ValueError):
                if start <= (created := to_instant(event.created_date_time)) <= end:
                    return created
    return None


def read_again(raw: bytes, asked: frozenset[AppSignIns], home: str = "") -> SignIn | None:
    """A sign-in that was set aside; None when it is to another application. Raises ValueError with the reason."""
    if not asked:
        return None
    event: Event = to_row(raw, ROWS[next(iter(asked)).kind])
    name = to_name(event, asked, home)
    return None if name is None else to_sign_in(event, name)


def to_sign_in(event: Event, name: str) -> SignIn:
    """A sign-in as a record, with the name of what it was to. Raises ValueError when it has no id or no time."""
    if event.id != event.id.strip():
        raise ValueError(f"id: {event.id[:40]!r} has spaces around it")
    code = event.status.error_code if event.status else None
    # The user's id, not the name: guests stand in the log under their own mail address, and all names in lower case.
    return SignIn(
        to_key(event.id),
        to_key(event.user_id) if event.user_id else NOBODY,
        name,
        to_instant(event.created_date_time),
        UNKNOWN_RESULT if code is None else code,
        event.user_principal_name or "",
    )
