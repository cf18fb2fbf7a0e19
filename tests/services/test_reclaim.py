"""A plan to take seats back is proposed, reviewed, run by somebody else, and followed up by the next roster."""

from __future__ import annotations

import email
import email.policy
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.insights.base import About
from seatkeeper.insights.catalog import INSIGHTS
from seatkeeper.reporting import refresh
from seatkeeper.services import prices, reclaim, reclaim_scripts, savings
from seatkeeper.services.applications import find_application
from seatkeeper.services.members import ROLES, Role, Who
from seatkeeper.services.what_if import what_if
from seatkeeper.store.models import Finding, FindingEvent, Organization, ReclaimItem, ReclaimPlan, Saving, SeatHolder
from tests.people import NAME, Tenant, read_tenant

OF_HOLDERS = [insight.key for insight in INSIGHTS if insight.frees and insight.about is not About.PURCHASE]

pytestmark = pytest.mark.usefixtures("database")

# What the Azure CLI does of it: users with their licences in a file.
FAKE_AZ = """#!{python}
import json, re, sys
from pathlib import Path
store = Path({store!r})
users = json.loads(store.read_text())
args = sys.argv[1:]
assert args[0] == "rest", args
options = dict(zip(args[1::2], args[2::2]))
user = re.search(r"/users/([^/?]+)", options["--url"])[1]
if options["--method"] == "get":
    assert options["--url"].endswith("?$select=assignedLicenses"), options
    sku = re.fullmatch(r"assignedLicenses\\[\\?skuId=='([^']+)'\\] \\| \\[0\\]", options["--query"])[1]
    found = [each for each in users[user] if each["skuId"] == sku]
    print(json.dumps(found[0], indent=2) if found else "null")
else:
    sys.stdin.read()  # as programs do
    body = json.loads(options["--body"])
    for sku in body["removeLicenses"]:
        assert any(each["skuId"] == sku for each in users[user]), "nothing to take"
    left = [each for each in users[user] if each["skuId"] not in body["removeLicenses"]]
    users[user] = left + body["addLicenses"]
    store.write_text(json.dumps(users))
"""


@pytest.fixture
def tenant(database: object) -> Iterator[Tenant]:
    with read_tenant(people=300, churn=60, threshold_days=10) as tenant:
        refresh_now(tenant)
        yield tenant


def refresh_now(tenant: Tenant) -> None:
    refresh.refresh_application(find_application(tenant.who, NAME), tenant.clock)


def live(tenant: Tenant) -> None:
    """People come and go, few enough at a time that no run is held."""
    for _ in range(5):
        tenant.move(days=2)
        tenant.sync()
        refresh_now(tenant)


def propose(tenant: Tenant, name: str = "August") -> ReclaimPlan:
    return reclaim.propose(tenant.who, NAME, name, clock=tenant.clock)


def approve(tenant: Tenant, plan: ReclaimPlan) -> ReclaimPlan:
    return reclaim.approve(tenant.who, plan.pk, tenant.clock)


def test_a_proposal_holds_every_seat_that_findings_would_take_back_once(tenant: Tenant) -> None:
    plan = propose(tenant)
    items = reclaim.list_items(tenant.who, plan)
    seats = [(item.object_id, item.sku) for item in items]
    assert len(seats) == len(set(seats)) > 10
    living = Finding.objects.filter(key__in=OF_HOLDERS, resolved=None).exclude(key="guest", seats=0)
    assert {object_id for object_id, _sku in seats} == set(living.values_list("object_id", flat=True))
    for item in items:
        (holder,) = SeatHolder.objects.filter(object_id=item.object_id)
        assert item.sku in holder.skus.split()
    # Whoever holds two plans and uses them gives back the lower one only.
    only_two = set(living.filter(key="two-plans").values_list("object_id", flat=True))
    only_two -= set(living.exclude(key="two-plans").values_list("object_id", flat=True))
    assert only_two
    for object_id in only_two:
        assert [item.title for item in items if item.object_id == object_id] == [
            finding.plan for finding in living.filter(object_id=object_id)
        ]


def test_only_the_skus_that_were_asked_for_are_proposed(tenant: Tenant) -> None:
    plan = reclaim.propose(tenant.who, NAME, "P3", ["PROJECTPROFESSIONAL"], tenant.clock)
    titles = {item.title for item in reclaim.list_items(tenant.who, plan)}
    assert len(titles) == 1
    same = reclaim.propose(tenant.who, NAME, "P3", [" projectProfessional"], tenant.clock)
    assert same.items.count() == plan.items.count()
    with pytest.raises(BadInput, match=r"no finding says of a seat of 'nothing'.*PROJECTPROFESSIONAL"):
        reclaim.propose(tenant.who, NAME, "Nothing", ["NOTHING"], tenant.clock)
    with pytest.raises(BadInput, match="Name"):
        reclaim.propose(tenant.who, NAME, "a\nb\u202e", clock=tenant.clock)


def test_what_was_excepted_is_not_proposed(tenant: Tenant) -> None:
    Finding.objects.filter(key__in=OF_HOLDERS).exclude(key="blocked").update(state="excepted")
    assert {item.finding for item in reclaim.list_items(tenant.who, propose(tenant))} == {"blocked"}


def test_a_draft_is_reviewed_then_approved_and_then_it_is_fixed(tenant: Tenant) -> None:
    plan = propose(tenant)
    items = reclaim.list_items(tenant.who, plan)
    keep = [item.pk for item in items[:3]]
    with pytest.raises(BadInput, match="only an approved plan"):
        reclaim_scripts.write_script(tenant.who, plan.pk, "az")
    assert reclaim.review(tenant.who, plan.pk, keep) == 3
    assert reclaim.review(tenant.who, plan.pk, [*keep, items[3].pk]) == 4  # ticks may come back
    assert approve(tenant, plan).approved_by == tenant.who.name
    with pytest.raises(BadInput, match="approved already"):
        reclaim.review(tenant.who, plan.pk, keep)
    with pytest.raises(BadInput, match="approved already"):
        approve(tenant, plan)
    assert reclaim.outcome(tenant.who, plan)[:3] == (4, 0, 0)


def test_a_plan_of_nothing_is_not_approved(tenant: Tenant) -> None:
    plan = propose(tenant)
    reclaim.review(tenant.who, plan.pk, [])
    with pytest.raises(BadInput, match="nothing to approve"):
        approve(tenant, plan)


def test_a_seat_that_its_holder_needs_is_kept_out_of_scripts_and_mails(tenant: Tenant) -> None:
    plan = propose(tenant)
    item = next(reclaim.to_take(tenant.who, plan))
    approve(tenant, plan)
    assert item.object_id in reclaim_scripts.write_script(tenant.who, plan.pk, "az")[1]
    reclaim.note_answer(tenant.who, plan.pk, item.pk, "needed")
    assert ReclaimItem.objects.get(pk=item.pk).state == "kept"
    assert f"take {item.object_id} {item.sku}" not in reclaim_scripts.write_script(tenant.who, plan.pk, "az")[1]
    reclaim.note_answer(tenant.who, plan.pk, item.pk, "not needed")
    assert f"take {item.object_id} {item.sku}" in reclaim_scripts.write_script(tenant.who, plan.pk, "az")[1]
    with pytest.raises(BadInput, match="Answer"):
        reclaim.note_answer(tenant.who, plan.pk, item.pk, "perhaps")


def held_seats() -> set[tuple[str, str]]:
    return {(holder.object_id, sku) for holder in SeatHolder.objects.all() for sku in holder.skus.split()}


def test_the_outcome_is_what_the_next_roster_shows(tenant: Tenant) -> None:
    for part_number in {part for part, _title in prices_of(tenant)}:
        prices.set_price(tenant.who, prices.NewPrice(part_number, "10", "EUR"), tenant.clock)
    plan = propose(tenant)
    approve(tenant, plan)
    items = reclaim.list_items(tenant.who, plan)
    assert reclaim.outcome(tenant.who, plan).worth.a_month == f"{len(items) * 10:,}.00 EUR"
    assert not reclaim.outcome(tenant.who, plan).saved
    before = held_seats()
    live(tenant)
    held = held_seats()
    gone = {(item.object_id, item.sku) for item in items} - held
    assert gone  # people come and go
    found = reclaim.outcome(tenant.who, plan)
    assert (found.gone, found.proposed) == (len(gone), len(items) - len(gone))
    assert found.saved.a_month == f"{len(gone) * 10}.00 EUR"
    # What was saved is measured whether there was a plan or not, and only where nothing came instead.
    saved = {(saving.object_id) for saving in Saving.objects.all()}
    assert saved
    assert saved <= {object_id for object_id, _sku in before - held}
    months = savings.realised(tenant.who)
    assert [month.saved.a_month for month in months] == [f"{Saving.objects.count() * 10}.00 EUR"]
    notes = FindingEvent.objects.filter(state="resolved", finding__object_id__in=saved).values_list("note", flat=True)
    assert set(notes) == {"seat gone"}


def prices_of(tenant: Tenant) -> set[tuple[str, str]]:
    return set(what_if(tenant.who, NAME, 60, clock=tenant.clock).plans)


def licences_of(tenant: Tenant, plan: ReclaimPlan) -> dict[str, list[dict[str, Any]]]:
    """What the tenant has of the plan's people: the seat with a part switched off, and another one that stays."""
    users: dict[str, list[dict[str, Any]]] = {}
    for number, item in enumerate(reclaim.list_items(tenant.who, plan)):
        off = ["0feaeb32-d00e-4d66-bd5a-43b5b83db82c"] if number % 2 else []
        users.setdefault(item.object_id, [{"skuId": "another", "disabledPlans": []}])
        users[item.object_id].append({"skuId": item.sku, "disabledPlans": off})
    return users


def by_sku(users: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {user: sorted(held, key=lambda each: each["skuId"]) for user, held in users.items()}


def test_the_script_takes_back_and_its_undo_restores_what_was_there(tenant: Tenant, tmp_path: Path) -> None:
    plan = propose(tenant)
    approve(tenant, plan)
    of_group = reclaim.list_items(tenant.who, plan)[0]
    ReclaimItem.objects.filter(pk=of_group.pk).update(assigned_by="group")
    before = licences_of(tenant, plan)
    (tmp_path / "users.json").write_text(json.dumps(before))
    (tmp_path / "az").write_text(FAKE_AZ.format(python=sys.executable, store=str(tmp_path / "users.json")))
    (tmp_path / "az").chmod(0o755)
    scripts = {}
    for kind in ("az", "az-undo"):
        name, text = reclaim_scripts.write_script(tenant.who, plan.pk, kind)
        scripts[kind] = tmp_path / name
        scripts[kind].write_text(text)

    def run(kind: str) -> dict[str, list[dict[str, Any]]]:
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(["sh", str(scripts[kind])], env={"PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return by_sku(json.loads((tmp_path / "users.json").read_text()))

    taken = {(item.object_id, item.sku) for item in reclaim.to_take(tenant.who, plan)}
    assert (of_group.object_id, of_group.sku) not in taken
    left = {user: [each for each in held if (user, each["skuId"]) not in taken] for user, held in before.items()}
    assert run("az") == by_sku(left)
    assert run("az") == by_sku(left)  # a second time finds nothing to take, and forgets nothing
    assert run("az-undo") == by_sku(before)


def test_nothing_that_a_tenant_calls_its_people_leaves_a_comment_or_a_string(tenant: Tenant) -> None:
    hostile = "x'\n@(calc) # $(calc) `calc` \u2028calc\u202e\r\nRemove-Item"
    plan = propose(tenant, "It's $(calc) `now`")
    approve(tenant, plan)
    ReclaimItem.objects.update(user_id=hostile, title=hostile, email="a@b.example\nBcc: all@b.example")
    harmless = reclaim.list_items(tenant.who, plan)[0]
    ReclaimItem.objects.filter(pk=harmless.pk).update(object_id="'; calc; '")
    for kind, seat in (
        ("az", r"take [0-9a-f-]{36} [0-9a-f-]{36}  # .*"),
        ("powershell", r"  @\{ Id = '[0-9a-f-]{36}'; Sku = '[0-9a-f-]{36}' \}  # .*"),
    ):
        text = reclaim_scripts.write_script(tenant.who, plan.pk, kind)[1]
        lines = [line for line in text.split("\n") if "calc" in line]
        assert len(lines) > 5
        assert all(line.startswith("# ") or re.fullmatch(seat, line) for line in lines)
        assert all(line.isprintable() for line in text.split("\n") if "\t" not in line)
        assert "'; calc" not in text
    subprocess.run(
        ["sh", "-n"], input=reclaim_scripts.write_script(tenant.who, plan.pk, "az")[1], text=True, check=True
    )


def test_mails_go_to_the_holders_of_what_is_still_to_be_taken(tenant: Tenant) -> None:
    plan = propose(tenant)
    items = reclaim.list_items(tenant.who, plan)
    reclaim.review(tenant.who, plan.pk, [items[0].pk, items[1].pk])
    ReclaimItem.objects.filter(pk=items[0].pk).update(email="a@b.example\r\nBcc: all@b.example, c@d.example")
    with zipfile.ZipFile(io.BytesIO(reclaim_scripts.write_mails(tenant.who, plan.pk))) as archive:
        mails = [
            email.message_from_bytes(archive.read(name), policy=email.policy.default) for name in archive.namelist()
        ]
    assert len(mails) == 2
    assert all(mail["X-Unsent"] == "1" and mail["Bcc"] is None for mail in mails)
    assert len(mails[0]["To"].addresses) <= 1
    assert items[1].title in mails[1].get_content()


def test_another_organization_finds_no_plan_and_viewers_change_none(tenant: Tenant) -> None:
    plan = propose(tenant)
    unlicensed_user = Who(Organization.objects.create(name="Other", created=0).pk, "eve", ROLES[Role.ADMINISTER])
    for call in (reclaim.find_plan, reclaim.approve, reclaim.close):
        with pytest.raises(NotFound):
            call(unlicensed_user, plan.pk)
    viewer = tenant.who._replace(may=ROLES[Role.VIEWER])
    assert reclaim.list_plans(viewer, NAME) == [plan]
    with pytest.raises(NotAllowed):
        propose(Tenant(tenant.sandbox, viewer))
    with pytest.raises(NotAllowed):
        reclaim_scripts.write_mails(viewer, plan.pk)


def test_a_closed_plan_is_no_longer_watched(tenant: Tenant) -> None:
    plan = propose(tenant)
    approve(tenant, plan)
    reclaim.close(tenant.who, plan.pk)
    with pytest.raises(BadInput, match="closed already"):
        reclaim.close(tenant.who, plan.pk)
    with pytest.raises(BadInput, match="answers are noted no more"):
        reclaim.note_answer(tenant.who, plan.pk, plan.items.all()[0].pk, "needed")
    live(tenant)
    assert reclaim.outcome(tenant.who, plan).gone == 0
