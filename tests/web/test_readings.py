"""Whoever lists or exports what people did leaves one line for each list and hour; what tells of nobody leaves none."""

from __future__ import annotations

import pytest
from django.test import Client

from seatkeeper.clock import seconds, system_clock
from seatkeeper.services import applications, coverage, findings, readings, roster, suspicious, tokens
from seatkeeper.services.members import Role, operator, who_is
from seatkeeper.store.models import Application, AuditEvent, Organization

from .conftest import NewMember, SignedIn
from .world import APPLICATION

PEOPLE = ("users", "findings", "suspicious", "quarantine")


@pytest.fixture
def application(organization: Organization) -> Application:
    return applications.add_application(operator(), applications.NewApplication(**APPLICATION))


def noted() -> list[tuple[str, str]]:
    events = AuditEvent.objects.filter(action__startswith="people.").order_by("pk")
    return [(event.action, event.subject) for event in events]


@pytest.mark.parametrize("name", PEOPLE)
def test_pages_and_exports_of_people_leave_one_line_an_hour(
    database: object, application: Application, signed_in: SignedIn, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, other, now = signed_in(Role.VIEWER), signed_in(Role.VIEWER), system_clock()
    monkeypatch.setattr(readings, "system_clock", lambda: now)
    monkeypatch.setattr("seatkeeper.services.audit.system_clock", lambda: now)
    place = f"/applications/{application.pk}/{name}"
    for _ in range(3):
        assert browser.get(place).status_code == 200
        assert browser.get(f"{place}/export.csv").status_code == 200
    assert [action for action, _ in noted()] == ["people.listed", "people.exported"]
    assert all(application.name in subject for _, subject in noted())
    other.get(place)
    assert len(noted()) == 3, "each member has a line"
    now += seconds(3600)
    browser.get(place)
    assert len(noted()) == 4, "each hour has a line"


@pytest.mark.parametrize("name", PEOPLE[1:3])
def test_lists_over_all_applications_leave_a_line_too(application: Application, signed_in: SignedIn, name: str) -> None:
    browser = signed_in()
    browser.get(f"/{name}")
    browser.get(f"/{name}/export.json")
    assert [action for action, _ in noted()] == ["people.listed", "people.exported"]
    assert "every application" in noted()[0][1]


@pytest.mark.parametrize("name", PEOPLE)
def test_a_script_that_lists_people_leaves_a_line(application: Application, new_member: NewMember, name: str) -> None:
    key = tokens.make(who_is(new_member(Role.VIEWER).pk), "script", Role.VIEWER).text.reveal()
    for page in (1, 2):
        told = {"Authorization": f"Bearer {key}"}
        assert (
            Client().get(f"/api/v1/applications/{application.pk}/{name}?page={page}", headers=told).status_code == 200
        )
    assert [action for action, _ in noted()] == ["people.listed"]
    assert "by token" in AuditEvent.objects.get(action="people.listed").who


def test_commands_that_export_people_leave_a_line(application: Application) -> None:
    for _ in range(2):
        roster.access(operator(), application.name)
        suspicious.suspicious(operator(), application.name)
        findings.findings(operator(), application.name)
        coverage.quarantine(operator(), application.name)
    assert [action for action, _ in noted()] == ["people.exported"] * 4
    assert {event.who for event in AuditEvent.objects.filter(action="people.exported")} == {"command line"}


def test_lists_that_tell_of_nobody_leave_none(application: Application, signed_in: SignedIn) -> None:
    browser = signed_in()
    for path in ("/applications", f"/applications/{application.pk}/licenses", "/members", "/audit"):
        assert browser.get(path).status_code == 200
    assert noted() == []
