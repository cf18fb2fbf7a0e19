"""In a browser: a customer joins by a link, others from a list, and all are checked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from seatkeeper.sandbox.serve import More, Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from tests.jobs.conftest import Server

from .conftest import Eyes, opened
from .test_look_round import server  # noqa: F401 - a fixture
from .test_walk import set_up

HOME = "/connections/onboarding"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The provider's tenant and a customer's, which does not know the provider's application yet."""
    with Sandbox(settings=Settings(people=40, days=10), more=More(tenants=2)) as sandbox:
        sandbox.tenants[1].service_principal_since = math.inf
        yield sandbox


@pytest.fixture
def eyes(browser: Browser, server: Server, sandbox: Sandbox) -> Iterator[Eyes]:  # noqa: F811 - the fixture
    with opened(browser, server.url, sandbox.login_url) as seeing:
        yield seeing


@pytest.mark.timeout(600)
@pytest.mark.proof
def test_customers_join_by_a_link_and_from_a_list(eyes: Eyes, sandbox: Sandbox, tmp_path: Path) -> None:
    set_up(eyes)
    keep_registration(eyes, sandbox)
    page, customer = eyes.page, sandbox.tenants[1]
    page.get_by_role("link", name="Make a link").click()
    eyes.look("a2-make-a-link")
    page.get_by_label("Customer").fill("Contoso")
    page.get_by_role("textbox", name="Tenant").fill(customer.tenant_id)
    page.get_by_label("Microsoft Project", exact=True).check()
    page.get_by_role("button", name="Make the link").click()
    eyes.look("a3-link")
    address = page.get_by_label("Link").input_value()
    page.goto(address)
    page.get_by_role("button", name="Global Reader").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    eyes.look("a4-done")
    joined = page.get_by_role("region", name="Consent links").get_by_text("joined")
    for _ in range(40):
        eyes.go(HOME)
        if joined.is_visible():
            break
        page.wait_for_timeout(500)
    expect(joined).to_be_visible()
    eyes.look("a5-joined")
    import_list(eyes, sandbox, tmp_path)
    eyes.assert_nothing_noticed()


def keep_registration(eyes: Eyes, sandbox: Sandbox) -> None:
    page = eyes.page
    eyes.go(HOME)
    eyes.look("a0-onboarding")
    page.get_by_role("link", name="Set it up").click()
    page.get_by_label("Tenant ID").fill(sandbox.tenant_id)
    page.get_by_label("Client ID").fill(sandbox.client_id)
    page.get_by_label("Client Secret", exact=True).fill(sandbox.client_secret)
    page.get_by_text("More options").click()
    page.get_by_label("Login URL").fill(sandbox.login_url)
    page.get_by_label("Graph URL").fill(sandbox.graph_url)
    page.get_by_label("CA File").fill(Path(sandbox.ca_file).read_text())
    eyes.look("a1-registration")
    page.get_by_role("button", name="Try and save").click()
    expect(page.get_by_text("Its credential works.")).to_be_visible()


def import_list(eyes: Eyes, sandbox: Sandbox, folder: Path) -> None:
    page, file = eyes.page, folder / "customers.csv"
    told = f"{sandbox.client_id},{sandbox.client_secret},microsoft-project,{sandbox.login_url},{sandbox.graph_url}"
    authorities = Path(sandbox.ca_file).read_text()
    rows = [f'Fabrikam,{sandbox.tenant_id},{told},"{authorities}"', f"Wrong,nowhere,{told},"]
    file.write_text("\n".join(["Name,Tenant,Client ID,Secret,Products,Login URL,Graph URL,CA File", *rows]))
    page.get_by_role("link", name="Import a list").click()
    eyes.look("a6-import")
    page.get_by_label("CSV or XLSX file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="2 rows, 1 right")).to_be_visible()
    eyes.look("a7-preview")
    page.get_by_role("button", name="Add 1 and authorize").click()
    expect(page.get_by_text("1 of 1 tenant checked")).to_be_visible()
    page.get_by_role("link", name="Show the results").click()
    expect(page.get_by_role("region", name="Checks of tenants").get_by_text("passed")).to_be_visible()
    eyes.look("a8-checks")
