"""In a browser, figures that are worked out anew come by themselves, and no form is taken away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from seatkeeper.clock import system_clock
from seatkeeper.jobs import refreshes
from seatkeeper.store.models import Application
from tests.jobs.conftest import Server

from ..conftest import connected
from ..people import NAME, Tenant, open_tenant
from .conftest import Eyes, serving
from .test_walk import set_up

WORDS = "Figures are being recalculated."


@pytest.fixture
def server(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Without a scheduler: the test says when something is drawn."""
    with serving(sqlite_database, monkeypatch, "--no-scheduler") as started:
        yield started


@pytest.fixture
def tenant(sqlite_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Tenant]:
    with django_db_blocker.unblock(), connected(sqlite_database), open_tenant(people=80) as tenant:
        tenant.sync()
        yield tenant


@pytest.mark.timeout(600)
@pytest.mark.proof
def test_new_figures_come_by_themselves_and_take_no_form_away(eyes: Eyes, tenant: Tenant) -> None:
    set_up(eyes)
    page, application = eyes.page, Application.objects.get()
    for typed in (False, True):
        Application.objects.update(refresh_wanted_since=system_clock())
        eyes.go("/prices")
        expect(page.get_by_text(WORDS)).to_be_visible()
        if typed:
            page.get_by_label("SKU").fill("PROJECT_P1")
        else:
            eyes.look("70-prices-being-drawn")
            eyes.go(f"/applications/{application.pk}")
            expect(page.get_by_role("heading", name=NAME)).to_be_visible()
            eyes.look("71-overview-being-drawn")
            page.evaluate("window.mark = true")
        refreshes.refresh_due(application.pk)
        if typed:
            expect(page.get_by_text("The new figures are ready.")).to_be_visible()
            expect(page.get_by_label("SKU")).to_have_value("PROJECT_P1")
            eyes.look("72-prices-drawn-beside-a-form")
            page.get_by_role("link", name="Show them").click()
        expect(page.get_by_text(WORDS)).to_have_count(0)
        assert page.evaluate("window.mark === undefined")  # it was loaded anew
    expect(page.get_by_text("The new figures are ready.")).to_have_count(0)
    eyes.assert_nothing_noticed()
