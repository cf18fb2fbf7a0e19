"""The Microsoft connector: one tenant, opened with its credential, read for all managed products at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from seatkeeper.clock import Clock, system_clock
from seatkeeper.connectors.base import Check, Permission, RecordPage, Spent, TaskKind
from seatkeeper.connectors.microsoft import access, activity, licenses, licensing, preflight, roster
from seatkeeper.connectors.microsoft.products import Product, Watched, load_products, stream_of
from seatkeeper.errors import PermissionMissing
from seatkeeper.graph.client import Client
from seatkeeper.model import Account, AccountActivity, Instant, Key, Renewal, Seat, SignIn, Subscription

# The permission to ask for first, then those that serve as well
# (microsoft-graph-devx-content permissions.json, 2026-08-07).
_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
ROSTER = TaskKind(
    "roster",
    "Application Roster",
    Permission("User.Read.All", _DIRECTORY | {"User.ReadWrite.All"}, usual="Directory.Read.All"),
    "nobody can say who holds a seat",
)
ACCESS = TaskKind(
    "access",
    "Application Access",
    Permission("AuditLog.Read.All", frozenset()),
    "nobody can say who uses a seat",
)
LICENSES = TaskKind(
    "licenses",
    "License Information",
    Permission(
        "LicenseAssignment.Read.All",
        _DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All", "LicenseAssignment.ReadWrite.All"},
        usual="Directory.Read.All",
    ),
    "nobody can say how many seats were bought",
)
ACTIVITY = TaskKind(
    "activity",
    "Account Activity",
    ACCESS.permission,
    "nobody can say when an account was last used anywhere",
    optional=True,
)


class MicrosoftConnector:
    """Reads one tenant; `live` maps the SKUs the tenant said it owns to their service plan ids."""

    tasks: ClassVar[tuple[TaskKind, ...]] = (LICENSES, ROSTER, ACCESS, ACTIVITY)

    def __init__(self, client: Client, products: Iterable[Product], live: Mapping[str, Iterable[str]]) -> None:
        self.client = client
        self.watched = Watched(products, live)
        self.data_version = f"{load_products().date} {self.watched.digest()}"
        self.stream = stream_of(self.watched.products)

    def require(self, task: TaskKind) -> None:
        """Raise PermissionMissing when the token says that the call would be refused."""
        roles = self.client.tokens.token().roles
        if roles is not None and not task.permission.is_in(roles):
            roles = self.client.tokens.renew().roles  # consent given since then shows only in a new token
        if roles is None or task.permission.is_in(roles):
            return
        held = ", ".join(sorted(roles)) or "none at all"
        raise PermissionMissing(
            f"{task.title} needs the application permission {task.permission}; without it {task.purpose}. "
            f"The app registration has: {held}. In the Entra admin centre open App registrations > "
            "API permissions, add it as an application permission (not a delegated one), and grant admin consent."
        )

    def spent(self) -> Spent:
        counted = self.client.counters
        return Spent(counted.requests, counted.throttled, int(counted.waited * 1000))

    def vendor_time(self, clock: Clock) -> Instant:
        """Microsoft's Date header beats our clock, unless the clock was set on purpose (`--now`)."""
        told = self.client.server_time or self.client.tokens.server_time
        return told if told is not None and clock is system_clock else clock()

    def preflight(self) -> Iterator[Check]:
        return preflight.check(self.client, self.tasks, self.watched.apps)

    def read_roster(self, link: str | None = None) -> Iterator[RecordPage[Account]]:
        return roster.read_roster(self.client, self.watched, link)

    def mark_changes(self) -> str | None:
        return roster.mark_changes(self.client)

    def read_account(self, key: Key) -> Account | None:
        return roster.read_account(self.client, self.watched, key)

    def read_changes(self, link: str) -> Iterator[RecordPage[Account]]:
        return roster.read_changes(self.client, self.watched, link)

    def to_account_key(self, raw: bytes) -> Key | None:
        return roster.to_account_key(raw)

    def read_again(self, task: TaskKind, raw: bytes) -> Account | SignIn | Subscription | AccountActivity | None:
        if task.key == ACCESS.key:
            return access.read_again(raw, self.watched.apps)
        if task.key == ACTIVITY.key:
            return activity.read_again(raw)
        return roster.read_again(raw, self.watched) if task.key == ROSTER.key else licenses.read_again(raw)

    def merge_account(self, old: Account, new: Account) -> Account:
        return roster.merge_account(old, new)

    def to_seats(self, account: Account) -> list[Seat]:
        return licensing.to_seats(account, self.watched)

    def read_sign_ins(self, start: Instant, end: Instant) -> Iterator[RecordPage[SignIn]]:
        return access.read_sign_ins(self.client, self.watched.apps, start, end)

    def read_activity(self) -> Iterator[RecordPage[AccountActivity]]:
        return activity.read_activity(self.client)

    def read_subscriptions(self) -> Iterator[RecordPage[Subscription]]:
        return licenses.read_subscriptions(self.client)

    def read_renewals(self) -> list[Renewal]:
        return licenses.read_renewals(self.client)
