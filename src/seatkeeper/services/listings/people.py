"""The people of a tenant over all that is managed of it: each once, with what their seats cost a year."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, NamedTuple

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery

from seatkeeper.amounts import Money
from seatkeeper.model import Instant
from seatkeeper.reporting.daily_summary import list_tenant_prices
from seatkeeper.services import connections
from seatkeeper.services.listings.base import Answer, Choice, Column, Filter, Kind, Listing, Question
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Connection, Finding, SeatHolder, Task
from seatkeeper.store.queries import roster, usage
from seatkeeper.sync.vendors import find_product, find_vendor, list_products

PORTION: Final = 500  # people whose rows are put together at a time


class PersonRow(NamedTuple):
    """Somebody with a seat of at least one product; of each SKU, one seat is counted, whatever products show it.

    `last_application` is where the newest sign-in of any product of the tenant led, `deactivated` the newest day on
    which, by the vendor, a product was taken away that is managed and that they do not hold any more.
    """

    pk: int
    connection_id: int
    object_id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    department: str
    cost_center: str
    blocked: bool
    guest: bool
    products: str
    plans: str
    newest_use: Instant | None
    last_application: str
    deactivated: Instant | None
    idle: int
    findings: int
    cost: Money


class People(Listing[Any]):
    """Of a person's rows, one for each application, the first stands for all until a page is put together."""

    def ask(self, rows: QuerySet[Any], question: Question) -> Answer[Any]:
        found = super().ask(rows, question)
        return replace(found, rows=list(_complete(found.rows)))

    def stream(self, rows: QuerySet[Any], question: Question) -> Iterator[PersonRow]:
        firsts = self.fit(rows, question).iterator(PORTION)
        while some := list(islice(firsts, PORTION)):
            yield from _complete(some)


def _holds(**conditions: Any) -> Q:
    """Whoever has such a row at any of the tenant's applications."""
    mine = SeatHolder.objects.filter(
        application__connection=OuterRef("application__connection"), application__active=True, **conditions
    )
    return Q(Exists(mine.filter(account=OuterRef("account"))))


LISTING: Final = People(
    key="people",
    title="People",
    columns=(
        Column("user_id", "User ID", Kind.NAME),
        Column("email", "Email", Kind.NAME, shown=False),
        Column("first_name", "First Name", Kind.NAME, shown=False),
        Column("last_name", "Last Name", Kind.NAME, shown=False),
        Column("department", "Department", Kind.NAME),
        Column("cost_center", "Cost Center", Kind.NAME, shown=False),
        Column("products", "Products", sorts=False),
        Column("plans", "Plans", shown=False, sorts=False),
        Column("newest_use", "Last Activity", Kind.TIME),
        Column("last_application", "Last Used Application", shown=False, sorts=False),
        Column("deactivated", "Deactivated Date", Kind.DAY, shown=False, sorts=False),
        Column("idle", "Idle Seats", Kind.NUMBER, sorts=False),
        Column("findings", "Findings", Kind.NUMBER, sorts=False),
        Column("annual_cost", "Cost, a year", Kind.MONEY, sorts=False, period="year", attribute="cost"),
        Column("blocked", "Blocked", Kind.FLAG, shown=False),
        Column("guest", "Guest", Kind.FLAG, shown=False),
        Column("object_id", "Object ID", shown=False),
    ),
    filters=(
        Filter(
            "product",
            "Product",
            [Choice(product.key, product.title) for product in list_products()],
            lambda value: _holds(application__product=value),
        ),
        Filter(
            "idle",
            "Idle seats",
            [Choice("yes", "yes"), Choice("no", "no")],
            lambda value: _holds(idle_skus__gt="") if value == "yes" else ~_holds(idle_skus__gt=""),
        ),
        Filter("blocked", "Blocked", [Choice("yes", "yes"), Choice("no", "no")], lambda v: Q(blocked=v == "yes")),
        Filter("guest", "Guest", [Choice("yes", "yes"), Choice("no", "no")], lambda v: Q(guest=v == "yes")),
    ),
    search=("words",),
    sort="user_id",
    empty="Nobody is on a roster yet: run the roster task.",
    of_people=True,
)


def rows(who: Who, connection_id: int) -> QuerySet[SeatHolder]:
    """The first row of each person. Raises NotFound for a connection of another organization."""
    who.require(May.SEE)
    connection = connections.find(who, connection_id)
    mine = list(Application.objects.of(who).filter(connection=connection, active=True).values_list("pk", flat=True))
    same = SeatHolder.objects.filter(application__in=mine, account=OuterRef("account"))
    newest = same.order_by().values("account").annotate(newest=Max("last_activity")).values("newest")
    found = SeatHolder.objects.filter(application__in=mine).select_related("application__connection")
    earlier = same.filter(application__lt=OuterRef("application"))
    return found.filter(~Exists(earlier)).annotate(newest_use=Subquery(newest))


def _complete(firsts: Sequence[SeatHolder]) -> Iterator[PersonRow]:
    """People of one tenant with what all of its applications say of them."""
    if not firsts:
        return
    connection_id = firsts[0].application.connection_id
    active = {"application__connection": connection_id, "application__active": True}
    held: dict[bytes, list[SeatHolder]] = {}
    everything = SeatHolder.objects.filter(**active, account__in=[first.account for first in firsts])
    for row in everything.select_related("application").order_by("application"):
        held.setdefault(bytes(row.account), []).append(row)
    open_ones = Finding.objects.filter(**active, state="open", object_id__in=[first.object_id for first in firsts])
    findings = dict(open_ones.order_by().values_list("object_id").annotate(number=Count("pk")))
    prices, known = list_tenant_prices(connection_id), _Known(firsts[0].application.connection, list(held))
    for first in firsts:
        mine = held.get(bytes(first.account), [first])
        yield _to_row(first, mine, findings.get(first.object_id, 0), prices, known)


class _Known:
    """What is known of some accounts of a tenant besides the rows of its applications."""

    def __init__(self, connection: Connection, accounts: Sequence[bytes]) -> None:
        connection_id, self._list_ended = connection.pk, find_vendor(connection.vendor).list_ended
        mine = Application.objects.filter(connection=connection_id, active=True).order_by("pk")
        self._products = [find_product(application.product) for application in mine]
        roster_task = Task.objects.filter(connection=connection_id, key="roster").first()
        generation = roster_task.generation if roster_task else 0
        self._licensing = roster.list_assigned(connection_id, generation, accounts)
        self._uses = usage.newest_apps(connection_id, accounts)

    def last_application(self, account: bytes) -> str:
        for _newest, name in sorted(self._uses.get(account, ()), reverse=True):
            for product in self._products:
                if app := product.find_app(name):
                    return app.title
        return ""

    def deactivated(self, account: bytes, held: Collection[str]) -> Instant | None:
        if not (text := self._licensing.get(account)):
            return None
        ended = self._list_ended(text)
        lost = {product.key for product in self._products} - set(held)
        return max((ended[key] for key in lost & ended.keys()), default=None)


def cost_of(rows: Sequence[SeatHolder], prices: Mapping[str, Money]) -> Money:
    """What a person's seats cost, each SKU once."""
    skus = sorted({sku for row in rows for sku in row.skus.split()})
    return Money.total(prices.get(sku, Money()) for sku in skus)


def _to_row(
    first: SeatHolder, mine: Sequence[SeatHolder], findings: int, prices: Mapping[str, Money], known: _Known
) -> PersonRow:
    account = bytes(first.account)
    plans = dict.fromkeys(plan for row in mine for plan in row.plans.split("; ") if plan)
    return PersonRow(
        pk=first.pk,
        connection_id=first.application.connection_id,
        object_id=first.object_id,
        user_id=first.user_id,
        email=first.email,
        first_name=first.first_name,
        last_name=first.last_name,
        department=first.department,
        cost_center=first.cost_center,
        blocked=first.blocked,
        guest=first.guest,
        products=", ".join(find_product(row.application.product).title for row in mine),
        plans="; ".join(plans),
        newest_use=max((row.last_activity for row in mine if row.last_activity is not None), default=None),
        last_application=known.last_application(account),
        deactivated=known.deactivated(account, {row.application.product for row in mine}),
        idle=len({sku for row in mine for sku in row.idle_skus.split()}),
        findings=findings,
        cost=cost_of(mine, prices),
    )
