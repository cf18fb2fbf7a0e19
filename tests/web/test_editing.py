"""Two pages of one application: who saves the older one is told what changed, and loses nothing of what they typed."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from seatkeeper.model import to_text
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, AuditEvent, Connection

from .conftest import SignedIn
from .test_adding import add, typed

pytestmark = pytest.mark.usefixtures("made_up_credentials")


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.APPLICATIONS)


def opened(page: str) -> str:
    """What the page says that it showed."""
    (shown,) = re.findall(r'name="shown" value="([^"]+)"', page)
    return str(shown)


def test_of_two_who_edit_at_once_the_second_is_told_what_changed_and_nothing_is_lost(
    browser: Client, signed_in: SignedIn
) -> None:
    add(browser)
    address = f"/applications/{Application.objects.get().pk}/edit"
    second = signed_in(Role.APPLICATIONS)
    mine = opened(second.get(address).content.decode())
    sealed = bytes(Connection.objects.get().credential)
    browser.post(address, typed(client_secret="another~secret.from-somebody", threshold_days="30", shown=mine))
    answer = second.post(address, typed(client_secret="", tags="seats", shown=mine))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "it is “30” now" in page
    assert "another credential was given" in page
    assert 'id="id_tags_error"' not in page  # nobody else changed that
    assert 'value="seats"' in page  # what was typed is kept
    stored = Application.objects.get()
    assert (stored.threshold_days, stored.tags) == (30, "finance, emea")
    kept = bytes(Connection.objects.get().credential)
    assert kept != sealed

    assert second.post(address, typed(client_secret="", tags="seats", shown=opened(page))).status_code == 302
    stored = Application.objects.get()
    assert (stored.threshold_days, stored.tags) == (90, "seats")  # overwritten knowingly
    assert bytes(Connection.objects.get().credential) == kept


def test_the_trail_names_what_an_edit_changed_and_nothing_else(browser: Client) -> None:
    add(browser)
    address = f"/applications/{Application.objects.get().pk}/edit"
    browser.post(address, typed(client_secret="", threshold_days="30"))
    assert AuditEvent.objects.get(action="application.edited").detail == "threshold days"
    browser.post(address, typed(client_secret="", threshold_days="30"))
    assert AuditEvent.objects.filter(action="application.edited").count() == 1  # nothing was changed


def test_the_end_of_a_secret_is_asked_for_shown_and_changed_alone(browser: Client) -> None:
    add(browser, client_secret_expires="2090-08-01")
    address = f"/applications/{Application.objects.get().pk}/edit"
    page = browser.get(address).content.decode()
    assert re.search(r'<input type="date" name="client_secret_expires" value="2090-08-01"', page)
    sealed = bytes(Connection.objects.get().credential)
    browser.post(address, typed(client_secret="", client_secret_expires="2091-02-03"))
    stored = Connection.objects.get()
    assert to_text(stored.credential_expires or 0) == "2091-02-03T00:00:00Z"
    assert bytes(stored.credential) == sealed
    assert AuditEvent.objects.get(action="application.edited").detail == "credential expires"
    refused = browser.post(address, typed(client_secret="", client_secret_expires="2020-02-03"))
    assert refused.status_code == 422
    assert 'id="id_client_secret_expires_error"' in refused.content.decode()
    browser.post(address, typed(client_secret="", client_secret_expires=""))
    assert Connection.objects.get().credential_expires is None
