"""The people of a tenant over all its products: each once, and each licence counted once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import connection as database_connection
from django.test.utils import CaptureQueriesContext

from seatkeeper.amounts import Money
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.model import TICKS, to_id
from seatkeeper.services import additions, prices
from seatkeeper.services.listings import everywhere, people
from seatkeeper.services.listings.base import Question
from seatkeeper.store.models import Application, Connection, Finding, SeatHolder, SignIn, Task, UnlicensedUser
from seatkeeper.sync.vendors import find_product
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

PROJECT, VISIO, POWER_BI, OFFICE = "microsoft-project", "microsoft-visio", "power-bi", "office-365"


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with open_tenant(people=80, everything=True) as opened:
        opened.sync()
        additions.add_products(opened.who, connection_id(), [VISIO, POWER_BI, OFFICE])
        opened.sync()
        yield opened


def connection_id() -> int:
    return Connection.objects.get().pk


def listed(tenant: Tenant, **question: object) -> list[people.PersonRow]:
    asked = Question(**{"size": 1000} | question)  # type: ignore[arg-type]
    return people.LISTING.ask(people.rows(tenant.who, connection_id()), asked).rows


def held() -> dict[str, set[str]]:
    """Who holds a seat of what, by the truth of each application's own roster."""
    found: dict[str, set[str]] = {}
    for object_id, product in SeatHolder.objects.values_list("object_id", "application__product"):
        found.setdefault(object_id, set()).add(product)
    return found


def set_price(tenant: Tenant, part_number: str, amount: str) -> None:
    prices.set_price(tenant.who, prices.NewPrice(part_number, amount, "EUR", "month", valid_from="2026-01-01"))


def test_each_person_is_listed_once_with_all_products_of_theirs(tenant: Tenant) -> None:
    rows = listed(tenant)
    truth = held()
    assert [row.object_id for row in rows] == list(dict.fromkeys(row.object_id for row in rows))
    assert {row.object_id for row in rows} == truth.keys()
    assert max(len(products) for products in truth.values()) > 2
    for row in rows:
        assert len(row.products.split(", ")) == len(truth[row.object_id])
        newest = SeatHolder.objects.filter(object_id=row.object_id).values_list("last_activity", flat=True)
        assert row.newest_use == max((each for each in newest if each is not None), default=None)
        assert row.findings == Finding.objects.filter(object_id=row.object_id, state="open").count()
    assert any(row.findings for row in rows)


def test_a_licence_costs_once_whatever_shows_it_and_a_year_is_twelve_months(tenant: Tenant) -> None:
    skus = dict(SeatHolder.objects.values_list("object_id", "skus"))
    assert skus
    part = "PROJECTPROFESSIONAL"
    before = {row.object_id: row.cost for row in listed(tenant)}
    assert set(before.values()) == {Money()}
    set_price(tenant, part, "25.50")
    set_price(tenant, "POWER_BI_PRO", "9.40")
    tenant.sync("licenses")
    (ada,) = listed(tenant, search="bo.dahl")
    assert ada.cost == Money.of("EUR", Decimal("25.50") + Decimal("9.40"), "month")
    # One more application that shows the same seat does not make it dearer.
    row = SeatHolder.objects.filter(object_id=ada.object_id, application__product=PROJECT).get()
    SeatHolder.objects.filter(object_id=ada.object_id, application__product=VISIO).update(skus=row.skus)
    (again,) = listed(tenant, search="bo.dahl")
    assert again.cost == ada.cost


def test_the_last_used_application_is_that_of_the_newest_sign_in_to_any_product(tenant: Tenant) -> None:
    products = [find_product(key) for key in (PROJECT, VISIO, POWER_BI, OFFICE)]
    newest: dict[str, tuple[int, str]] = {}
    for row in SignIn.objects.filter(error_code=0).select_related("app"):
        title = next((app.title for product in products if (app := product.find_app(row.app.guid))), None)
        if title is not None:
            key = to_id(bytes(row.account))
            newest[key] = max(newest.get(key, (0, "")), (row.created, title))
    told = {row.object_id: row.last_application for row in listed(tenant)}
    assert told == {object_id: newest.get(object_id, (0, ""))[1] for object_id in told}
    assert len(set(told.values())) > 3


def test_the_deactivated_date_is_when_a_product_was_taken_that_they_hold_no_more(tenant: Tenant) -> None:
    products = [find_product(key) for key in (PROJECT, VISIO, POWER_BI, OFFICE)]
    world, mine = tenant.sandbox.tenant, held()
    true: dict[str, int | None] = dict.fromkeys(mine)
    for number in range(world.directory.total):
        person = world.directory.at(number, world.seconds)
        if person is not None and person.id in mine:
            ours = {plan.id for product in products if product.key not in mine[person.id] for plan in product.plans
                    if plan.seat}  # fmt: skip
            off = [(one, held.since) for held in person.holdings for one in held.disabled]
            on = {plan.id for held in person.holdings for plan in held.enabled_plans()}
            ends = [at for one, at in [*off, *((plan.id, at) for plan, at in person.removed)] if one in ours - on]
            true[person.id] = max(ends, default=None)
    told = {row.object_id: None if row.deactivated is None else row.deactivated // TICKS for row in listed(tenant)}
    assert told == true
    assert any(told.values())


def test_it_is_filtered_and_sorted_by_what_any_product_says(tenant: Tenant) -> None:
    everybody = listed(tenant)
    both = {row.object_id for row in listed(tenant, filters={"product": [POWER_BI]})}
    assert both == {one for one, products in held().items() if POWER_BI in products}
    idle = {row.object_id for row in listed(tenant, filters={"idle": ["yes"]})}
    assert idle == {row.object_id for row in everybody if row.idle}
    assert idle
    assert {row.object_id for row in listed(tenant, filters={"idle": ["no"]})} == {
        row.object_id for row in everybody if not row.idle
    }
    newest = [row.newest_use for row in listed(tenant, sort="-newest_use")]
    known = [each for each in newest if each is not None]
    assert known == sorted(known, reverse=True)
    assert newest[: len(known)] == known
    with pytest.raises(BadInput, match="not a column that can be sorted by"):
        listed(tenant, sort="annual_cost")
    exported = people.LISTING.export(people.rows(tenant.who, connection_id()), Question())
    assert len(list(exported.rows)) == len(everybody)


def test_a_page_costs_as_many_queries_for_many_people_as_for_few(tenant: Tenant) -> None:
    counts = []
    for size in (2, 60):
        with CaptureQueriesContext(database_connection) as asked:
            listed(tenant, size=size)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] < 20


def test_what_is_deactivated_or_of_another_organization_is_not_shown(tenant: Tenant) -> None:
    Application.objects.filter(product=OFFICE).update(active=False)
    left = held()
    users = set(UnlicensedUser.objects.values_list("object_id", flat=True))
    only_office = {one for one, products in left.items() if products == {OFFICE}} - users
    assert only_office
    assert not only_office & {row.object_id for row in listed(tenant)}
    with pytest.raises(NotFound):
        everywhere.read(tenant.who, connection_id(), only_office.pop())
    with pytest.raises(NotFound):
        people.rows(tenant.who, connection_id() + 1)


def test_a_person_shows_what_each_signal_says_of_each_product(tenant: Tenant) -> None:
    ada = SeatHolder.objects.get(first_name="Ada", application__product=PROJECT)
    found = everywhere.read(tenant.who, connection_id(), ada.object_id)
    assert (found.full_name, found.user_id) == ("Ada Berg", ada.user_id)
    rows = {row.product.key: row for row in found.products}
    assert rows.keys() == {PROJECT, VISIO, POWER_BI}
    assert {row.product.key for row in found.products if not row.observable} == {VISIO}
    for row in found.products:
        assert [cell.signal for cell in row.cells] == list(found.signals)
        assert row.holder is not None
        assert {c.signal.key: c.last for c in row.cells if c.last is not None} == {
            key: told["last"] for key, told in row.holder.signals.items()
        }
        assert all(cell.last is None for cell in row.cells if not cell.speaks)
    by_key = {cell.signal.key: cell for cell in rows[VISIO].cells}
    assert not by_key["sign-ins"].speaks
    by_key = {cell.signal.key: cell for cell in rows[PROJECT].cells}
    assert by_key["sign-ins"].last == ada.last_login
    assert {key for key, cell in by_key.items() if cell.is_read} == {"sign-ins", "shared-sign-ins"}
    tenant.sync("activity")  # which is not ticked
    again = everywhere.read(tenant.who, connection_id(), ada.object_id)
    assert not any(
        cell.is_read for row in again.products for cell in row.cells if cell.signal.key == "account-activity"
    )
    Task.objects.filter(key="activity").update(enabled=True)
    again = everywhere.read(tenant.who, connection_id(), ada.object_id)
    assert all(cell.is_read for row in again.products for cell in row.cells if cell.signal.key == "account-activity")


def test_who_holds_nothing_of_what_they_use_is_a_person_too(tenant: Tenant) -> None:
    kim = UnlicensedUser.objects.get(first_name="Kim", application__product=PROJECT)
    found = everywhere.read(tenant.who, connection_id(), kim.object_id)
    row = next(row for row in found.products if row.product.key == PROJECT)
    assert row.holder is None
    assert {cell.signal.key: cell.last for cell in row.cells if cell.last} == {"sign-ins": kim.last_seen}
    with pytest.raises(NotFound):
        everywhere.read(tenant.who, connection_id(), "00000000-0000-0000-0000-000000000001")
    with pytest.raises(NotFound):
        everywhere.read(tenant.who, connection_id(), "nobody")
