"""Groups on the pages: whom they give seats, by their names, and what the task needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from seatkeeper.model import to_id
from seatkeeper.reporting import refresh
from seatkeeper.services import reclaim
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, LicenseGroup, ReclaimPlan, SeatHolder
from tests.people import NAME, Tenant, read_tenant

from .conftest import SignedIn

HOSTILE = "<b>Finance</b> \u202egnp.exe"


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.ADMINISTER)


@pytest.fixture
def tenant(browser: Client) -> Iterator[Tenant]:
    """With a name that somebody chose to do harm."""
    with read_tenant(people=300, threshold_days=10, tasks=("licenses", "roster", "access", "groups")) as tenant:
        LicenseGroup.objects.filter(name="Contractors").update(name=HOSTILE)
        Application.objects.update(threshold_days=11)  # figures follow a change
        refresh.refresh_application(Application.objects.get(), tenant.clock)
        yield tenant


def shown(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("tenant")
def test_a_person_s_page_names_the_groups_in_what_is_known_and_in_what_to_do(browser: Client) -> None:
    holder = SeatHolder.objects.filter(groups__startswith="<b>", status__in=("inactive", "never seen"))[0]
    page = shown(browser, f"/applications/{holder.application_id}/users/{holder.object_id}")
    assert "<dt>Groups</dt><dd><bdi>&lt;b&gt;Finance&lt;/b&gt; \ufffdgnp.exe" in page
    assert "take them out of the group &lt;b&gt;Finance&lt;/b&gt; \ufffdgnp.exe." in page
    assert "\u202e" not in page
    assert "<b>Finance" not in page


@pytest.mark.usefixtures("tenant")
def test_the_list_of_users_is_filtered_by_a_group_and_exported_with_it(browser: Client) -> None:
    pk, group = Application.objects.get().pk, LicenseGroup.objects.get(name=HOSTILE)
    id_ = to_id(bytes(group.key))
    page = shown(browser, f"/applications/{pk}/users?group={id_}&columns=user_id,groups")
    assert "&lt;b&gt;Finance&lt;/b&gt; \ufffdgnp.exe" in page
    with_group = SeatHolder.objects.filter(group_ids__contains=id_)
    assert with_group
    assert all(holder.user_id in page for holder in with_group)
    assert not any(holder.user_id in page for holder in SeatHolder.objects.exclude(group_ids__contains=id_))
    assert browser.get(f"/applications/{pk}/users?group=nobody").status_code == 422


def test_a_plan_has_a_column_of_groups(browser: Client, tenant: Tenant) -> None:
    plan = reclaim.propose(tenant.who, NAME, "May", clock=tenant.clock)
    page = shown(browser, f"/plans/{plan.pk}")
    assert '<th scope="col">Groups</th>' in page
    assert "<td>group</td><td><bdi>&lt;b&gt;Finance&lt;/b&gt; \ufffdgnp.exe</bdi></td>" in page
    assert "<td>direct</td><td>–</td>" in page
    assert ReclaimPlan.objects.get().items.filter(groups__contains="Finance").exists()


@pytest.mark.parametrize("entry", ["product=microsoft-project", "product=office-365", "suite=microsoft-365-secret"])
def test_the_steps_ask_for_the_permission_in_all_four_scripts_and_say_that_it_is_optional(
    browser: Client, entry: str
) -> None:
    page = shown(browser, f"/applications/add?{entry}")
    assert page.count("98830695-27a2-44f7-8c18-0c3ebc9698f6") == 1 + 4
    said = "Without it, groups that give licences are shown by their ids alone. Needed only where this task is ticked."
    assert said in page
    assert "Without it, nobody can say who uses a seat.</span>" in page
    ticked = page.partition('value="groups"')[2].partition(">")[0]
    assert "checked" not in ticked
