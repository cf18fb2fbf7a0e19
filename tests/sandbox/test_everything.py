"""A tenant that has everything: Power BI and Dynamics 365 beside Project, and nothing of them in any other tenant."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

import pytest

from seatkeeper.sandbox.graph.filters import parse
from seatkeeper.sandbox.graph.rows import sign_in_rows
from seatkeeper.sandbox.graph.sign_in_filters import allowed
from seatkeeper.sandbox.serve import More, Sandbox
from seatkeeper.sandbox.world.catalog import COPILOT, DYNAMICS, MORE, POWER_BI, PROJECT, apps, skus
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.sign_ins import app_of
from seatkeeper.sandbox.world.tenant import Settings, Tenant
from seatkeeper.sandbox.world.truth import truth
from seatkeeper.sandbox.world.truth_findings import TICKS, Reader, findings

from .client import NOW, Client
from .conftest import Make

SERVICE, DATAVERSE = "00000009-0000-0000-c000-000000000000", "00000007-0000-0000-c000-000000000000"
CLIENT, TEAMS = "871c010f-5e61-4fb1-83ac-98610a7e9110", "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
DESKTOP, CENTRAL = "7f67af8a-fedc-4b08-8b4e-37c4d127b6cf", "996def3d-b36c-4153-8607-a6fd3c01b89f"
PORTFOLIOS = "f53895d3-095d-408f-8e93-8f94b391404e"
BY_ID = {app.id: app for app in apps(everything=True)}
OWN = next(app.id for app in BY_ID.values() if app.title == "Northwind Sales")


def _tenant(**settings: Any) -> Tenant:
    return Tenant(Settings(**{"people": 17, "now": NOW, "frozen": True, "churn": 0.0, "everything": True, **settings}))


def _of_stories(tenant: Tenant, product: str) -> dict[str, Any]:
    """What is true of a product, by the first names of the people with stories."""
    names = {person.id: person.given or "" for person in (*tenant.directory.stories, tenant.directory.ghost)}
    told = truth(tenant)["products"][product]
    found: dict[str, Any] = {"access": {names.get(row["object_id"]): row for row in told["access"]}}
    for part in ("roster", "suspicious", "allowed"):
        found[part] = {names[row["object_id"]] for row in told[part] if row["object_id"] in names}
    return found


def _findings(tenant: Tenant, product: str) -> set[tuple[str, str]]:
    now = tenant.seconds
    reader = Reader(15 * DAY, 30 * DAY, ((now - 30 * DAY) * TICKS, (now - DAY) * TICKS), (now,))
    names = {person.id: person.given or "" for person in tenant.directory.stories}
    rows = findings(tenant, reader, product=product)
    return {(row["finding"], names[row["object_id"]]) for row in rows if row["object_id"] in names}


def test_the_people_with_stories_use_power_bi_as_their_stories_say() -> None:
    tenant = _tenant()
    told = _of_stories(tenant, POWER_BI)
    assert told["roster"] == {"Ada", "Bo", "Cy", "Di", "Eve", "Flo", "Gus", "Hal", "Ivy", "Lou", "Mo", "Ned"}
    assert [(use["app"], use["resource"]) for use in told["access"]["Di"]["uses"]] == [(TEAMS, SERVICE)]
    assert told["access"]["Di"]["last_login"]
    assert told["access"]["Lou"]["last_login"] is None
    assert told["access"]["Lou"]["last_possible"]
    assert (told["suspicious"], told["allowed"]) == ({"Pat"}, {"Kim"})
    assert _findings(tenant, POWER_BI) == {
        ("never-seen", "Bo"), ("never-seen", "Cy"), ("never-seen", "Eve"), ("never-seen", "Mo"),
        ("blocked", "Cy"), ("guest", "Flo"), ("two-plans", "Ivy"), ("other-product", "Hal"), ("overlap", "Hal"),
    }  # fmt: skip


def test_the_people_with_stories_use_dynamics_as_their_stories_say() -> None:
    tenant = _tenant()
    told = _of_stories(tenant, DYNAMICS)
    assert told["roster"] == {"Cy", "Ivy", "Kim", "Lou"}
    assert [(use["app"], use["resource"]) for use in told["access"]["Lou"]["uses"]] == [(OWN, DATAVERSE)]
    assert told["access"]["Lou"]["last_login"] is None
    assert told["access"]["Kim"]["last_login"]
    assert (told["suspicious"], told["allowed"]) == ({"Ned"}, set())
    assert _findings(tenant, DYNAMICS) == {("never-seen", "Cy"), ("never-seen", "Ivy"), ("blocked", "Cy")}


@pytest.mark.parametrize(
    ("app", "product", "grade"),
    [
        (CLIENT, POWER_BI, "direct"),
        (TEAMS, POWER_BI, "direct"),  # by what it reaches alone
        (DESKTOP, POWER_BI, "ambiguous"),  # the client decides, whatever it reaches
        (PORTFOLIOS, POWER_BI, "other"),
        (CENTRAL, DYNAMICS, "direct"),
        (OWN, DYNAMICS, "ambiguous"),
        (PORTFOLIOS, DYNAMICS, "ambiguous"),  # Project lives on Dataverse, too
        (PORTFOLIOS, PROJECT, "direct"),
        (TEAMS, PROJECT, "other"),
    ],
)
def test_what_a_sign_in_says_is_said_for_each_product(app: str, product: str, grade: str) -> None:
    assert BY_ID[app].grade(product) == grade


def test_a_tenant_without_everything_has_nothing_of_it() -> None:
    tenant = _tenant(people=300, churn=30.0, everything=False)
    tenant.move(days=20)
    told = truth(tenant)
    assert not set(told["products"]) & {*MORE, COPILOT}
    assert not [name for name in told["seats"] if skus(everything=True)[name].product in MORE]
    assert {app_of(value) for day in range(30) for value in tenant.log.day(tenant.seconds // DAY - day, -1)} < {
        *range(12)
    }
    plans = {plan.name for held in tenant.directory.stories[7].holdings for plan in held.sku.plans}  # Hal's E5
    assert "BI_AZURE_P2" not in plans
    assert "BI_AZURE_P2" in {plan.name for plan in skus(everything=True)["SPE_E5"].plans}


def test_who_holds_and_uses_project_does_not_depend_on_everything() -> None:
    plain, more = (_tenant(people=600, seed=2, churn=30.0, everything=everything) for everything in (False, True))
    told = []
    for tenant in (plain, more):
        tenant.move(days=9)
        found = truth(tenant)
        for row in found["roster"]:
            del row["active_date"]  # a plan that comes again inside Dynamics 365 is as old as its first copy
        told.append([found[part] for part in ("roster", "access", "suspicious", "used_ever", "late", "lost")])
    assert told[0] == told[1]
    old = {*range(12)} - {10}  # Power BI in the browser, which the people with stories use besides
    for day in range(plain.seconds // DAY - 20, plain.seconds // DAY + 1):
        shown = [
            [sign_in_rows(t).row(day, v, t.seconds) for v in t.log.day(day, -1) if app_of(v) in old]
            for t in (plain, more)
        ]
        assert shown[0] == shown[1]


def test_power_bi_and_dynamics_seats_come_go_and_change() -> None:
    tenant = _tenant(people=600, churn=60.0)
    before = {product: truth(tenant)["products"][product]["roster"] for product in MORE}
    tenant.move(days=20)
    for product in MORE:
        after = truth(tenant)["products"][product]["roster"]
        skus_of = [{row["object_id"]: row["skus"] for row in rows} for rows in (before[product], after)]
        assert skus_of[1].keys() - skus_of[0].keys()
        assert skus_of[0].keys() - skus_of[1].keys()
        assert [key for key in skus_of[0].keys() & skus_of[1].keys() if skus_of[0][key] != skus_of[1][key]]


@pytest.fixture
def client(make: Make) -> Client:
    return make(people=120, everything=True)


def test_a_row_shows_what_was_reached_and_a_filter_on_it_gives_just_these(client: Client) -> None:
    rows = client.rows("/auditLogs/signIns")
    reached = {row["appId"]: (row["resourceId"], row["resourceDisplayName"]) for row in rows}
    assert reached[TEAMS] == reached[CLIENT] == reached[DESKTOP] == (SERVICE, "Power BI Service")
    assert reached[OWN] == reached[PORTFOLIOS] == (DATAVERSE, "Dataverse")
    assert {reached[app][1] for app in reached if app not in BY_ID} == set()
    for words, fits in (
        (f"resourceId eq '{SERVICE}'", lambda row: row["resourceId"] == SERVICE),
        ("resourceDisplayName eq 'Dataverse'", lambda row: row["resourceId"] == DATAVERSE),
        (
            f"(appId eq '{PORTFOLIOS}' or resourceId eq '{SERVICE}')",
            lambda row: row["appId"] == PORTFOLIOS or row["resourceId"] == SERVICE,
        ),
        (f"appId eq '{TEAMS}' and resourceId eq '{DATAVERSE}'", lambda row: False),
        ("resourceId eq 'nothing'", lambda row: False),
    ):
        assert client.rows(f"/auditLogs/signIns?$filter={words}") == [row for row in rows if fits(row)], words
    silent = "signInEventTypes/any(t: t eq 'nonInteractiveUser')"
    url = f"{client.sandbox.graph_url}/beta/auditLogs/signIns?$filter={silent} and resourceId eq '{SERVICE}'"
    assert {row["appId"] for row in client.rows(url)} == {TEAMS, CLIENT, DESKTOP}


@pytest.mark.parametrize("everything", [False, True])
def test_a_filter_on_what_was_reached_looks_at_no_other_row(everything: bool) -> None:
    tenant = _tenant(everything=everything)
    for words, codes in (
        (f"resourceId eq '{SERVICE}'", {10, 12, 13} if everything else set()),
        (f"resourceId eq '{DATAVERSE}' or appId eq '{CENTRAL}'", {0, 14, 15} if everything else {0}),
    ):
        box, test = allowed(tenant, parse(words), tenant.seconds)
        assert (box.mask, test) == (sum(1 << code for code in codes), None)


def test_the_control_endpoint_tells_their_findings_only_where_there_are_any() -> None:
    plain = Settings(people=17, now=NOW, frozen=True)
    asked = f"findings?product={POWER_BI}&threshold=15&grace=30&read={NOW}"
    with Sandbox(settings=replace(plain, everything=True), more=More(control_port=0)) as sandbox:
        with urllib.request.urlopen(f"{sandbox.control_url}/{asked}") as answer:
            told = json.load(answer)
        reader = Reader(15 * DAY, 30 * DAY, None, (sandbox.tenant.seconds,))
        assert told == findings(sandbox.tenant, reader, product=POWER_BI)
    with (
        Sandbox(settings=plain, more=More(control_port=0)) as sandbox,
        pytest.raises(urllib.error.HTTPError, match="400"),
    ):
        urllib.request.urlopen(f"{sandbox.control_url}/{asked}")


def test_the_command_line_has_a_switch_for_it() -> None:
    assert Sandbox(people=17, more=More(everything=True)).tenant.settings.everything
