"""Power BI added to a connection of Project: it takes nothing from it, asks for its own, and says what is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from seatkeeper.app_uses import AppUse
from seatkeeper.clock import days
from seatkeeper.connectors.microsoft.products import list_apps, load_products
from seatkeeper.model import Grade, to_id, to_instant
from seatkeeper.sandbox.world.catalog import MORE, POWER_BI
from seatkeeper.services import coverage
from seatkeeper.store.models import Application, Task, UnlicensedUser
from seatkeeper.store.queries import roster
from tests.people import NAME, Tenant, open_tenant, same_time

pytestmark = pytest.mark.usefixtures("database")

PRODUCTS = {product.key: product for product in load_products().products}
OWN = {(app.side, app.id) for app in PRODUCTS[POWER_BI].apps}
PROJECT = {(app.side, app.id) for app in PRODUCTS["microsoft-project"].apps}
SIDES = {"appId": "client", "resourceId": "resource"}


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with open_tenant(people=200, everything=True) as found:
        yield found


def read(tenant: Tenant) -> list[tuple[set[tuple[str, str]], int]]:
    """Read everything; what of applications was asked for, and how far back."""
    tenant.sandbox.tenant.ledger.clear()
    tenant.name = NAME
    assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
    found = []
    for entry in tenant.sandbox.ledger:
        told = unquote(entry["query"])
        if entry["path"].endswith("/signIns") and "Id eq" in told:
            (start,) = re.findall(r"createdDateTime ge (\S+)", told)
            asked = {(SIDES[field], app) for field, app in re.findall(r"(\w+) eq '([^']+)'", told)}
            found.append((asked, to_instant(start)))
    return found


def test_added_later_it_loses_no_proven_day_of_project_and_asks_the_past_for_its_own_alone(tenant: Tenant) -> None:
    for number in (0, 10, 10):
        tenant.move(days=number)
        tenant.sync()
    proven, now = coverage.sign_in_coverage(tenant.who, NAME, tenant.clock).proven, tenant.clock()
    assert [span.end - span.start for span in proven] == [days(49)]
    tenant.add(product=POWER_BI, name="Power BI")
    assert coverage.sign_in_coverage(tenant.who, NAME, tenant.clock).proven == proven
    asked = read(tenant)
    of_the_past = [members for members, start in asked if start < now - days(1)]
    assert of_the_past
    assert all(members == OWN for members in of_the_past)
    assert {one for members, _start in asked for one in members} == OWN | PROJECT
    assert coverage.sign_in_coverage(tenant.who, NAME, tenant.clock).proven == proven
    (span,) = coverage.sign_in_coverage(tenant.who, "Power BI", tenant.clock).proven
    assert (now - span.start, now - span.end) == (days(30), days(1))


@pytest.mark.parametrize("product", MORE)
def test_the_newest_uses_of_everybody_by_what_was_reached_are_the_truth(tenant: Tenant, product: str) -> None:
    tenant.sync()
    tenant.add(product=product, name=product)
    tenant.name = NAME
    tenant.sync()
    application, known = Application.objects.get(product=product), list_apps()
    true: dict[tuple[str, str], str] = {}
    access = tenant.sandbox.truth()["products"][product]["access"]
    for row in access:
        for use in row["uses"]:
            app, resource = AppUse(use["app"], use["resource"]).asked_as
            name = AppUse(app.app if app in known else "", resource.app if resource in known else "").name
            true[row["object_id"], name] = max(true.get((row["object_id"], name), ""), use["last"])
    generation = Task.objects.get(connection=application.connection, key="roster").generation
    uses = roster.list_uses(application.connection_id, product, generation)
    ours = [use for use in uses if PRODUCTS[product].find_app(use.app)]
    holders = {row["object_id"] for row in access}  # others have it inside another product's licence
    said = {(to_id(use.account), use.app): use.newest for use in ours if to_id(use.account) in holders}
    assert said == {key: to_instant(last) for key, last in true.items()}
    assert len({name for _account, name in said}) > 1
    tenant.name = product
    shown = {row["Object ID"]: (row["Last Login"], row["Last Possible"]) for row in tenant.access()}
    last = {row["object_id"]: (row["last_login"], row["last_possible"]) for row in access}
    assert {key: [*map(same_time, times)] for key, times in shown.items()} == {
        key: [*map(same_time, times)] for key, times in last.items()
    }


def test_who_uses_it_by_the_free_licence_or_inside_e5_is_not_suspicious(tenant: Tenant) -> None:
    tenant.add(product=POWER_BI, name="Power BI")
    tenant.sync()
    told = tenant.sandbox.truth()["products"][POWER_BI]
    states = dict(UnlicensedUser.objects.filter(application__product=POWER_BI).values_list("object_id", "state"))
    allowed = {row["object_id"] for row in told["allowed"]}
    kim = next(person.id for person in tenant.sandbox.tenant.directory.stories if person.given == "Kim")
    assert kim in allowed
    assert {states[key] for key in allowed} <= {"other licence", "former holder"}
    assert states[kim] == "other licence"
    suspicious = {row["object_id"] for row in told["suspicious"]}
    assert states.keys() == allowed | suspicious
    assert {states[key] for key in suspicious} <= {"open", "former holder"}
    assert sum(states[key] == "open" for key in suspicious) > 10


def test_teams_alone_shows_the_use_of_power_bi(tenant: Tenant) -> None:
    tenant.add(product=POWER_BI, name="Power BI")
    tenant.sync()
    tenant.name = "Power BI"
    assert tenant.person("Di")["Status"] == "active"
    assert tenant.person("Lou")["Status"] == "possibly active"
    assert PRODUCTS[POWER_BI].uses_of(Grade.DIRECT, [AppUse("", "00000009-0000-0000-c000-000000000000").name])
