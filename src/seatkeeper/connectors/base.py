"""What a connector declares: its tasks with the permissions they need, and what a page of records looks like.

A connector reads and converts. It knows no database: `sync` alone saves, checkpoints and retires.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from seatkeeper.clock import Clock
from seatkeeper.graph.pages import BadRow
from seatkeeper.model import Account, AccountActivity, Instant, Key, Renewal, Seat, SignIn, Subscription

Record = TypeVar("Record")


class Permission(NamedTuple):
    """An application permission to ask for, and the wider ones that serve as well; `usual` is the best known."""

    name: str
    wider: frozenset[str]
    usual: str = ""

    def __str__(self) -> str:
        return f"{self.name} (or {self.usual})" if self.usual else self.name

    def is_in(self, roles: frozenset[str]) -> bool:
        return self.name in roles or not self.wider.isdisjoint(roles)


class TaskKind(NamedTuple):
    """One thing that is read regularly; `purpose` completes the sentence "without it …"; `optional` is unticked."""

    key: str
    title: str
    permission: Permission
    purpose: str
    optional: bool = False


@dataclass(slots=True)
class RecordPage(Generic[Record]):
    """Records of one answer. `removed` are ids the vendor says are gone; the `last` page finishes the read."""

    records: list[Record]
    bad: list[BadRow]
    link: str | None = None
    changes_link: str | None = None
    removed: list[Key] = field(default_factory=list)
    left_out: int = 0  # rows that were not asked for

    @property
    def last(self) -> bool:
        return self.link is None


class Check(NamedTuple):
    """One line of the preflight: `passed` is None when it could not be checked."""

    title: str
    passed: bool | None
    message: str


class Spent(NamedTuple):
    """What a connector has cost the vendor since it was opened."""

    requests: int
    throttled: int
    waited_ms: int


class Connector(Protocol):
    """One vendor tenant, opened with its credential.

    `data_version` names everything besides the tenant that a roster depends on; when it changes, all is read again.
    """

    @property
    def data_version(self) -> str: ...

    @property
    def stream(self) -> str:
        """Names the question that sign-ins are asked by: for another question, coverage starts anew."""

    def spent(self) -> Spent: ...

    def vendor_time(self, clock: Clock) -> Instant:
        """Now, by the vendor where it said so, else by the clock."""

    def require(self, task: TaskKind) -> None:
        """Raise PermissionMissing before a call that is known to be refused."""

    def preflight(self) -> Iterator[Check]: ...

    def read_roster(self, link: str | None = None) -> Iterator[RecordPage[Account]]: ...

    def mark_changes(self) -> str | None:
        """A link from which later changes can be read, taken before a full read begins."""

    def read_account(self, key: Key) -> Account | None:
        """One account by its id; None when the vendor says that there is none. NotUnderstood decides nothing."""

    def read_changes(self, link: str) -> Iterator[RecordPage[Account]]: ...

    def to_account_key(self, raw: bytes) -> Key | None:
        """Whose row this is, of one that could not be understood otherwise."""

    def read_again(self, task: TaskKind, raw: bytes) -> Account | SignIn | Subscription | AccountActivity | None:
        """What a row that was set aside says; None when it says nothing we keep. Raises ValueError with the reason."""

    def merge_account(self, old: Account, new: Account) -> Account: ...

    def to_seats(self, account: Account) -> list[Seat]: ...

    def read_sign_ins(self, start: Instant, end: Instant) -> Iterator[RecordPage[SignIn]]: ...

    def read_activity(self) -> Iterator[RecordPage[AccountActivity]]:
        """When accounts last got in anywhere; those of whom the vendor says nothing are left out."""

    def read_subscriptions(self) -> Iterator[RecordPage[Subscription]]: ...

    def read_renewals(self) -> list[Renewal]:
        """When what was bought renews or ends. The whole list or an error: nothing else hangs on it."""
