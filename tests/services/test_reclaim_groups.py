"""Where a group gives a seat, findings, plans and scripts say which: it is taken away there, and by no script."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from seatkeeper.insights.base import About
from seatkeeper.insights.catalog import INSIGHTS
from seatkeeper.model import to_key
from seatkeeper.reporting import refresh
from seatkeeper.services import reclaim, reclaim_scripts
from seatkeeper.services.applications import find_application
from seatkeeper.store.models import Finding, LicenseGroup, ReclaimItem, ReclaimPlan, SeatHolder, Task
from tests.people import NAME, Tenant, read_tenant, rows

pytestmark = pytest.mark.usefixtures("database")

TAKING = {each.key for each in INSIGHTS if each.frees and each.about is not About.PURCHASE}


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with read_tenant(people=300, threshold_days=10, tasks=("licenses", "roster", "access", "groups")) as tenant:
        yield tenant


def names(tenant: Tenant) -> dict[str, str]:
    return {row["id"]: row["name"].replace("\u202e", "\ufffd") for row in tenant.sandbox.truth()["groups"]}


def approved(tenant: Tenant) -> ReclaimPlan:
    plan = reclaim.propose(tenant.who, NAME, "August", clock=tenant.clock)
    return reclaim.approve(tenant.who, plan.pk, tenant.clock)


def seats_of_groups(tenant: Tenant) -> dict[str, str]:
    """The one group that gives each person's one seat of the product, by what is true."""
    called = names(tenant)
    roster = tenant.sandbox.truth()["roster"]
    return {r["object_id"]: called[r["groups"][0]] for r in roster if len(r["groups"]) == len(r["skus"]) == 1}


def rename(tenant: Tenant, old: str, new: str) -> None:
    """As the task does at its next run."""
    LicenseGroup.objects.filter(name=old).update(name=new)
    Task.objects.filter(key="groups").update(generation=1)  # something was read
    refresh.refresh_application(find_application(tenant.who, NAME), tenant.clock)


def test_each_finding_that_gives_a_seat_back_names_the_group_and_no_other_finding_does(tenant: Tenant) -> None:
    of_groups, seen = seats_of_groups(tenant), set[str]()
    for finding in Finding.objects.exclude(object_id="").exclude(key="deleted"):
        group = of_groups.get(finding.object_id)
        if finding.key in TAKING and group:
            also = "also " if "direct" in SeatHolder.objects.get(object_id=finding.object_id).assigned_by else ""
            assert finding.advice.endswith(f" To take it away, {also}take them out of the group {group}.")
            seen.add(finding.key)
        elif not SeatHolder.objects.filter(object_id=finding.object_id).exclude(groups="").exists():
            assert "group" not in finding.advice
        elif finding.key not in TAKING:
            assert "take them out" not in finding.advice
    assert {"unused", "never-seen"} & seen


def test_a_plan_names_the_group_of_each_seat_that_one_gives(tenant: Tenant) -> None:
    plan, of_groups = approved(tenant), seats_of_groups(tenant)
    items = reclaim.list_items(tenant.who, plan)
    told = {item.object_id: item.groups for item in items if item.object_id in of_groups}
    assert told
    assert told == {one: of_groups[one] for one in told}
    assert {item.groups for item in items if item.assigned_by == "direct"} == {""}
    table = rows(reclaim.item_table(tenant.who, plan.pk))
    assert [row["Groups"] for row in table] == [item.groups for item in items]
    assert list(table[0])[-1] == "Groups"


@pytest.mark.parametrize("kind", ["az", "powershell"])
def test_a_script_leaves_the_seat_to_its_group_and_names_it_and_the_undo_says_nothing(
    tenant: Tenant, kind: str
) -> None:
    plan = approved(tenant)
    both = reclaim.of_groups(tenant.who, plan)[0]
    ReclaimItem.objects.filter(pk=both.pk).update(assigned_by="direct, group")
    script = reclaim_scripts.write_script(tenant.who, plan.pk, kind)[1]
    some = reclaim.of_groups(tenant.who, plan)
    assert f"# Not by this script: {len(some)} seats that groups give. Take these people out of the groups:" in script
    for item in some:
        assert f"\n# - {item.user_id}, {item.title}: {item.groups}\n" in script
        taken = f"'{item.object_id}'" in script or f"take {item.object_id}" in script
        assert taken == (item.pk == both.pk)
    undo = reclaim_scripts.write_script(tenant.who, plan.pk, f"{kind}-undo")[1]
    assert "group" not in undo


def test_a_script_without_seats_of_groups_says_nothing_of_groups(tenant: Tenant) -> None:
    plan = approved(tenant)
    ReclaimItem.objects.update(assigned_by="direct", groups="")
    assert "group" not in reclaim_scripts.write_script(tenant.who, plan.pk, "az")[1]


def test_a_hostile_name_of_a_group_stays_in_its_comment(tenant: Tenant) -> None:
    plan = approved(tenant)
    ReclaimItem.objects.filter(assigned_by="group").update(groups="x'\n@(calc) $(calc) `calc` \u2028calc\u202e\r\n#>")
    for kind in ("az", "powershell"):
        script = reclaim_scripts.write_script(tenant.who, plan.pk, kind)[1]
        lines = [line for line in script.split("\n") if "calc" in line]
        assert lines
        assert all(re.fullmatch(r"# - .*", line) for line in lines)
        assert all(line.isprintable() for line in script.split("\n") if "\t" not in line)
    script = reclaim_scripts.write_script(tenant.who, plan.pk, "az")[1]
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_a_plan_follows_the_names_of_groups_until_it_is_closed(tenant: Tenant) -> None:
    plan, old = approved(tenant), "Contractors"
    assert ReclaimItem.objects.filter(groups=old).exists()
    number = ReclaimItem.objects.filter(groups=old).count()
    rename(tenant, old, "External staff")
    assert ReclaimItem.objects.filter(groups="External staff").count() == number
    reclaim.close(tenant.who, plan.pk)
    rename(tenant, "External staff", "Others")
    assert ReclaimItem.objects.filter(groups="External staff").count() == number


def test_a_seat_that_is_given_otherwise_by_now_is_taken_as_it_is_given(tenant: Tenant) -> None:
    plan = approved(tenant)
    item = next(item for item in reclaim.list_items(tenant.who, plan) if item.assigned_by == "direct")
    ReclaimItem.objects.filter(pk=item.pk).update(assigned_by="group", groups="Old")
    assert item.pk not in {each.pk for each in reclaim.to_take(tenant.who, plan)}
    rename(tenant, "Contractors", "External staff")
    item.refresh_from_db()
    assert (item.assigned_by, item.groups) == ("direct", "")
    assert item.pk in {each.pk for each in reclaim.to_take(tenant.who, plan)}


def test_before_names_are_read_a_plan_has_the_id(tenant: Tenant) -> None:
    LicenseGroup.objects.all().delete()
    item = next(item for item in reclaim.list_items(tenant.who, approved(tenant)) if item.assigned_by == "group")
    assert item.groups in names(tenant)
    assert to_key(item.groups)
