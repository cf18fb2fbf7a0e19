"""Pages say that their figures are from before a change, and show the new ones by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from seatkeeper.jobs import refreshes
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, Finding, Organization

from ..people import Tenant, read_tenant
from .conftest import SignedIn

WORDS = "Figures are being recalculated."


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.LICENSES)


@pytest.fixture
def tenant(browser: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """A tenant that counts as large, with a price that nobody has drawn yet."""
    monkeypatch.setattr(refreshes, "SMALL", 5)
    with read_tenant(people=60) as tenant:
        form = {"part_number": "PROJECT_P1", "amount": "10", "currency": "EUR", "period": "month"}
        assert browser.post("/prices/set", form).status_code == 302
        yield tenant


def test_pages_with_figures_say_so_until_the_new_ones_are_there(browser: Client, tenant: Tenant) -> None:
    application, finding = Application.objects.get().pk, Finding.objects.filter(state="open")[0].pk
    one = f"/applications/{application}"
    of_one = [one, f"{one}/users", f"{one}/findings", f"/findings/{finding}"]
    of_all = ["/applications", "/prices", "/findings", "/suspicious"]
    addresses = dict.fromkeys(of_one, f"{one}/refreshing/events") | dict.fromkeys(of_all, "/refreshing/events")
    for path, events in addresses.items():
        html = browser.get(path).content.decode()
        assert WORDS in html, path
        assert f'data-live="{events}"' in html
    assert WORDS not in browser.post("/prices/set", {"part_number": ""}).content.decode()  # no form is taken away
    refreshes.refresh_due(application)
    for path in addresses:
        assert WORDS not in browser.get(path).content.decode(), path


def test_the_stream_ends_when_the_figures_are_there(browser: Client, tenant: Tenant) -> None:
    application = Application.objects.get().pk
    for path in ("/refreshing/events", f"/applications/{application}/refreshing/events"):
        Application.objects.update(refresh_wanted_since=1)
        answer = browser.get(path)
        events = iter(answer.streaming_content)  # type: ignore[attr-defined]
        next(events)
        assert WORDS in next(events).decode()
        refreshes.refresh_due(application)
        assert "The new figures are ready." in next(events).decode()
        assert next(events).decode().startswith("event: end")
        answer.close()


def test_an_application_of_somebody_else_has_no_stream(
    signed_in: SignedIn, other_organization: Organization, tenant: Tenant
) -> None:
    stranger = signed_in(Role.ADMINISTER, other_organization)
    assert stranger.get(f"/applications/{Application.objects.get().pk}/refreshing/events").status_code == 404
    assert WORDS not in stranger.get("/prices").content.decode()
