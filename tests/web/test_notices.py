"""The page of notices: what is the matter for everybody, targets for administrators, and no address ever again."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days, system_clock
from seatkeeper.errors import Unavailable
from seatkeeper.notices import delivery
from seatkeeper.notices.delivery import Message, Target
from seatkeeper.services.members import Role
from seatkeeper.store.models import Notice, NoticeTarget, Organization

from .conftest import SignedIn

ADDRESS = "https://93.184.215.14/hook?key=must-not-be-shown"


def test_everybody_sees_notices_and_only_administrators_see_targets(
    organization: Organization, signed_in: SignedIn
) -> None:
    now = system_clock()
    for condition, closed in (("gap:1", None), ("gap:2", now)):
        Notice.objects.create(
            organization=organization, condition=condition, kind="gap", title=f"Lost {condition}", body="<b>Read</b>",
            opened=now - days(1), closed=closed,
        )  # fmt: skip
    page = signed_in(Role.VIEWER).get("/notices").content.decode()
    assert "Lost gap:1" in page
    assert "Lost gap:2" in page
    assert "&lt;b&gt;Read" in page
    assert "Targets" not in page
    filtered = signed_in(Role.VIEWER).get("/notices?state=open").content.decode()
    assert "Lost gap:2" not in filtered
    assert "There are no targets yet" in signed_in().get("/notices").content.decode()


def test_a_webhook_is_added_tested_paused_and_deleted(
    organization: Organization, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in()
    told = {"name": "Our hook", "kind": "webhook", "address": ADDRESS, "conditions": ["gap"]}
    page = browser.post("/notices/targets/add", told).content.decode()
    assert "shown only once" in page
    target = NoticeTarget.objects.get(organization=organization)
    monkeypatch.setattr(delivery, "send", _refuse)
    page = browser.post(f"/notices/targets/{target.pk}/test", follow=True).content.decode()
    assert "The receiver answered 500." in page
    assert "must-not-be-shown" not in page
    for action, active in (("pause", False), ("resume", True)):
        browser.post(f"/notices/targets/{target.pk}/{action}")
        target.refresh_from_db()
        assert target.active is active
    browser.post(f"/notices/targets/{target.pk}/delete")
    assert not NoticeTarget.objects.exists()


def _refuse(target: Target, message: Message) -> None:
    assert (target.kind, message.event) == ("webhook", "test")
    raise Unavailable("The receiver answered 500.")


@pytest.mark.parametrize(
    ("kind", "address", "says"),
    [
        ("webhook", "https://127.0.0.1/secret-path", "internal machine"),
        ("webhook", "http://hooks.example.com/secret-path", "https address"),
        ("apprise", "json://hooks.example.com/secret-path", "Must begin with"),
    ],
)
def test_an_address_that_may_not_be_is_refused_at_its_field_and_not_repeated(
    kind: str, address: str, says: str, signed_in: SignedIn
) -> None:
    answer = signed_in().post("/notices/targets/add", {"name": "a", "kind": kind, "address": address})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "secret-path" not in answer.content.decode()
    assert not NoticeTarget.objects.exists()
