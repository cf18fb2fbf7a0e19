"""The preflight: each thing that must hold at Microsoft, tried one by one, with what to do when it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from seatkeeper.app_uses import INTERACTIVE, NON_INTERACTIVE, AppSignIns, of_kind
from seatkeeper.connectors.base import Check, TaskKind
from seatkeeper.connectors.feasibility import DAY, Rate
from seatkeeper.connectors.microsoft.access import LOG, SIGN_INS, Event, list_times, measure
from seatkeeper.connectors.microsoft.concealed import NameGuard
from seatkeeper.connectors.microsoft.guide import grant
from seatkeeper.connectors.microsoft.licenses import SKUS
from seatkeeper.connectors.microsoft.roster import USERS, User
from seatkeeper.errors import SeatkeeperError, TryLater
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import to_rows
from seatkeeper.graph.throttle import REPORTS
from seatkeeper.model import Instant

SETTINGS = "/v1.0/admin/reportSettings"


class ReportSettings(msgspec.Struct, rename="camel"):
    display_concealed_names: bool | None = None


def check(client: Client, tasks: tuple[TaskKind, ...], asked: frozenset[AppSignIns]) -> Iterator[Check]:
    """Stops after the credential when that is refused: nothing behind it can be known then."""
    try:
        roles = client.tokens.renew().roles
    except SeatkeeperError as error:
        yield _to_failure("Credential accepted", error)
        return
    yield Check("Credential accepted", True, "Microsoft issued a token.")
    needed = {task.permission.name for task in tasks if not task.optional}
    for task in tasks:
        if task.optional and task.permission.name in needed:
            continue
        found = _permission(task, roles, client)
        if task.optional and found.passed is False:  # a tenant is well without it
            found = found._replace(passed=None, message=f"Only where {task.title} is ticked: {found.message}")
        yield found
    yield _try("Directory can be read", lambda: _users(client))
    log = SignInLog(client)
    readable = _try("Sign-in log can be read (Entra ID P1 or P2)", log.look)
    yield readable
    for title, kind in (("Sign-ins", INTERACTIVE), ("Sign-ins without a prompt", NON_INTERACTIVE)):
        if readable.passed and (some := of_kind(asked, kind)):
            rate = _try(f"{title} can be read in time", partial(log.forecast, some))
            yield rate if rate.passed else rate._replace(passed=None)  # only an estimate
    yield _try("Licences can be read", lambda: _skus(client))
    yield _concealed(client, roles)


def _permission(task: TaskKind, roles: frozenset[str] | None, client: Client) -> Check:
    title, for_person = f"Permission {task.permission.name}", client.tokens.for_person
    commands = "" if for_person else grant(task.permission.name, client.tokens.client_id)
    if roles is None:
        told = f"The token does not tell its permissions; {task.title} will show."
        return Check(title, None, told, commands)
    if task.permission.is_in(roles):
        serving = task.permission.name if task.permission.name in roles else min(roles & task.permission.wider)
        return Check(title, True, f"{serving} is granted, {task.title} may run.")
    if for_person:
        kind, step = "delegated permission", "Sign in again with this task ticked, and agree to it."
    else:
        kind = "application permission, with admin consent"
        step = "Add it in the app registration under API permissions."
    told = f"{task.title} needs {task.permission} ({kind}); without it {task.purpose}. {step}"
    return Check(title, False, told, commands)


def _try(title: str, probe: Callable[[], str]) -> Check:
    try:
        return Check(title, True, probe())
    except SeatkeeperError as error:
        return _to_failure(title, error)


def _to_failure(title: str, error: SeatkeeperError) -> Check:
    return Check(title, False, str(error), unanswered=isinstance(error, TryLater))


def _users(client: Client) -> str:
    answer = client.get(f"{USERS}?$select=id,userPrincipalName&$top=25", path=USERS, family="directory")
    users = to_rows(answer.body, User).rows
    NameGuard().look([user.user_principal_name or None for user in users])
    return "Accounts are readable and their names are not concealed."


class SignInLog:
    """The log, with the newest sign-in that it told: its time is Microsoft's, and whatever came before it is there."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.newest: Instant | None = None

    def look(self) -> str:
        answer = self.client.get(f"{SIGN_INS}?$top=1", path=SIGN_INS, family=REPORTS)
        rows = to_rows(answer.body, Event).rows
        self.newest = next(list_times(rows), None)
        return f"The newest sign-in is of {rows[0].created_date_time}." if rows else "The log is readable and empty."

    def forecast(self, asked: frozenset[AppSignIns]) -> str:
        """What to expect by one page of the last day: exact when that is all of it."""
        if self.newest is None:
            return LOG.forecast(Rate(0, DAY), LOG.lateness, exact=False)
        rate, exact = measure(self.client, asked, self.newest)
        return LOG.forecast(rate, LOG.lateness, exact=exact)


def _skus(client: Client) -> str:
    client.get(f"{SKUS}?$select=skuId", path=SKUS, family="directory", units=2)
    return "Purchased and assigned quantities are readable."


def _concealed(client: Client, roles: frozenset[str] | None) -> Check:
    title = "Report names are not concealed"
    if roles is None or not any(role.startswith("ReportSettings.Read") for role in roles):
        return Check(
            title, None, "Not checked: only ReportSettings.Read.All could tell. Names are watched while reading."
        )
    try:
        answer = client.get(SETTINGS, path=SETTINGS, family="directory")
        settings = msgspec.json.decode(answer.body, type=ReportSettings)
    except (SeatkeeperError, msgspec.DecodeError) as error:
        return Check(title, None, f"Not checked: {error}")
    if settings.display_concealed_names:
        return Check(title, False, "Reports show pseudonyms: clear it in Org settings > Services > Reports.")
    return Check(title, True, "Usage reports show real names.")
