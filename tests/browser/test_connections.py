"""In a browser: from one product to several of Microsoft 365, on the pages of its tenant and by Add Application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from tests.jobs.conftest import Server

from ..conftest import connected
from ..people import NAME, Tenant, open_tenant
from .conftest import Eyes, serving
from .test_walk import set_up


@pytest.fixture
def server(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Without a scheduler: what was read is what the test has read."""
    with serving(sqlite_database, monkeypatch, "--no-scheduler") as started:
        yield started


@pytest.fixture
def tenant(sqlite_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Tenant]:
    with django_db_blocker.unblock(), connected(sqlite_database), open_tenant(people=80, everything=True) as tenant:
        tenant.sync()
        yield tenant


@pytest.mark.timeout(900)
@pytest.mark.proof
def test_from_one_product_to_several_of_its_tenant(eyes: Eyes, tenant: Tenant) -> None:
    set_up(eyes)
    page = eyes.page
    eyes.go("/connections")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tenants")
    eyes.look("80-tenants")
    page.get_by_role("link", name=tenant.sandbox.tenant_id).click()
    eyes.look("81-tenant")
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("alert")).to_be_focused()
    eyes.look("82-tenant-refused")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What changes")
    expect(page.get_by_text(f"No figure of “{NAME}” changes.")).to_be_visible()
    eyes.look("83-what-changes")
    page.get_by_role("button", name="Add these 5 products").click()
    expect(page.get_by_role("status")).to_contain_text("Microsoft Power BI")
    eyes.look("84-tenant-with-six-products")
    tenant.sync()
    look_over_all_products(eyes, tenant)
    eyes.go("/applications/add")
    eyes.look("85-catalogue")
    page.get_by_role("link", name="Microsoft 365 Certificate Based Authentication").click()
    expect(page.get_by_label("Client Secret", exact=True)).to_have_count(0)
    eyes.look("86-microsoft-365")
    eyes.assert_nothing_noticed()


def look_over_all_products(eyes: Eyes, tenant: Tenant) -> None:
    """From the page of the tenant: its people, one of them, its licence position and true-up, and what is to do."""
    page = eyes.page
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    eyes.look("87-people")
    page.get_by_label("Search in people").fill("ada.berg")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="ada.berg@northwind.example").click()
    expect(page.get_by_role("heading", name="Products and signals")).to_be_visible()
    eyes.look("88-products-and-signals")
    eyes.go("/connections")
    page.get_by_role("link", name=tenant.sandbox.tenant_id).click()
    page.get_by_role("link", name="Licence position").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Licence position")
    eyes.look("90-licence-position")
    eyes.go(page.url.removeprefix(eyes.url).replace("/position", "/true-up"))
    eyes.look("91-true-up")
    eyes.go("/findings")
    eyes.look("89-findings-of-six-products")
