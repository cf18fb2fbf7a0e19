"""Two organizations, and a word in every text of the one: whatever the other's members read, the word is not in it.

What the one's own members read is scanned, too: there the word must be found, or the scan would prove nothing.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from seatkeeper.clock import system_clock
from seatkeeper.notices import dispatch
from seatkeeper.services import tokens
from seatkeeper.services.members import Role, Who, who_is
from seatkeeper.store.models import (
    Application,
    DailySummary,
    Employee,
    Notice,
    NoticeTarget,
    Organization,
    SeatHolder,
)
from seatkeeper.store.models.owned import Owned
from tests.api.test_matrix import operations
from tests.api.test_trail import fill

from .conftest import NewMember, to_let_in
from .test_authorization import ALL, TABLE
from .world import PERSON, World, populate

CANARY = "canary"
# Texts that a program reads, and nobody chose: they say the same of every organization.
OF_A_PROGRAM = {
    "access", "action", "activity", "asked_by", "checkpoint", "cloud", "condition", "conditions", "coverage",
    "credential_kind", "currency", "digest", "directory_id", "event", "evidence", "finding", "frees", "graph_url",
    "idle_skus", "key", "kind", "lease_owner", "listing", "login_url", "object_id", "part_numbers", "period", "prefix",
    "product", "query", "role", "scope", "sku", "skus", "signal", "signals", "source", "state", "status", "task",
    "type", "vendor", "purpose", "group_ids", "findings", "ca_file", "code",
}  # fmt: skip


@pytest.fixture
def worlds(organization: Organization, other_organization: Organization, new_member: NewMember) -> tuple[World, World]:
    """Ours, and the other one whose every text carries the word."""
    cache.clear()
    ours = populate(organization, other_organization, new_member)
    theirs = populate(other_organization, organization, to_let_in(other_organization))
    for world in (ours, theirs):
        furnish(world)
        world.member(Role.ADMINISTER)
    mark(other_organization)
    return ours, theirs


def furnish(world: World) -> None:
    """What pages list besides: an employee, a notice, and what a refresh stores of a seat."""
    now, application = system_clock(), Application.objects.get(organization=world.organization)
    Employee.objects.create(organization=world.organization, email="grace@example.com", imported=now)
    Notice.objects.create(
        organization=world.organization, condition="c", kind="overdue", title="A task", body="is late", level=1,
        opened=now,
    )  # fmt: skip
    counts = (
        "bought", "assigned", "holders", "active", "possibly_active", "inactive", "never_seen", "not_observable",
        "suspicious", "findings",
    )  # fmt: skip
    sku = {"sku": PERSON, "part_number": "P", "title": f"{CANARY if world.organization.name != 'Default' else 'Plan'}"}
    DailySummary.objects.create(
        application=application, day=now // 864_000_000_000, refreshed=now, generation=1, **dict.fromkeys(counts, 1),
        skus=json.dumps([sku | dict.fromkeys((*counts, "paid", "idle"), 1) | {"price": ""}]),
    )  # fmt: skip
    SeatHolder.objects.create(
        application=application, account=b"a", object_id=PERSON, user_id="grace@example.com", blocked=False,
        guest=False, signals={}, first_name="Grace", last_name="H", email="grace@example.com", words="grace",
    )  # fmt: skip


def mark(organization: Organization) -> int:
    """Put the word before every text that somebody chose, in every table and for every member; how many columns."""
    who, columns = Who(organization.pk, ""), 0
    User.objects.filter(memberships__organization=organization).update(
        email=Concat(Value(CANARY), "email"), first_name=CANARY, last_name=CANARY
    )
    for table in apps.get_app_config("store").get_models():
        if not issubclass(table, Owned):
            continue
        for field in table._meta.fields:
            if type(field) is models.TextField and field.name not in OF_A_PROGRAM:
                table.objects.filter(pk__in=list(table.objects.of(who).values_list("pk", flat=True))).update(
                    **{field.name: Concat(Value(CANARY), field.name)}
                )
                columns += 1
    return columns


def read(client: Client, address: str, **headers: str) -> bytes:
    """All that comes back: the head, the body, and of a workbook or a bundle what is in it."""
    answer = client.get(address, headers=headers)
    assert answer.status_code != 500, address
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    answer.close()
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            body = b"".join(file.read(name) for name in file.namelist())
    return str(dict(answer.headers)).encode() + body


def pages(world: World) -> Iterator[str]:
    """Every address that is read, each export in each form; an address that streams for ever is left out."""
    for each in ALL:
        if each.path.endswith("/events") or "GET" not in TABLE[each.path].get("methods", ()):
            continue
        for form in ("csv", "xlsx", "json") if "<form>" in each.path else ("csv",):
            yield each.fill(world, Role.ADMINISTER, {"form": form})


def reads() -> list[str]:
    return [operation.partition(" ")[2] for operation in operations() if operation.startswith("GET ")]


def scan(world: World, asked_about: World) -> dict[str, bool]:
    """Whether the word is in what an administrator of a world reads, at every address of a world."""
    browser = world.browser(Role.ADMINISTER)
    token = tokens.make(who_is(world.member(Role.ADMINISTER).member_id or 0), "scan", Role.ADMINISTER).text.reveal()
    found = {path: CANARY.encode() in read(browser, path) for path in pages(asked_about)}
    script = Client(raise_request_exception=False)
    for path in (fill(path, asked_about) for path in reads()):
        found[f"REST {path}"] = CANARY.encode() in read(script, f"/api/v1{path}", Authorization=f"Bearer {token}")
    found["metrics"] = CANARY.encode() in read(script, "/metrics", Authorization=f"Bearer {token}")
    return found


@pytest.mark.deep
def test_no_word_of_another_organization_is_in_what_a_member_reads(
    worlds: tuple[World, World], caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = worlds
    assert [path for path, leaks in scan(ours, ours).items() if leaks] == [], "at our own addresses"
    assert [path for path, leaks in scan(ours, theirs).items() if leaks] == [], "at theirs"
    assert CANARY not in caplog.text
    own = scan(theirs, theirs)
    print(f"canary: {2 * len(own)} answers read by the other, 0 hits; {sum(own.values())} of {len(own)} by its own")  # noqa: T201
    assert sum(own.values()) > len(own) / 3


def test_no_word_of_another_organization_is_in_a_notice(
    worlds: tuple[World, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, str]] = []
    monkeypatch.setattr("seatkeeper.notices.delivery.send", lambda target, message: sent.append((target, f"{message}")))
    monkeypatch.setattr(dispatch, "open_target", lambda target: target.organization_id)
    NoticeTarget.objects.update(active=True, conditions="")
    dispatch.look_and_send()
    theirs = worlds[1].organization.pk
    assert {whose for whose, _ in sent} == {worlds[0].organization.pk, theirs}
    assert [text for whose, text in sent if whose != theirs and CANARY in text] == []
    assert [text for whose, text in sent if whose == theirs and CANARY in text]
