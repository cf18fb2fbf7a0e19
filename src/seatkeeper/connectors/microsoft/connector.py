"""The Microsoft connector: one tenant, opened with its credential, read for all managed products at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from seatkeeper.app_uses import AppSignIns, of_kind
from seatkeeper.clock import Clock, system_clock
from seatkeeper.connectors.base import Check, Connector, Found, Group, RecordPage, Spent, TaskKind, Understood
from seatkeeper.connectors.feasibility import Rate
from seatkeeper.connectors.microsoft import (
    access,
    activations,
    activity,
    audit_events,
    copilot_usage,
    groups,
    licenses,
    licensing,
    mailboxes,
    preflight,
    roster,
    usage_reports,
)
from seatkeeper.connectors.microsoft.products import Watched, load_products
from seatkeeper.connectors.products import Product
from seatkeeper.errors import CredentialsRejected, PageTokenExpired, PermissionMissing, TooLarge, Unavailable
from seatkeeper.graph.client import Client
from seatkeeper.model import Account, Instant, Key, LastUse, Renewal, Seat, Secret, SignIn, Subscription, to_key


class SignalReader(Protocol):
    """A module that reads what tells of use besides the log of sign-ins."""

    @property
    def TASK(self) -> TaskKind: ...  # noqa: N802 - a constant of the module

    def read(self, client: Client, /) -> Iterator[RecordPage[LastUse]]:
        """Everything that is told, page by page. Finishes or raises."""

    def read_again(self, raw: bytes, /) -> LastUse | None:
        """A row that was set aside. Raises ValueError with the reason."""


_READERS: Final[tuple[SignalReader, ...]] = (activity, copilot_usage, usage_reports, activations, mailboxes)
SIGNALS: Final = {reader.TASK.key: reader for reader in _READERS}  # by the key of the task
USAGE: Final = (copilot_usage.SIGNAL, usage_reports.SIGNAL, audit_events.SIGNAL, activations.SIGNAL)
TASKS: Final = (
    *(licenses.TASK, roster.TASK, access.TASK, access.SILENT),
    *(signal.TASK for signal in SIGNALS.values()),
    audit_events.TASK,
    groups.TASK,
)


class MicrosoftConnector(Connector):
    """Reads one tenant for the products that it watches."""

    vendor = "Microsoft"
    log = access.LOG

    def __init__(self, client: Client) -> None:
        self.client = client
        self.page_sizes: tuple[int, ...] = roster.PAGE_SIZES
        self.watch((), {})

    def watch(self, products: Iterable[Product], owned: Mapping[str, Sequence[str]]) -> None:
        self.watched = Watched(products, owned)
        self.seat_skus = frozenset(map(to_key, self.watched.skus))
        self.data_version = f"{load_products().date} {self.watched.digest()}"
        self.wanted = self.watched.asked

    def identify(self) -> str:
        """The Directory (tenant) ID. Raises CredentialsRejected when neither token nor sign-in service tell it."""
        directory_id = self.client.tokens.directory_id()
        if not directory_id:
            raise CredentialsRejected(
                "Microsoft does not tell which tenant this domain belongs to, so nobody can say whether it is read "
                "already. Delete the application and add it again by the Directory (tenant) ID."
            )
        return directory_id

    def renewed_sign_in(self) -> Secret | None:
        return self.client.tokens.renewed_sign_in()

    def require(self, task: TaskKind) -> None:
        """Raise PermissionMissing when the token says that the call would be refused."""
        roles = self.client.tokens.token().roles
        if roles is not None and not task.permission.is_in(roles):
            roles = self.client.tokens.renew().roles  # consent given since then shows only in a new token
        if roles is None or task.permission.is_in(roles):
            return
        held = ", ".join(sorted(roles)) or "none at all"
        if self.client.tokens.for_person:
            raise PermissionMissing(
                f"{task.title} needs the delegated permission {task.permission}; without it {task.purpose}. "
                f"Whoever signed in agreed to: {held}. Sign in again with this task ticked, and agree to it."
            )
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

    def preflight(self, ticked: Collection[str] = ()) -> Iterator[Check]:
        watched = {product.key for product in self.watched.products}
        idle = {usage.task for usage in USAGE if not usage.sure or not usage.products & watched}
        # One that is ticked is asked for as the usual ones are: without its permission it would only be refused.
        known = (task._replace(optional=task.optional and task.key not in ticked) for task in TASKS)
        tasks = tuple(task for task in known if task.key in ticked or not (task.apart or task.key in idle))
        return preflight.check(self.client, tasks, self.wanted)

    def read_roster(self, link: str | None = None) -> Iterator[RecordPage[Account]]:
        size = self.page_sizes[0]
        try:
            yield from roster.read_roster(self.client, self.watched, link, size)
        except (Unavailable, TooLarge) as error:
            less_may_help = isinstance(error, TooLarge) or "status=504" in error.detail
            if not less_may_help or len(self.page_sizes) == 1:
                raise
            self.page_sizes = self.page_sizes[1:]
            raise PageTokenExpired("The list has to be read from its start again, in smaller pages.") from error

    def mark_changes(self) -> str | None:
        return roster.mark_changes(self.client)

    def read_account(self, key: Key) -> Account | None:
        return roster.read_account(self.client, self.watched, key)

    def read_changes(self, link: str) -> Iterator[RecordPage[Account]]:
        return roster.read_changes(self.client, self.watched, link)

    def to_account_key(self, raw: bytes) -> Key | None:
        return roster.to_account_key(raw)

    def read_again(self, task: TaskKind, raw: bytes) -> Understood | None:
        if task.sign_ins:
            asked = of_kind(self.wanted, task.sign_ins)
            return access.read_again(raw, asked, self.client.tokens.directory_id())
        if task.key == audit_events.TASK.key:
            return audit_events.read_again(raw)
        if task.key in SIGNALS:
            return SIGNALS[task.key].read_again(raw)
        if task.key == groups.TASK.key:
            return groups.read_again(raw)
        return roster.read_again(raw, self.watched) if task.key == roster.TASK.key else licenses.read_again(raw)

    def merge_account(self, old: Account, new: Account) -> Account:
        return roster.merge_account(old, new)

    def to_seats(self, account: Account) -> list[Seat]:
        return licensing.to_seats(account, self.watched)

    def read_sign_ins(self, asked: frozenset[AppSignIns], start: Instant, end: Instant) -> Iterator[RecordPage[SignIn]]:
        return access.read_sign_ins(self.client, asked, start, end)

    def measure_sign_ins(self, asked: frozenset[AppSignIns], newest: Instant) -> Rate:
        return access.measure(self.client, asked, newest)[0]

    def find_sign_in(self, start: Instant, end: Instant) -> Instant | None:
        return access.find_sign_in(self.client, start, end)

    def read_signal(self, task: TaskKind) -> Iterator[RecordPage[LastUse]]:
        return SIGNALS[task.key].read(self.client)

    def list_searched(self) -> tuple[str, ...]:
        return audit_events.list_types({product.key for product in self.watched.products})

    def start_search(self, wanted: Sequence[str], start: Instant, end: Instant) -> str:
        return audit_events.start(self.client, wanted, start, end)

    def look_at(self, search: str) -> Found:
        return audit_events.look_at(self.client, search)

    def read_search(self, search: str) -> Iterator[RecordPage[LastUse]]:
        return audit_events.read(self.client, search)

    def read_subscriptions(self) -> Iterator[RecordPage[Subscription]]:
        return licenses.read_subscriptions(self.client)

    def read_renewals(self) -> RecordPage[Renewal]:
        return licenses.read_renewals(self.client)

    def read_groups(self, keys: Sequence[Key]) -> Iterator[RecordPage[Group]]:
        return groups.read(self.client, keys)
