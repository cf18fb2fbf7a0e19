"""What a vendor declares of itself: all that pages, REST, commands and runs know of it.

A vendor is a folder beside this file and one line in catalog.py. What it declares is data, and functions that read and
convert; nothing here knows a database or a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from seatkeeper.connectors.base import Connector, TaskKind
from seatkeeper.connectors.feasibility import SignInLog
from seatkeeper.connectors.products import Carried, Product, ProductData
from seatkeeper.connectors.reach import ConnectionDetails, Consenting, FormField, Guide, SigningIn
from seatkeeper.connectors.sku_lists import ProductTable
from seatkeeper.model import Instant, Key, RequestLimit


class Pacer(Protocol):
    """The vendor's limit on requests, kept by all processes together."""

    def take(self, *, slow: bool = False) -> None:
        """Block until a request may be sent; a `slow` one lets others go before it."""

    def done(self) -> None:
        """The answer to the oldest request came, or it failed."""


class SeatToTake(NamedTuple):
    """A seat that a reclaim plan takes back; `user_id` is for people to read."""

    object_id: str
    sku: str
    user_id: str


class ReclaimScript(NamedTuple):
    """A kind of script that an administrator runs to take seats back, or to undo it.

    `write` makes its text of a title, the name of the file that keeps what was there, the seats, and a line for each
    seat that a group gives, which it cannot take.
    """

    file_name: str
    write: Callable[[str, str, Sequence[SeatToTake], Sequence[str]], str]


class ReportColumn(NamedTuple):
    """A column of a usage report. `counts` says what its numbers are of: desktop, web or other.

    A `flag` says yes or no instead of a number. Columns are found whatever their case, spaces and signs.
    """

    title: str
    counts: str
    flag: bool = False
    needed: bool = True


class UsageReport(NamedTuple):
    """A report of a product's use that the vendor gives to people alone: exported there, uploaded here.

    `refuse` raises BadInput for user names that cannot be those of people.
    """

    title: str
    about: str
    where: str
    user: str
    last: str
    columns: tuple[ReportColumn, ...]
    refreshed: str
    period: str
    periods: tuple[int, ...]
    refuse: Callable[[Sequence[str]], None]
    other_names: Mapping[str, str] = {}


class SkuColumns(NamedTuple):
    """The columns of a vendor's own list of SKUs and their plans: a row a plan. Ids are GUIDs."""

    title: str
    part_number: str
    sku: str
    plan: str


class PublishedList(NamedTuple):
    """The list of SKUs that the vendor publishes, and the table of products that it is imported over."""

    title: str
    columns: SkuColumns
    table: ProductTable


class UsageSignal(NamedTuple):
    """What a task tells: the day on which somebody used one of some products last, which confirms its use.

    `says` is a sentence for people with that {day}, and `heading` stands above it in lists. `of_events`: it tells
    single events, each at its moment. `by_product`: what it tells apart are products, by their keys. One that is not
    `sure` tells what may have been a use. `proves` says what follows from it, where that is not a day of use.
    """

    task: str  # its key
    heading: str
    says: str
    products: frozenset[str]  # by their keys
    of_events: bool = False
    by_product: bool = False
    sure: bool = True
    proves: str = ""

    @property
    def read_for(self) -> frozenset[str]:
        """The products that it is advised for. One that tells products apart is asked for by itself."""
        return frozenset() if self.by_product else self.products


class Suite(NamedTuple):
    """An entry of Add Application for all products of a vendor at once: one connection, of which products are ticked.

    It asks for one kind of credential; `without` are the fields of the vendor's form that are for another kind. Of a
    `delegated` one nobody types a credential in: somebody signs in.
    """

    key: str
    title: str
    integration: str
    without: frozenset[str] = frozenset()
    delegated: bool = False


def says_guest(user_type: str | None, _upn: str | None) -> bool:
    return user_type == "Guest"


def assign_nothing(_licensing: str) -> Iterable[Key]:
    return ()


def fail_nothing(_licensing: str) -> Iterable[tuple[Key, str]]:
    return ()


def carry_nothing(_products: Iterable[Product], _live: Mapping[str, Iterable[str]]) -> Mapping[str, Sequence[Carried]]:
    return {}


def end_nothing(_licensing: str) -> Mapping[str, Instant]:
    return {}


def check_nothing(_details: ConnectionDetails) -> None:
    """Of a vendor that does not say, all details are as good as any."""


def tell_nothing(_details: ConnectionDetails) -> str:
    return ""


def group_nothing(_licensing: str) -> Iterable[tuple[Key, Key]]:
    return ()


def open_nothing(_licensing: str) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor of SaaS products, and how its tenants are read.

    `check_form` turns what was typed in (by the keys of `form`) into details, or changes those that are stored; it
    raises BadInput that names fields by their keys. `fill_form` is the way back, without secrets. `open` reaches the
    tenant until its context ends. `check_identity` raises CredentialsRejected when the token of this server's identity
    would be refused; the vendor is not asked. `sign_in` asks for access once, with a credential that is not stored yet,
    tells the tenant's own id as the answer has it, empty where it has none, and raises what the answer means. Of what
    is kept of an account's licensing, `list_assigned` names the SKUs, `list_failed` those that could not be assigned,
    with the reason, `list_opened` the products that another product's licence opens, `list_ended` when products were
    taken away, and `list_groups` SKUs, each with a group that assigns it; `is_guest` tells a guest by what is kept of
    an account, in any generation: its type, as the vendor calls it, and its name. `list_carried` is the rule that says
    which SKU makes a seat of which product: of products and of the SKUs that a tenant owns, by id, with their plans.
    """

    key: str
    title: str
    tasks: tuple[TaskKind, ...]
    products: Callable[[], ProductData]
    form: tuple[FormField, ...]
    check_form: Callable[[Mapping[str, str], ConnectionDetails | None], ConnectionDetails]
    fill_form: Callable[[ConnectionDetails], Mapping[str, str]]
    open: Callable[[ConnectionDetails, Pacer | None], AbstractContextManager[Connector]]
    guide: Callable[[Sequence[TaskKind]], Guide]
    check_identity: Callable[[ConnectionDetails], None] = check_nothing
    sign_in: Callable[[ConnectionDetails], str] = tell_nothing
    log: SignInLog | None = None  # of sign-ins, if there is one
    request_limit: RequestLimit | None = None
    new_credential: str = "Create a new one"  # where that is done, for whoever is told that the old one expires
    list_assigned: Callable[[str], Iterable[Key]] = assign_nothing
    list_failed: Callable[[str], Iterable[tuple[Key, str]]] = fail_nothing
    list_opened: Callable[[str], Iterable[str]] = open_nothing
    list_ended: Callable[[str], Mapping[str, Instant]] = end_nothing
    list_groups: Callable[[str], Iterable[tuple[Key, Key]]] = group_nothing
    is_guest: Callable[[str | None, str | None], bool] = says_guest
    list_carried: Callable[[Iterable[Product], Mapping[str, Iterable[str]]], Mapping[str, Sequence[Carried]]] = (
        carry_nothing
    )
    reclaim_scripts: Mapping[str, ReclaimScript] = field(default_factory=dict)
    reports: Mapping[str, UsageReport] = field(default_factory=dict)  # by the key of the product
    usage: tuple[UsageSignal, ...] = ()
    sku_list: PublishedList | None = None
    suites: tuple[Suite, ...] = ()
    signing_in: SigningIn | None = None
    consenting: Consenting | None = None
    prices: Mapping[str, int] = field(default_factory=dict)  # euros a month by part number, for an example
