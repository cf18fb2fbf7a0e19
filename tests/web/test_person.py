"""A person's page: what is known, in sentences with dates, and that somebody read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from seatkeeper.reporting import refresh
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, AuditEvent, Organization, SeatHolder, UnlicensedUser

from ..people import Tenant, read_tenant
from .conftest import SignedIn


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.VIEWER)


@pytest.fixture
def tenant(browser: Client) -> Iterator[Tenant]:
    with read_tenant() as tenant:
        refresh.refresh_application(Application.objects.get(), tenant.clock)
        yield tenant


def address(object_id: str) -> str:
    return f"/applications/{Application.objects.get().pk}/users/{object_id}"


def of(first_name: str) -> str:
    return address(SeatHolder.objects.get(first_name=first_name, user_id__startswith=first_name.lower()).object_id)


@pytest.mark.usefixtures("database")
def test_the_page_says_why_it_says_what_it_says(browser: Client, tenant: Tenant) -> None:
    used = browser.get(of("Ada")).content.decode()
    assert "Last sign-in to the product itself" in used
    unused = browser.get(of("Bo")).content.decode()
    assert "No sign-in to the product itself since" in unused
    assert "None." in unused
    assert "Never seen" in unused  # the finding
    assert "Planner and Project Plan 3" in unused


def test_somebody_without_a_seat_has_a_page_too(browser: Client, tenant: Tenant) -> None:
    unlicensed_user = UnlicensedUser.objects.filter(state="open")[0]
    shown = browser.get(address(unlicensed_user.object_id)).content.decode()
    assert unlicensed_user.type in shown
    assert 'aria-current="page">Suspicious Activities' in shown


def test_reading_the_page_is_noted_with_who_and_whom(browser: Client, tenant: Tenant) -> None:
    browser.get(of("Ada"))
    event = AuditEvent.objects.get(action="person.read")
    assert event.subject == SeatHolder.objects.get(user_id__startswith="ada.").user_id
    assert event.who.startswith("member")


@pytest.mark.parametrize("nobody", ["nobody", "00000000-0000-0000-0000-000000000000", "%00", "x" * 2000, "%E2%80%AE"])
def test_who_is_not_known_is_not_found_and_nothing_is_noted(browser: Client, tenant: Tenant, nobody: str) -> None:
    assert browser.get(address(nobody)).status_code == 404
    assert not AuditEvent.objects.filter(action="person.read").exists()


def test_a_person_of_another_organization_is_not_found(
    tenant: Tenant, signed_in: SignedIn, other_organization: Organization
) -> None:
    assert signed_in(Role.ADMINISTER, other_organization).get(of("Ada")).status_code == 404
    assert not AuditEvent.objects.filter(action="person.read").exists()


def test_hostile_names_are_only_text(browser: Client, tenant: Tenant) -> None:
    where = of("Ada")
    for hostile in ("<script>alert(1)</script>", "=cmd", "turned \u202e around", "x" * 1_000_000):
        SeatHolder.objects.update(first_name=hostile, plans=hostile, department=hostile, user_id=hostile)
        answer = browser.get(where)
        assert answer.status_code == 200
        body = answer.content.decode().split("</head>")[1]
        assert "<script" not in body
        assert "\u202e" not in body
        assert len(body) < 1_000_000
