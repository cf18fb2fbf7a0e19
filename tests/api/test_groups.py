"""Groups over REST: users by group, and the groups of a person and of a plan's seats."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatkeeper.model import to_id
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, LicenseGroup, Organization, SeatHolder
from tests.people import Tenant, read_tenant

from .conftest import Calls


@pytest.fixture
def tenant(organization: Organization) -> Iterator[Tenant]:
    with read_tenant(people=300, threshold_days=10, tasks=("licenses", "roster", "access", "groups")) as read:
        yield read


def path(more: str) -> str:
    return f"/applications/{Application.objects.get().pk}{more}"


def test_users_are_filtered_by_the_id_of_a_group_and_tell_its_name(calls: Calls, tenant: Tenant) -> None:
    group = LicenseGroup.objects.get(name="Contractors")
    caller, id_ = calls(Role.VIEWER), to_id(bytes(group.key))
    status, told = caller.get(path(f"/users?group={id_}"))
    assert status == 200
    assert {row["object_id"] for row in told["rows"]} == {
        row["object_id"] for row in tenant.sandbox.truth()["roster"] if id_ in row["groups"]
    }
    assert all("Contractors" in row["groups"] for row in told["rows"])
    one = caller.get(path(f"/users/{told['rows'][0]['object_id']}"))[1]
    assert one["seat_holder"]["groups"] == told["rows"][0]["groups"]


@pytest.mark.parametrize("asked", ["nobody", "%25", "_", "'", "%20"])
def test_a_group_that_nobody_knows_gives_nobody_a_seat(calls: Calls, tenant: Tenant, asked: str) -> None:
    assert SeatHolder.objects.exclude(groups="").exists()
    status, told = calls().get(path(f"/users?group={asked}"))
    assert (status, told["rows"]) == (200, [])


def test_the_seats_of_a_plan_tell_their_groups(calls: Calls, tenant: Tenant) -> None:
    caller = calls()
    made = caller.call("POST", path("/plans"), {"name": "August"})[1]
    items = caller.get(f"/plans/{made['id']}")[1]["items"]
    assert {bool(item["groups"]) == ("group" in item["assigned_by"]) for item in items} == {True}
    assert any(item["groups"] == "Contractors" for item in items)
