"""Suspicious SaaS Activities across applications, and the word that one of them is right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from seatkeeper.clock import days, system_clock
from seatkeeper.errors import NotAllowed
from seatkeeper.model import to_text
from seatkeeper.services import suspicious
from seatkeeper.services.members import ROLES, Role, Who
from seatkeeper.store.models import AuditEvent, Organization, Recognition, UnlicensedUser

from ..people import Tenant, read_tenant
from .conftest import SignedIn


@pytest.fixture
def tenant(organization: Organization) -> Iterator[Tenant]:
    with read_tenant() as tenant:
        yield tenant


@pytest.fixture
def unlicensed_user(tenant: Tenant) -> UnlicensedUser:
    return UnlicensedUser.objects.filter(type="Unknown", state="open")[0]


@pytest.fixture
def browser(signed_in: SignedIn, tenant: Tenant) -> Client:
    return signed_in(Role.APPLICATIONS)


def fields(unlicensed_user: UnlicensedUser, **more: str) -> dict[str, str]:
    return {"application": str(unlicensed_user.application_id), "account": unlicensed_user.object_id, **more}


def test_everybody_who_stands_out_is_listed_with_the_application(
    browser: Client, unlicensed_user: UnlicensedUser
) -> None:
    html = browser.get("/suspicious").content.decode()
    assert unlicensed_user.user_id in html
    assert "Microsoft Project" in html
    assert "/suspicious/recognize?application=" in html


def test_a_recognized_activity_says_so_at_once_and_is_open_again_when_it_is_taken_back(
    browser: Client, unlicensed_user: UnlicensedUser
) -> None:
    tomorrow = to_text(system_clock() + days(1))[:10]
    answer = browser.post("/suspicious/recognize", fields(unlicensed_user, reason="Consultant", until=tomorrow))
    assert answer.status_code == 302
    now = UnlicensedUser.objects.get(application=unlicensed_user.application_id, object_id=unlicensed_user.object_id)
    assert (now.type, now.state) == ("Recognized", "recognized")
    word = Recognition.objects.get()
    assert (word.reason, to_text(word.until or 0)[11:19]) == ("Consultant", "00:00:00")
    assert AuditEvent.objects.get(action="suspicious.recognized").detail == "Consultant"
    assert "Consultant" in browser.get("/suspicious/recognize", fields(unlicensed_user)).content.decode()
    assert browser.post("/suspicious/unrecognize", fields(unlicensed_user)).status_code == 302
    now = UnlicensedUser.objects.get(application=unlicensed_user.application_id, object_id=unlicensed_user.object_id)
    assert (now.type, now.state) == ("Unknown", "open")
    assert browser.post("/suspicious/unrecognize", fields(unlicensed_user)).status_code == 404


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"reason": ""}, "Say why"),
        ({"reason": "   "}, "Say why"),
        ({"reason": "x" * 501}, "500"),
        ({"reason": "kept text", "until": "2001-01-01"}, "over"),
        ({"reason": "kept text", "until": "soon"}, "not a day"),
        ({"reason": "kept text", "until": "9999-12-31x"}, "not a day"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_the_form_is_kept(
    browser: Client, unlicensed_user: UnlicensedUser, typed: dict[str, str], words: str
) -> None:
    answer = browser.post("/suspicious/recognize", fields(unlicensed_user, **typed))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in html
    assert "field-error" in html
    assert typed["reason"].strip()[:500] in html
    assert not Recognition.objects.exists()


def test_only_those_who_may_recognize_and_only_their_own(
    signed_in: SignedIn, other_organization: Organization, unlicensed_user: UnlicensedUser
) -> None:
    asked = fields(unlicensed_user, reason="mine")
    assert signed_in(Role.VIEWER).post("/suspicious/recognize", asked).status_code == 403
    assert signed_in(Role.LICENSES).post("/suspicious/recognize", asked).status_code == 403
    other = signed_in(Role.ADMINISTER, other_organization)
    assert other.post("/suspicious/recognize", asked).status_code == 404
    assert other.post("/suspicious/recognize", asked | {"application": "999999"}).status_code == 404
    assert unlicensed_user.user_id not in other.get("/suspicious").content.decode()
    assert "/suspicious/recognize" not in signed_in(Role.VIEWER).get("/suspicious").content.decode()
    assert not Recognition.objects.exists()


def test_the_service_itself_asks_for_the_right(unlicensed_user: UnlicensedUser) -> None:
    viewer = Who(unlicensed_user.application.organization_id, "viewer", ROLES[Role.VIEWER])
    with pytest.raises(NotAllowed):
        suspicious.recognize(viewer, unlicensed_user.application_id, unlicensed_user.object_id, "mine")
    with pytest.raises(NotAllowed):
        suspicious.unrecognize(viewer, unlicensed_user.application_id, unlicensed_user.object_id)


@pytest.mark.parametrize("application", ["", "x", "-1", "1e9", "9" * 40, "٣"])
def test_an_application_that_is_no_number_is_not_found(browser: Client, application: str) -> None:
    assert browser.get("/suspicious/recognize", {"application": application, "account": "x"}).status_code == 404
