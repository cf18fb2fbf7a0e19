"""Uploading the activity report: taken whole, or refused with every wrong row."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seatkeeper.services import applications, members
from seatkeeper.services.members import Role
from seatkeeper.store.models import Organization, ProductActivity

from .conftest import NewMember, SignedIn
from .world import APPLICATION

HEAD = "User name,Display name,Last activity date,Projects visited (Desktop),Projects visited (Web)\n"


def upload(client: Client, application_id: int, text: str, **told: str) -> tuple[int, str]:
    file = SimpleUploadedFile("report.csv", text.encode(), "text/csv")
    answer = client.post(f"/applications/{application_id}/activity-report", {"file": file, **told}, follow=True)
    return answer.status_code, answer.content.decode()


def test_a_report_is_uploaded_and_a_wrong_one_changes_nothing(
    organization: Organization, new_member: NewMember, signed_in: SignedIn
) -> None:
    who = members.who_is(new_member(Role.ADMINISTER).pk)
    added = applications.add_application(who, applications.NewApplication(**APPLICATION))
    browser, text = signed_in(Role.APPLICATIONS), HEAD + "ada@example.com,Ada,2026-07-20,1,0\n"
    status, page = upload(browser, added.pk, text)
    assert (status, "Say how many days" in page) == (422, True)
    status, page = upload(browser, added.pk, text, period="90", until="2026-08-01")
    assert status == 200
    assert "The report of 1 people was imported. 1 of them hold no seat here: ada@example.com." in page
    bad = HEAD + "ada@example.com,Ada,2026-07-20,many,0\nbo@example.com,Bo,yesterday,0,0\n"
    status, page = upload(browser, added.pk, bad, period="90", until="2026-08-01")
    assert status == 422
    assert "is not a number" in page
    assert "is not a day" in page
    assert ProductActivity.objects.count() == 1
    assert "1 people over the 90 days until" in browser.get(f"/applications/{added.pk}/integration").content.decode()
    assert organization.pk == who.organization_id
