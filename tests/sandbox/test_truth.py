"""The truth against the answers, read by somebody who only knows the documents."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from seatkeeper.sandbox.world.catalog import skus
from seatkeeper.sandbox.world.people import Holding, Person
from seatkeeper.sandbox.world.seats import active_date, seats_of
from seatkeeper.sandbox.world.tenant import Settings, Tenant
from seatkeeper.sandbox.world.truth import write_truth
from tests.thorough import in_turn

from .client import NOW, Client
from .conftest import Make

SELECT = (
    "id,userPrincipalName,mail,givenName,surname,userType,accountEnabled,createdDateTime,assignedLicenses,"
    "assignedPlans,licenseAssignmentStates"
)


def _product(key: str = "microsoft-project") -> dict[str, Any]:
    data = json.loads(files("seatkeeper.data").joinpath("microsoft_products.json").read_text("utf-8"))
    found: dict[str, Any] = next(product for product in data["products"] if product["key"] == key)
    return found


def _roster(client: Client, key: str = "microsoft-project") -> list[dict[str, Any]]:
    """Seat holders by the rule of the documents: GUIDs only, plans in force, SKUs that are the product's own."""
    product = _product(key)
    skus = {sku["id"]: sku for sku in product["skus"] if sku["kind"] == "seat"}
    seats = {plan["id"] for plan in product["plans"] if plan["seat"]}
    rows = []
    for user in client.rows(f"/users?$top=999&$select={SELECT}"):
        in_force = {
            plan["servicePlanId"]: plan["assignedDateTime"]
            for plan in user["assignedPlans"]
            if plan["capabilityStatus"] in {"Enabled", "Warning"}
        }
        dates, held, groups = [], [], set[str]()
        for license_ in user["assignedLicenses"]:
            carried = set(skus.get(license_["skuId"], {"plans": []})["plans"]) & seats
            usable = [plan for plan in carried if plan not in license_["disabledPlans"] and plan in in_force]
            if usable:
                held.append(skus[license_["skuId"]]["part_number"])
                dates += [in_force[plan] for plan in usable]
                ways = [way for way in user["licenseAssignmentStates"] if way["skuId"] == license_["skuId"]]
                groups |= {way["assignedByGroup"] for way in ways if way["assignedByGroup"]}
        if held:
            rows.append(
                {
                    "user_id": user["userPrincipalName"],
                    "object_id": user["id"],
                    "email": user["mail"],
                    "first_name": user["givenName"],
                    "last_name": user["surname"],
                    "active_date": min(dates),
                    "blocked": not user["accountEnabled"],
                    "guest": user["userType"] == "Guest",
                    "skus": held,
                    "groups": sorted(groups),
                }
            )
    return rows


def _newest(client: Client, grade: str) -> dict[str, list[str]]:
    """Successful sign-ins to applications of a grade, by object id, as texts of seven digits."""
    ids = {app["id"] for app in _product()["apps"] if app["grade"] == grade}
    found: dict[str, list[str]] = {}
    for row in client.rows("/auditLogs/signIns"):
        if row["appId"] in ids and row["status"]["errorCode"] == 0:
            whole, _, fraction = row["createdDateTime"].removesuffix("Z").partition(".")
            found.setdefault(row["userId"], []).append(f"{whole}.{fraction.ljust(7, '0')}Z")
    return found


@pytest.mark.parametrize(
    ("seed", "days", "people"), in_turn([(1, 0, 250), (2, 0, 250), (3, 0, 1500), (4, 5, 400), (5, 12, 250)], 3)
)
def test_the_truth_is_what_a_careful_reader_finds(make: Make, seed: int, days: int, people: int) -> None:
    client = make(seed=seed, people=people, churn=30)
    client.sandbox.tenant.move(days=days)
    client.renew()
    truth = client.sandbox.truth()
    roster = _roster(client)
    assert truth["roster"] == roster
    assert truth["products"]["microsoft-visio"]["roster"] == _roster(client, "microsoft-visio")
    direct, possible = _newest(client, "direct"), _newest(client, "ambiguous")
    for row in truth["access"]:
        assert row["last_login"] == max(direct.get(row["object_id"], []), default=None)
        assert row["last_possible"] == max(possible.get(row["object_id"], []), default=None)
    holders = {row["object_id"] for row in roster}
    suspects = {id_: times for id_, times in direct.items() if id_ not in holders}
    assert {row["object_id"] for row in truth["suspicious"]} == set(suspects)
    for row in truth["suspicious"]:
        times = suspects[row["object_id"]]
        assert (row["sign_ins"], row["first_seen"], row["last_seen"]) == (len(times), min(times), max(times))
    for sku in client.ask("/subscribedSkus").json()["value"]:
        seats = truth["seats"][sku["skuPartNumber"]]
        assert (sku["prepaidUnits"]["enabled"], sku["consumedUnits"]) == (seats["bought"], seats["assigned"])


def test_assigned_seats_are_counted_right_after_many_changes(make: Make) -> None:
    client = make(people=3000, churn=30)
    client.sandbox.tenant.move(days=6)
    client.renew()
    counted: dict[str, int] = {}
    for user in client.rows("/users?$top=999&$select=assignedLicenses"):
        for license_ in user["assignedLicenses"]:
            counted[license_["skuId"]] = counted.get(license_["skuId"], 0) + 1
    skus = client.ask("/subscribedSkus").json()["value"]
    assert {sku["skuId"]: sku["consumedUnits"] for sku in skus if sku["consumedUnits"]} == counted


def test_a_plan_whose_every_copy_is_suspended_has_no_date() -> None:
    sku = next(sku for sku in skus().values() if sku.kind == "seat" and sum(plan.seat for plan in sku.plans) > 1)
    others = [plan.id for plan in sku.plans if plan.seat][1:]
    held = Holding(sku, 9, frozenset(others)), Holding(sku, 5, status="Suspended")
    ada = Person(1, "id", "ada@contoso.example", None, None, None, "Ada", created=1, holdings=held)
    assert len(seats_of(ada)) == 2
    assert active_date(ada) == 9


def test_every_story_is_told(shared: Client) -> None:
    truth = shared.sandbox.truth()
    roster = {row["first_name"]: row for row in truth["roster"] if row["object_id"] in _story_ids(shared)}
    assert set(roster) == {"Ada", "Bo", "Cy", "Di", "Eve", "Flo", "Gus", "Lou", "Mo", "Ned", "Pat"}
    login = {row["object_id"]: row for row in truth["access"]}
    seen = {name: bool(login[row["object_id"]]["last_login"]) for name, row in roster.items()}
    assert {name for name, yes in seen.items() if yes} == {"Ada", "Di", "Flo", "Ned", "Pat"}
    assert login[roster["Lou"]["object_id"]]["last_possible"]
    assert roster["Eve"]["object_id"] in truth["used_ever"]
    assert roster["Bo"]["object_id"] not in truth["used_ever"]
    assert roster["Cy"]["blocked"]
    assert roster["Flo"]["guest"]
    assert "#EXT#" in roster["Flo"]["user_id"]
    assert roster["Di"]["skus"] == ["PROJECT_P1", "PROJECTPROFESSIONAL"]
    assert roster["Gus"]["active_date"].startswith("2026-07-31")
    suspects = {row["user_id"]: row for row in truth["suspicious"]}
    assert suspects["kim.moe@northwind.example"]["in_directory"]
    assert not suspects["ren.solli@northwind.example"]["in_directory"]
    assert shared.ask("/users/ren.solli@northwind.example").status_code == 404
    names = {
        row["userPrincipalName"]
        for row in shared.rows("/auditLogs/signIns?$filter=userPrincipalName eq 'flo.hauge@contoso.example'")
    }
    assert names == {"flo.hauge@contoso.example"}


def _story_ids(client: Client) -> set[str]:
    return {person.id for person in client.sandbox.tenant.directory.stories}


def test_equal_seeds_are_equal_tenants_to_the_byte(make: Make) -> None:
    one, two, other = make(churn=20), make(churn=20), make(churn=20, seed=9)
    paths = [
        "/users?$top=999",
        "/users?$top=999&$select=" + SELECT,
        "/auditLogs/signIns",
        "/subscribedSkus",
        "/users/delta",
    ]
    for days in (0, 3):
        for client in (one, two, other):
            client.sandbox.tenant.move(days=days)
            client.renew()
        for path in paths:
            bodies = [c.ask(path).text.replace(c.sandbox.graph_url, "") for c in (one, two, other)]
            assert bodies[0] == bodies[1]
            assert bodies[0] != bodies[2]
    assert one.sandbox.truth() == two.sandbox.truth()


def test_the_order_of_asking_changes_nothing(make: Make) -> None:
    one, two = make(people=1500), make(people=1500)
    first = [one.rows("/users?$top=999"), one.rows("/auditLogs/signIns")]
    two.sandbox.truth()
    second = [two.rows("/auditLogs/signIns?$top=50"), two.rows("/users?$top=31")]
    assert first == second[::-1]


def test_the_truth_is_written_as_a_file(tmp_path: Path) -> None:
    tenant = Tenant(Settings(people=30, now=NOW, frozen=True))
    write_truth(tenant, tmp_path / "truth.json")
    assert json.loads((tmp_path / "truth.json").read_text("utf-8"))["counts"]["people"] == 30
