"""Onboarding in a browser: the registration, a link, the customer's way back, a list, and checks of all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seatkeeper.jobs import joining, tenant_checks
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, AppRegistration, Connection, ConsentLink, TenantCheck
from tests.signing_in import consent

from .conftest import SignedIn

HOME = "/connections/onboarding"
SECRET = "Sk8~this-must-be-seen-nowhere-at-all"


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.APPLICATIONS)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(people=20, days=5, seed=3) as sandbox:
        yield sandbox


def reached(sandbox: Sandbox) -> dict[str, str]:
    return {
        "login_url": sandbox.login_url,
        "graph_url": sandbox.graph_url,
        "ca_file": Path(sandbox.ca_file).read_text(),
    }


def keep(browser: Client, sandbox: Sandbox, **changes: str) -> Any:
    typed = {"tenant_id": sandbox.tenant_id, "client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    typed["cloud"] = "global"
    return browser.post(f"{HOME}/registration", typed | reached(sandbox) | changes)


def make_link(browser: Client, **changes: Any) -> str:
    """The address that is to be sent."""
    typed = {
        "customer": "Contoso", "products": ["microsoft-project"], "tasks": ["roster"], "threshold_days": "60",
    }  # fmt: skip
    answer = browser.post(f"{HOME}/links/add", typed | changes, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200, page
    return unescape(re.search(r'id="link" readonly value="([^"]+)"', page)[1])  # type: ignore[index]


def test_a_customer_joins_by_the_link(browser: Client, sandbox: Sandbox) -> None:
    page = browser.get(f"{HOME}/registration").content.decode()
    assert "http://localhost:8000/connections/consented" in page
    assert keep(browser, sandbox)["Location"] == HOME
    sandbox.tenant.service_principal_since = math.inf
    answer = consent(sandbox, make_link(browser))
    back = Client().get("/connections/consented", answer)
    told = back.content.decode()
    assert (back.status_code, "You can close this page" in told) == (200, True)
    for word in ("Contoso", "Seatkeeper ", sandbox.tenant_id, sandbox.client_id, 'href="/"'):
        assert word not in told, "whoever comes back is told nothing else"
    joining.join_due(lambda: False)
    page = browser.get(HOME).content.decode()
    assert ">joined<" in page
    link = ConsentLink.objects.get()
    page = browser.get(f"{HOME}/links/{link.pk}").content.decode()
    assert f"/connections/{link.connection_id}" in page
    assert Application.objects.get().name == "Microsoft Project (Contoso)"
    again = Client().get("/connections/consented", answer)
    assert (again.status_code, "This link is not valid" in again.content.decode()) == (400, True)


def test_who_declines_is_shown_to_the_provider_in_words(browser: Client, sandbox: Sandbox) -> None:
    keep(browser, sandbox)
    back = Client().get("/connections/consented", consent(sandbox, make_link(browser), None))
    assert "Nothing was changed" in back.content.decode()
    assert "Whoever signed in did not agree to what was asked for." in browser.get(HOME).content.decode()


def test_a_made_up_answer_is_told_nothing(browser: Client, sandbox: Sandbox) -> None:
    for query in ({}, {"state": "1-1-1:forged", "admin_consent": "True", "tenant": sandbox.tenant_id}):
        assert Client().get("/connections/consented", query).status_code == 400


def test_a_wrong_secret_of_the_registration_is_not_kept_and_not_sent_back(browser: Client, sandbox: Sandbox) -> None:
    answer = keep(browser, sandbox, client_secret=SECRET)
    page = answer.content.decode()
    assert (answer.status_code, SECRET in page) == (422, False)
    assert "The new credential was tried." in page
    assert not AppRegistration.objects.exists()
    assert "not a GUID" in keep(browser, sandbox, client_id="mine").content.decode()


def test_a_new_secret_of_the_registration_replaces_that_of_every_customer(browser: Client, sandbox: Sandbox) -> None:
    keep(browser, sandbox)
    Client().get("/connections/consented", consent(sandbox, make_link(browser)))
    joining.join_due(lambda: False)
    before = bytes(Connection.objects.get().credential)
    sandbox.tenant.client_secret = "new8~secret-that-is-good-from-now-on"
    assert keep(browser, sandbox).status_code == 302
    assert bytes(Connection.objects.get().credential) != before
    assert browser.post(f"{HOME}/registration/forget").status_code == 302
    assert not AppRegistration.objects.exists()


def test_without_a_registration_no_link_is_made(browser: Client) -> None:
    answer = browser.get(f"{HOME}/links/add", follow=True)
    assert "Keep your app registration first" in answer.content.decode()


def test_what_is_wrong_with_a_link_is_said_at_its_field(browser: Client, sandbox: Sandbox) -> None:
    keep(browser, sandbox)
    typed = {"customer": "Contoso", "tenant_id": "nowhere", "products": ["office-365"], "tasks": ["roster"]}
    answer = browser.post(f"{HOME}/links/add", typed | {"threshold_days": "60"})
    assert (answer.status_code, "neither a GUID nor a domain" in answer.content.decode()) == (422, True)
    assert not ConsentLink.objects.exists()


def upload(browser: Client, text: str) -> Any:
    return browser.post(f"{HOME}/import", {"file": SimpleUploadedFile("list.csv", text.encode())}, follow=True)


def to_list(sandbox: Sandbox, *more: str) -> str:
    there = reached(sandbox)
    row = f"Contoso,{sandbox.tenant_id},{sandbox.client_id},{sandbox.client_secret},microsoft-project,"
    row += f'{there["login_url"]},{there["graph_url"]},"{there["ca_file"]}"'
    return "\n".join(["Name,Tenant,Client ID,Secret,Products,Login URL,Graph URL,CA File", row, *more])


def test_a_list_is_looked_at_and_its_right_rows_are_added_and_checked(browser: Client, sandbox: Sandbox) -> None:
    shown = upload(browser, to_list(sandbox, f"Wrong,{SECRET},mine,{SECRET},office-365,,,"))
    page = shown.content.decode()
    assert "2 rows, 1 right" in page
    assert "neither a GUID nor a domain" in page
    assert SECRET not in page
    assert sandbox.client_secret not in page
    place = shown.redirect_chain[-1][0].partition("?")[0]
    refused = browser.post(place, {"then": "save"})
    assert (refused.status_code, "so nothing was added" in refused.content.decode()) == (422, True)
    assert not Connection.objects.exists()
    added = browser.post(place, {"then": "authorize", "only_good": "yes"}, follow=True)
    assert "0 of 1 tenant checked" in added.content.decode()
    assert browser.get(place).status_code == 404, "the file is gone"
    tenant_checks.check_due(lambda: False)
    page = browser.get(f"{HOME}/checks").content.decode()
    assert "1 of 1 tenant checked" in page
    assert ">passed<" in page
    sandbox.tenant.consent = False
    browser.post(f"{HOME}/checks/begin")
    tenant_checks.check_due(lambda: False)
    page = browser.get(f"{HOME}/checks").content.decode()
    assert "1 needs somebody" in page
    assert "permission" in page, page
    events = b"".join(browser.get(f"{HOME}/checks/events").streaming_content).decode()  # type: ignore[attr-defined]
    assert "event: end" in events
    assert TenantCheck.objects.count() == 1


def test_a_file_that_is_no_list_is_refused(browser: Client) -> None:
    answer = upload(browser, "Email\nada@example.com\n")
    assert (answer.status_code, "in the first row" in answer.content.decode()) == (422, True)
    assert browser.post(f"{HOME}/import").status_code == 422
