"""The groups that give licences, from the tenant to what is said of seats: named, renamed, deleted, or ids alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from seatkeeper.model import RunStatus, to_id
from seatkeeper.sandbox.graph import groups as endpoint
from seatkeeper.sandbox.world.groups import Group
from seatkeeper.sandbox.world.tenant import Tenant as World
from seatkeeper.services import applications, connections
from seatkeeper.services.applications import find_application
from seatkeeper.services.listings import person, users
from seatkeeper.services.listings.base import Question
from seatkeeper.services.runs import TaskResult
from seatkeeper.store.models import Connection, Finding, LicenseGroup, Quarantine, Run, SeatHolder
from seatkeeper.sync.groups import NO_ROSTER
from tests.people import NAME, Tenant, open_tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")

TASK = "groups"
TASKS = ("licenses", "roster", "access", TASK)
LEAST = {"User.Read.All", "AuditLog.Read.All", "LicenseAssignment.Read.All"}


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """Read once; no name of a group is known yet."""
    with read_tenant(people=200, tasks=TASKS, threshold_days=10) as opened:
        LicenseGroup.objects.all().delete()
        yield opened


def sync(tenant: Tenant) -> TaskResult:
    (result,) = tenant.sync(TASK)
    return result


def titles(tenant: Tenant) -> dict[str, str]:
    """What each group is to be called by now."""
    groups = tenant.sandbox.truth()["groups"]
    names = {row["id"]: row["name"].replace("\u202e", "\ufffd") for row in groups}
    return {row["id"]: names[row["id"]] + " (deleted group)" * row["deleted"] for row in groups}


def said() -> dict[str, str]:
    return dict(SeatHolder.objects.values_list("object_id", "groups"))


def true(tenant: Tenant) -> dict[str, str]:
    called = titles(tenant)
    return {
        row["object_id"]: "; ".join(sorted((called[group] for group in row["groups"]), key=str.casefold))
        for row in tenant.sandbox.truth()["roster"]
    }


def test_every_seat_holder_has_the_names_of_the_groups_that_give_the_seats(tenant: Tenant) -> None:
    run = sync(tenant).run
    assert run is not None
    assert (run.status, run.quarantined, run.kept) == (RunStatus.COMPLETE, 0, LicenseGroup.objects.count())
    assert said() == true(tenant)
    assert len(set(said().values())) > 4
    for holder in SeatHolder.objects.all():
        assert bool(holder.groups) == bool(holder.group_ids) == ("group" in holder.assigned_by)


def test_only_names_of_those_groups_are_asked_for_and_nobody_s_membership(tenant: Tenant) -> None:
    sync(tenant)
    asked = [entry for entry in tenant.sandbox.ledger if "group" in entry["path"].lower()]
    assert [(entry["method"], entry["path"]) for entry in asked] == [("GET", "/v1.0/groups")]
    known = {to_id(bytes(group.key)) for group in LicenseGroup.objects.all()}
    assert known <= titles(tenant).keys()  # and the directory has others
    assert known >= {group for row in tenant.sandbox.truth()["roster"] for group in row["groups"]}


def test_a_renamed_group_is_followed_and_a_deleted_one_is_said_to_be_so(tenant: Tenant) -> None:
    sync(tenant)
    before = set(titles(tenant).values())
    tenant.move(days=4)
    tenant.sync("roster", "access", TASK)
    assert said() == true(tenant)
    assert set(titles(tenant).values()) - before == {"External staff", "Pilot (deleted group)"}
    assert any("Pilot (deleted group)" in groups for groups in said().values())
    advice = " ".join(Finding.objects.filter(resolved=None).values_list("advice", flat=True))
    assert "take them out of the group External staff." in advice
    assert "Contractors" not in advice


def test_a_group_that_was_never_there_when_asked_for_is_a_deleted_one_by_its_id(tenant: Tenant) -> None:
    tenant.move(days=4)
    sync(tenant)
    pilot = next(row["id"] for row in tenant.sandbox.truth()["groups"] if row["deleted"])
    assert any(f"{pilot} (deleted group)" in groups for groups in said().values())


def test_a_group_that_is_restored_is_called_by_its_name_again(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(endpoint, "there", lambda *_: [])
        sync(tenant)
    assert all(" (deleted group)" in groups for groups in said().values() if groups)
    sync(tenant)
    assert said() == true(tenant)


@pytest.mark.parametrize("permission", ["GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"])
def test_each_of_three_permissions_is_enough(tenant: Tenant, permission: str) -> None:
    tenant.sandbox.tenant.permissions = {*LEAST, permission}
    assert sync(tenant).exit_code == 0
    assert said() == true(tenant)


def test_a_missing_permission_is_a_named_gap_and_ids_stand_in_for_names(tenant: Tenant) -> None:
    tenant.sandbox.tenant.permissions = set(LEAST)
    results = {result.kind.key: result for result in tenant.sync()}
    assert [results[key].exit_code for key in TASKS] == [0, 0, 0, 3]
    assert "Groups needs the application permission GroupMember.Read.All" in results[TASK].message
    assert "groups that give licences are shown by their ids alone" in results[TASK].message
    ids = {row["id"] for row in tenant.sandbox.truth()["groups"]}
    for holder in SeatHolder.objects.all():
        assert ("group" in holder.assigned_by) == bool(holder.groups)
        assert set(filter(None, holder.groups.split("; "))) <= ids
    state = connections.read(tenant.who, Connection.objects.get().pk, tenant.clock)
    (health,) = [task for task in state.tasks if task.key == TASK]
    assert (health.word, health.granted_words) == ("refused", "missing")
    assert health.permission == "GroupMember.Read.All (or Directory.Read.All)"
    checks = list(applications.authorize(tenant.who, NAME))
    (check,) = [check for check in checks if check.title == "Permission GroupMember.Read.All"]
    assert check.passed is False, "it is ticked"
    assert check.message.startswith("Groups needs GroupMember.Read.All")
    assert "98830695-27a2-44f7-8c18-0c3ebc9698f6=Role" in check.commands


def test_consent_that_comes_later_gives_the_ids_their_names(tenant: Tenant) -> None:
    tenant.sandbox.tenant.permissions = set(LEAST)
    sync(tenant)
    tenant.sandbox.tenant.permissions.add("GroupMember.Read.All")
    assert sync(tenant).exit_code == 0
    assert said() == true(tenant)


def test_the_task_is_not_ticked_unless_somebody_does_and_names_stay_when_it_is_unticked_again() -> None:
    with open_tenant(people=120, tasks=()) as tenant:
        tenant.sync("licenses", "roster")
        assert TASK not in {result.kind.key for result in tenant.sync()}
        assert not LicenseGroup.objects.exists()
        pk = find_application(tenant.who, NAME).pk
        applications.edit_application(tenant.who, pk, applications.Edit(tasks=TASKS))
        tenant.sync(TASK)
        named = said()
        assert named == true(tenant)
        applications.edit_application(tenant.who, pk, applications.Edit(tasks=TASKS[:-1]))
        tenant.sync()
        assert said() == named


def spoiled(monkeypatch: pytest.MonkeyPatch, name: str, **change: Any) -> None:
    plain = endpoint._row

    def row(world: World, group: Group) -> dict[str, Any]:
        return plain(world, group) | (change if group.name == name else {})

    monkeypatch.setattr(endpoint, "_row", row)


def test_a_row_that_nobody_understands_is_set_aside_and_its_group_is_not_called_deleted(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled(monkeypatch, "Contractors", displayName={"en": "Contractors"})
    result = sync(tenant)
    assert result.exit_code == 6
    assert "Expected `str | null`" in Quarantine.objects.get().reason
    contractors = next(row["id"] for row in tenant.sandbox.truth()["groups"] if row["name"] == "Contractors")
    shown = {title for groups in said().values() for title in groups.split("; ")}
    assert contractors in shown
    assert not [title for title in shown if "deleted" in title]
    monkeypatch.undo()
    assert sync(tenant).exit_code == 0
    assert said() == true(tenant)
    assert Quarantine.objects.get().resolved


def test_a_group_without_a_name_is_shown_by_its_id(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled(monkeypatch, "Project users", displayName=None)
    assert sync(tenant).exit_code == 0
    nameless = next(row["id"] for row in tenant.sandbox.truth()["groups"] if row["name"] == "Project users")
    assert nameless in " ".join(said().values())


def test_before_the_first_roster_there_is_nothing_to_ask_and_the_run_says_so() -> None:
    with open_tenant(tasks=TASKS) as tenant:
        assert sync(tenant).exit_code == 0
        assert Run.objects.get().message == NO_ROSTER
        assert not [entry for entry in tenant.sandbox.ledger if entry["path"].endswith("/groups")]


def test_a_group_that_gives_nobody_a_licence_any_more_is_forgotten(tenant: Tenant) -> None:
    stranger = LicenseGroup.objects.create(
        connection=Connection.objects.get(), key=b"x" * 16, name="Old", deleted=False, read_at=1
    )
    sync(tenant)
    assert not LicenseGroup.objects.filter(pk=stranger.pk).exists()
    assert LicenseGroup.objects.exists()


def test_users_are_filtered_by_a_group_whose_name_was_read(tenant: Tenant) -> None:
    pk = find_application(tenant.who, NAME).pk
    assert "group" not in {each.key for each in users.listing(tenant.who, pk).filters}
    sync(tenant)
    listing = users.listing(tenant.who, pk)
    (by_group,) = [each for each in listing.filters if each.key == "group"]
    assert {choice.value: choice.title for choice in by_group.choices}.items() <= titles(tenant).items()
    holders = {row["object_id"]: row["groups"] for row in tenant.sandbox.truth()["roster"]}
    for choice in by_group.choices:
        answer = listing.ask(users.rows(tenant.who, pk), Question(filters={"group": [choice.value]}, size=1000))
        assert {row.object_id for row in answer.rows} == {one for one, of in holders.items() if choice.value in of}
    assert {choice.value for choice in by_group.choices} >= {group for of in holders.values() for group in of}


def test_the_limits_of_graph_are_kept(tenant: Tenant) -> None:
    tenant.sandbox.tenant.limited = True
    run = sync(tenant).run
    assert run is not None
    assert (run.requests, run.throttled) == (1, 0)


def test_a_person_s_page_and_the_roster_command_say_by_which_group(tenant: Tenant) -> None:
    sync(tenant)
    row = next(row for row in tenant.roster() if row["Groups"])
    assert row["Groups"] == true(tenant)[row["Object ID"]]
    found = person.read(tenant.who, find_application(tenant.who, NAME).pk, row["Object ID"], tenant.clock)
    assert found.holder is not None
    assert found.holder.groups == row["Groups"]
    assert {to_id(bytes(group.key)) for group in LicenseGroup.objects.all()} >= set(found.holder.group_ids.split())
