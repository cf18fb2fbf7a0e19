"""What a connector of any vendor does: its tasks with the permissions they need, and the records that it reads.

A connector reads and converts. It knows no database: `sync` alone saves, checkpoints and retires.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from seatkeeper.app_uses import AppSignIns
from seatkeeper.clock import Clock
from seatkeeper.connectors.feasibility import Rate, SignInLog
from seatkeeper.connectors.products import Product
from seatkeeper.model import (
    MISSING,
    Account,
    BadRow,
    Instant,
    Key,
    LastUse,
    Renewal,
    Seat,
    Secret,
    SignIn,
    Subscription,
)

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


class Group(NamedTuple):
    """A group that gives licences to its members; `name` is empty where the vendor told none."""

    key: Key
    name: str


Understood = Account | SignIn | Subscription | Renewal | LastUse | Group
NO_PERMISSION: Final = Permission("", frozenset())


class TaskKind(NamedTuple):
    """One thing that is read regularly; `key` says how (sync/run.py), and `optional` ones are not ticked.

    `purpose` completes the sentence "without it …"; `hint` says what else to know before ticking it. `lateness` is how
    long, in ticks, what a signal tells may lack the newest uses. One that is `weighed` finds out at its first run how
    long a day of it takes to read, and unticks itself when that is too long. No product needs one that stands `apart`:
    its permission is asked for where it is ticked, and nowhere else.
    """

    key: str
    title: str
    purpose: str
    permission: Permission = NO_PERMISSION
    optional: bool = False
    hint: str = ""
    lateness: Instant = 0
    sign_ins: str = ""  # the kind of those that it reads from the vendor's log, which alone has a ledger of coverage
    weighed: bool = False
    apart: bool = False


@dataclass(slots=True)
class RecordPage(Generic[Record]):
    """Records of one answer, checked whole: each can be saved, and what a run computes from it never fails.

    Texts hold neither NUL nor half a surrogate pair, and numbers fit the store's columns (docs/decisions/0012).
    `removed` are ids the vendor says are gone; the `last` page finishes the read, or one list of several. A `note` is
    told with the end of the run.
    """

    records: list[Record]
    bad: list[BadRow]
    link: str | None = None
    changes_link: str | None = None
    removed: list[Key] = field(default_factory=list)
    left_out: int = 0  # rows that were not asked for
    note: str = ""

    @property
    def last(self) -> bool:
        return self.link is None


class Check(NamedTuple):
    """One line of the preflight: `passed` is None when it could not be checked; `commands` mend it if there are any."""

    title: str
    passed: bool | None
    message: str
    commands: str = ""
    unanswered: bool = False  # nobody answered as the vendor does


class Found(NamedTuple):
    """How far a search is: whether it has ended, and a `note` to be told of what it found."""

    ended: bool
    note: str = ""


class Spent(NamedTuple):
    """What a connector has cost the vendor since it was opened."""

    requests: int
    throttled: int
    waited_ms: int


class Connector:
    """One vendor tenant, opened with its credential.

    A vendor overrides what it has; what it has not, none of its tasks asks for. `data_version` names everything besides
    the tenant that a roster depends on: when it changes, all is read again. `wanted` are the sign-ins that tell of the
    use of the products that are watched, all of them together, and `seat_skus` the SKUs that make seats of them.
    """

    vendor: str  # its title, for messages
    log: SignInLog
    data_version: str
    wanted: frozenset[AppSignIns] = frozenset()  # of both kinds
    seat_skus: frozenset[Key] = frozenset()

    def watch(self, products: Iterable[Product], owned: Mapping[str, Sequence[str]]) -> None:
        """Read for these products from now on; `owned` are the SKUs of the tenant with the ids of their plans."""
        raise NotImplementedError

    def spent(self) -> Spent:
        return Spent(0, 0, 0)

    def vendor_time(self, clock: Clock) -> Instant:
        """Now, by the vendor where it said so, else by the clock."""
        return clock()

    def identify(self) -> str:
        """The vendor's own id of the tenant, the same by whatever name it was typed in; empty where it has one name."""
        return ""

    def renewed_sign_in(self) -> Secret | None:
        """What to sign somebody in with from now on, where the vendor has given something new."""
        return None

    def require(self, task: TaskKind) -> None:
        """Raise PermissionMissing before a call that is known to be refused."""

    def preflight(self, ticked: Collection[str] = ()) -> Iterator[Check]:
        """Try each thing that must hold at the vendor, one by one; `ticked` are the tasks that run, by their keys."""
        raise NotImplementedError

    def read_roster(self, link: str | None = None) -> Iterator[RecordPage[Account]]:
        """Everybody, from the start or from a link on. Finishes or raises."""
        raise NotImplementedError

    def mark_changes(self) -> str | None:
        """A link from which later changes can be read, taken before a full read begins; None: read everybody again."""
        return None

    def read_changes(self, link: str) -> Iterator[RecordPage[Account]]:
        raise NotImplementedError

    def read_account(self, key: Key) -> Account | None:
        """One account by its id; None when the vendor says that there is none. NotUnderstood decides nothing."""
        raise NotImplementedError

    def to_account_key(self, raw: bytes) -> Key | None:
        """Whose row this is, of one that could not be understood otherwise."""
        raise NotImplementedError

    def read_again(self, task: TaskKind, raw: bytes) -> Understood | None:
        """What a row that was set aside says; None when it says nothing we keep. Raises ValueError with the reason."""
        raise NotImplementedError

    def merge_account(self, old: Account, new: Account) -> Account:
        """The newer answer over the older one; what it did not send stays."""
        return Account._make(before if after is MISSING else after for before, after in zip(old, new, strict=True))

    def to_seats(self, account: Account) -> list[Seat]:
        """The seats that an account holds of the products that are watched."""
        raise NotImplementedError

    def read_sign_ins(self, asked: frozenset[AppSignIns], start: Instant, end: Instant) -> Iterator[RecordPage[SignIn]]:
        """The sign-ins that are asked for, all of one kind, from `start` to `end`, both included.

        Others are left out of the pages.
        """
        raise NotImplementedError

    def measure_sign_ins(self, asked: frozenset[AppSignIns], newest: Instant) -> Rate:
        """How many of them, all of one kind, there were before that moment: of a day, or of what a page or two hold."""
        raise NotImplementedError

    def find_sign_in(self, start: Instant, end: Instant) -> Instant | None:
        """When one of the sign-ins from `start` to `end` was, by anybody to anything; None when the log has none."""
        raise NotImplementedError

    def read_signal(self, task: TaskKind) -> Iterator[RecordPage[LastUse]]:
        """What the task's signal knows of accounts; those of whom the vendor says nothing are left out."""
        raise NotImplementedError

    def list_searched(self) -> tuple[str, ...]:
        """What to look for in the vendor's audit log, in its words: the events that show use of what is watched."""
        return ()

    def start_search(self, wanted: Sequence[str], start: Instant, end: Instant) -> str:
        """Let the vendor look for such events from `start` to `end`; the id by which it knows the search.

        It takes minutes or hours.
        """
        raise NotImplementedError

    def look_at(self, search: str) -> Found:
        """How far the search is. Raises SearchLost when it will never end."""
        raise NotImplementedError

    def read_search(self, search: str) -> Iterator[RecordPage[LastUse]]:
        """What was found, each event by itself and in any order. Raises SearchLost when it is there no more."""
        raise NotImplementedError

    def read_subscriptions(self) -> Iterator[RecordPage[Subscription]]:
        raise NotImplementedError

    def read_renewals(self) -> RecordPage[Renewal]:
        """When what was bought renews or ends, as one page."""
        raise NotImplementedError

    def read_groups(self, keys: Sequence[Key]) -> Iterator[RecordPage[Group]]:
        """The groups of these ids, some on each page; `removed` are those that the vendor does not know (any more)."""
        raise NotImplementedError
