"""The page of a run, and the decision about one that is held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from seatkeeper.model import RunStatus
from seatkeeper.services.members import Role
from seatkeeper.store.models import AuditEvent, Organization, Run

from ..people import Tenant, open_tenant, read_tenant
from .conftest import SignedIn


@pytest.fixture
def tenant(organization: Organization) -> Iterator[Tenant]:
    with read_tenant(people=250) as tenant:
        yield tenant


@pytest.fixture
def held(organization: Organization) -> Iterator[Run]:
    """A run that came to its end early, as if most people had left."""
    with open_tenant(people=2500) as tenant:
        tenant.sync("roster")
        tenant.sandbox.tenant.switch_on("truncated-roster", "2")
        tenant.sync("roster", full=True)
        yield Run.objects.get(status=RunStatus.HELD)


def test_a_run_says_its_word_its_counts_and_who_asked(tenant: Tenant, signed_in: SignedIn) -> None:
    run = Run.objects.filter(task__key="roster").get()
    html = signed_in(Role.VIEWER).get(f"/runs/{run.pk}").content.decode()
    for text in ("complete", f"{run.rows:,}", "command line", "Microsoft Project"):
        assert text in html


def test_a_run_of_somebody_else_and_one_that_is_not_there_look_the_same(
    tenant: Tenant, signed_in: SignedIn, other_organization: Organization
) -> None:
    run = Run.objects.first()
    assert run is not None
    unlicensed_user = signed_in(Role.ADMINISTER, other_organization)
    for word in ("", "/events"):
        answers = [unlicensed_user.get(f"/runs/{number}{word}") for number in (run.pk, 10**9)]
        assert [answer.status_code for answer in answers] == [404, 404]
    for word in ("/confirm", "/discard"):
        assert [unlicensed_user.post(f"/runs/{number}{word}").status_code for number in (run.pk, 10**9)] == [404, 404]


def test_only_a_held_run_is_decided_on_and_only_by_those_who_may(tenant: Tenant, signed_in: SignedIn) -> None:
    run = Run.objects.filter(task__key="roster").get()
    assert signed_in(Role.APPLICATIONS).post(f"/runs/{run.pk}/confirm").status_code == 422
    assert signed_in(Role.VIEWER).post(f"/runs/{run.pk}/confirm").status_code == 403
    assert signed_in(Role.APPLICATIONS).get(f"/runs/{run.pk}/confirm").status_code == 405


def test_messages_of_a_run_are_text(tenant: Tenant, signed_in: SignedIn) -> None:
    Run.objects.update(message="<script>alert(1)</script>", detail="<b>")
    run = Run.objects.first()
    assert run is not None
    html = signed_in(Role.VIEWER).get(f"/runs/{run.pk}").content.decode()
    assert "<script>alert" not in html
    assert "&lt;b&gt;" in html


@pytest.mark.parametrize(("word", "end"), [("confirm", RunStatus.COMPLETE), ("discard", RunStatus.INTERRUPTED)])
def test_a_held_run_is_decided_on_its_page(held: Run, signed_in: SignedIn, word: str, end: RunStatus) -> None:
    browser: Client = signed_in(Role.APPLICATIONS)
    html = browser.get(f"/runs/{held.pk}").content.decode()
    assert f'action="/runs/{held.pk}/confirm"' in html
    assert "/confirm" not in signed_in(Role.VIEWER).get(f"/runs/{held.pk}").content.decode()
    assert browser.post(f"/runs/{held.pk}/{word}").status_code == 302
    held.refresh_from_db()
    assert held.status == end
    assert AuditEvent.objects.filter(action=f"run.{word}ed").count() == 1
