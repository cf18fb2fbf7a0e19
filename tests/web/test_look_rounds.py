"""A look round in a browser: out to the vendor's page, back by a form of another site, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, Connection, Organization, Task
from tests.signing_in import OTHER, press

from .conftest import SignedIn

ADD = "/applications/add?suite=microsoft-365"
BACK = "/connections/signed-in"


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.APPLICATIONS)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(people=20, days=5, seed=3) as sandbox:
        yield sandbox


def typed(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    fields = {
        "products": ["microsoft-project", "microsoft-visio"],
        "tasks": ["licenses", "roster", "access"],
        "tenant_id": sandbox.tenant_id,
        "client_id": sandbox.client_id,
        "threshold_days": "60",
        "login_url": sandbox.login_url,
        "graph_url": sandbox.graph_url,
        "ca_file": Path(sandbox.ca_file).read_text(),
    }
    return fields | changes


def go_out(browser: Client, sandbox: Sandbox, **changes: Any) -> str:
    """The address that the page leads to."""
    answer = browser.post(ADD, typed(sandbox, **changes))
    page = answer.content.decode()
    assert answer.status_code == 200, page
    return unescape(re.search(r'href="(https://[^"]+/authorize[^"]*)"', page)[1])  # type: ignore[index]


def come_back(browser: Client, answer: dict[str, str]) -> Any:
    """Without a session first, as from another site; then by the form that our own page makes of it."""
    passed = Client(enforce_csrf_checks=True).post(BACK, answer)
    form = passed.content.decode()
    assert 'action="/connections/signed-in/finish"' in form
    assert passed.cookies.keys() == set(), "another tab's forms would be refused after a new cookie"
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    return browser.post(f"{BACK}/finish", fields)


def test_the_form_asks_for_no_credential_and_its_guide_for_delegated_permissions(browser: Client) -> None:
    page = browser.get(ADD).content.decode()
    assert "Go on to sign in" in page
    assert 'name="client_certificate"' not in page
    assert 'name="sign_in"' not in page
    assert "Delegated permission" in page
    assert f"http://localhost:8000{BACK}" in page


def test_somebody_looks_round_and_keeps_what_they_like(browser: Client, sandbox: Sandbox) -> None:
    address = go_out(browser, sandbox)
    assert not Connection.objects.exists()
    answer = come_back(browser, press(sandbox, address))
    connection = Connection.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/connections/{connection.pk}")
    page = browser.get(answer["Location"]).content.decode()
    assert "You are looking round" in page
    assert "what you may see is being read now" in page
    assert Task.objects.exclude(asked_by="").count() == 3
    browser.post(f"/connections/{connection.pk}/keep")
    page = browser.get(f"/connections/{connection.pk}").content.decode()
    assert "You are looking round" not in page
    assert "Sign in again" in page


def test_somebody_forgets_it(browser: Client, sandbox: Sandbox) -> None:
    come_back(browser, press(sandbox, go_out(browser, sandbox)))
    connection = Connection.objects.get()
    answer = browser.post(f"/connections/{connection.pk}/forget", follow=True)
    assert "Forgotten" in answer.content.decode()
    assert not Connection.objects.exists()


def test_somebody_signs_in_again(browser: Client, sandbox: Sandbox) -> None:
    come_back(browser, press(sandbox, go_out(browser, sandbox)))
    before = Connection.objects.get()
    page = browser.post(f"/connections/{before.pk}/sign-in").content.decode()
    address = unescape(re.search(r'href="(https://[^"]+/authorize[^"]*)"', page)[1])  # type: ignore[index]
    assert come_back(browser, press(sandbox, address)).status_code == 302
    assert bytes(Connection.objects.get().credential) != bytes(before.credential)
    assert Application.objects.count() == 2


def test_who_signs_in_again_is_told_that_the_tenant_stays_and_is_led_back_to_it(
    browser: Client, sandbox: Sandbox
) -> None:
    come_back(browser, press(sandbox, go_out(browser, sandbox)))
    place = f"/connections/{Connection.objects.get().pk}"
    browser.post(f"{place}/keep")
    page = browser.post(f"{place}/sign-in").content.decode()
    assert "deleted after 7 days" not in page
    assert "takes the place of the one before" in page
    address = unescape(re.search(r'href="(https://[^"]+/authorize[^"]*)"', page)[1])  # type: ignore[index]
    refused = come_back(browser, press(sandbox, address, None))
    assert (refused.status_code, f'href="{place}"' in refused.content.decode()) == (422, True)


@pytest.mark.parametrize(("who", "told"), [(None, "did not agree"), (OTHER, "Only an administrator may agree")])
def test_who_declines_is_told_and_nothing_is_saved(
    browser: Client, sandbox: Sandbox, who: int | None, told: str
) -> None:
    answer = come_back(browser, press(sandbox, go_out(browser, sandbox), who))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert "Nothing was saved" in answer.content.decode()
    assert not Connection.objects.exists()


def test_an_answer_is_good_once_and_only_in_the_session_that_went_out(
    browser: Client, sandbox: Sandbox, signed_in: SignedIn
) -> None:
    answer = press(sandbox, go_out(browser, sandbox))
    stranger = come_back(signed_in(Role.ADMINISTER), answer)
    assert stranger.status_code == 422
    assert "sign-in is under way here" in stranger.content.decode()
    assert not Connection.objects.exists()
    assert come_back(browser, {**answer, "state": "another"}).status_code == 422
    assert come_back(browser, answer).status_code == 422, "a wrong answer uses the sign-in up"


def test_what_comes_from_another_site_is_shown_as_text_and_cut(browser: Client) -> None:
    passed = Client().post(BACK, {"state": '"><script>alert(1)</script>', "code": "x" * 100_000, "other": "y"})
    page = passed.content.decode()
    assert "<script>alert" not in page
    assert "other" not in page
    assert len(page) < 20_000
    assert Client().get(BACK).status_code == 405


def test_what_is_wrong_is_told_at_its_field_before_anybody_goes_out(browser: Client, sandbox: Sandbox) -> None:
    answer = browser.post(ADD, typed(sandbox, client_id="nonsense", products=[]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "not a GUID" in page
    assert "Tick at least one product" in page
    assert not sandbox.tenant.ledger


def test_a_vendor_that_refuses_or_does_not_answer_leaves_the_form_as_it_was(browser: Client, sandbox: Sandbox) -> None:
    answer = browser.post(ADD, typed(sandbox, tenant_id="nobody.example.com"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sandbox.client_id in page
    assert "SEATKEEPER" not in page


def test_nothing_secret_is_written_into_a_page_or_the_session(
    browser: Client, sandbox: Sandbox, organization: Organization
) -> None:
    sandbox.tenant.public_client = False
    answer = browser.post(ADD, typed(sandbox, client_secret=sandbox.client_secret))
    kept = str(dict(browser.session))
    assert sandbox.client_secret not in answer.content.decode() + kept
    assert "code_verifier" not in answer.content.decode() + kept
    address = unescape(re.search(r'href="(https://[^"]+/authorize[^"]*)"', answer.content.decode())[1])  # type: ignore[index]
    assert come_back(browser, press(sandbox, address)).status_code == 302
