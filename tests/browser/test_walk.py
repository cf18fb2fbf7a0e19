"""The whole way of an administrator in a browser, from the first start to signing out."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services import setup

from .conftest import Eyes

EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"
NAME = "Project of the test"

expect.set_options(timeout=30_000)

# What can be wrong at Microsoft, and the words that a page must find for it.
TROUBLES = (
    ("wrong-secret", "Credential accepted"),
    ("secret-expired", "Credential accepted"),
    ("app-gone", "Credential accepted"),
    ("no-consent", "Permission"),
    ("no-premium", "P1 or P2"),
    ("concealed-names", "conceal"),
)


@pytest.mark.timeout(900)
def test_from_the_first_start_to_signing_out(eyes: Eyes, sandbox: Sandbox) -> None:
    set_up(eyes)
    add(eyes, sandbox)
    authorize(eyes, sandbox)
    read_for_the_first_time(eyes)
    look_around(eyes)
    find_a_finding_in_three_clicks(eyes)
    export(eyes)
    deactivate_and_reactivate(eyes)
    sign_out(eyes)
    eyes.assert_nothing_noticed()
    assert eyes.looked >= 20


def set_up(eyes: Eyes) -> None:
    page = eyes.page
    eyes.go("/")
    eyes.look("01-set-up")
    page.get_by_label("Set-up token").fill(setup.make_token())
    page.get_by_label("E-mail").fill(EMAIL)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name="Managed SaaS Applications")).to_be_visible()
    eyes.look("02-no-application-yet")


def add(eyes: Eyes, sandbox: Sandbox) -> None:
    page = eyes.page
    page.get_by_role("link", name="Add Application").first.click()
    eyes.look("03-catalogue")
    page.get_by_role("link", name="Microsoft Project").first.click()
    page.get_by_label("Name").first.fill(NAME)
    page.get_by_label("Tenant ID").fill("common")
    page.get_by_label("Client ID").fill(sandbox.client_id)
    page.get_by_label("Client Secret", exact=True).fill(sandbox.client_secret)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_text("stands for many tenants")).to_be_visible()
    expect(page.get_by_label("Name").first).to_have_value(NAME)  # the form is kept
    eyes.look("04-add-refused")
    page.get_by_label("Tenant ID").fill(sandbox.tenant_id)
    page.get_by_label("Client Secret", exact=True).fill(sandbox.client_secret)  # which is never sent back to a page
    page.get_by_text("More options").click()
    page.locator("[name=login_url]").fill(sandbox.login_url)
    page.locator("[name=graph_url]").fill(sandbox.graph_url)
    page.locator("[name=ca_file]").fill(Path(sandbox.ca_file).read_text())
    sandbox.tenant.switch_on(TROUBLES[0][0])
    page.get_by_role("button", name="Authorize").click()


def authorize(eyes: Eyes, sandbox: Sandbox) -> None:
    page = eyes.page
    for number, (trouble, words) in enumerate(TROUBLES):
        if number:
            sandbox.tenant.switch_off()
            sandbox.tenant.switch_on(trouble)
            page.get_by_role("link", name="Try again").click()
        expect(page.get_by_role("link", name="Try again")).to_be_visible(timeout=60_000)
        failed = page.locator("li.failed")
        expect(failed.filter(has_text=words).first).to_be_visible()
        if number in (0, 3):
            eyes.look(f"05-authorize-{trouble}")
    sandbox.tenant.switch_off()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_text("All checks passed.")).to_be_visible(timeout=60_000)
    eyes.look("06-authorized")


def read_for_the_first_time(eyes: Eyes) -> None:
    """The scheduler may have begun by itself: asked again, it is that run that was asked for."""
    page = eyes.page
    page.get_by_role("button", name="Start the first run").click()
    expect(page.get_by_role("heading", name="Integration", exact=True)).to_be_attached()
    eyes.look("07-under-way")
    for title in ("License Information", "Application Roster", "Application Access"):
        task = page.get_by_role("region", name=title)
        expect(task.get_by_text("complete", exact=True)).to_be_visible(timeout=120_000)
    eyes.look("08-integration")


def look_around(eyes: Eyes) -> None:
    page = eyes.page
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("seats bought").first).to_be_visible()
    eyes.look("09-overview")
    page.get_by_role("link", name="Users", exact=True).click()
    expect(page.get_by_role("cell", name="Ada", exact=True)).to_be_visible()
    eyes.look("10-users")
    page.get_by_label("Search in users").fill("bo.")
    page.get_by_role("button", name="Show", exact=True).click()
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", name=re.compile("bo", re.IGNORECASE)).first).to_be_visible()
    eyes.look("11-person")
    page.go_back()
    for tab in ("Licenses", "Findings", "Suspicious Activities", "Activity"):
        page.get_by_role("navigation", name="This application").get_by_role("link", name=tab, exact=True).click()
        expect(page.get_by_role("navigation", name="This application").locator("[aria-current=page]")).to_have_text(tab)
        eyes.look(f"12-{tab.lower().replace(' ', '-')}")
    for path in ("/suspicious", "/employees", "/members", "/members/invite", "/audit", "/profile", "/profile/tokens"):
        eyes.go(path)
        eyes.look(f"13{path.replace('/', '-')}")
    for path in ("/accounts/2fa/", "/accounts/sessions/", "/api/v1/docs", "/nothing-here"):
        eyes.go(path)
        eyes.look(f"14{path.rstrip('/').replace('/', '-')}")


def find_a_finding_in_three_clicks(eyes: Eyes) -> None:
    """From the list of applications: the application, its findings, one of them."""
    page = eyes.page
    eyes.go("/applications")
    eyes.look("15-applications")
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("navigation", name="This application").get_by_role("link", name="Findings").click()
    page.get_by_role("row").filter(has_text="blocked").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Blocked")
    eyes.look("16-finding")


def export(eyes: Eyes) -> None:
    """The file holds exactly what was filtered."""
    page = eyes.page
    page.get_by_role("link", name=NAME).first.click()
    page.get_by_role("navigation", name="This application").get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("search").get_by_label("Blocked").select_option("yes")
    page.wait_for_url("**blocked=yes**")
    expect(page.locator(".total")).to_contain_text("row")
    total = int(page.locator(".total").inner_text().split()[0])
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert len(rows) == total > 0
    assert {row["Blocked"] for row in rows} == {"yes"}


def deactivate_and_reactivate(eyes: Eyes) -> None:
    page = eyes.page
    page.get_by_role("link", name="Edit").click()
    eyes.look("17-edit")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("deactivated").first).to_be_visible()
    page.get_by_role("button", name="Reactivate").click()
    expect(page.get_by_role("button", name="Run now").first).to_be_visible()


def sign_out(eyes: Eyes) -> None:
    page = eyes.page
    page.locator(".bar-end summary").click()
    page.get_by_role("button", name="Sign out").click()
    eyes.go("/applications")
    expect(page.get_by_role("button", name="Sign in").first).to_be_visible()
    eyes.look("18-sign-in")
    page.go_back()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)  # nothing comes back from a cache
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill("wrong")
    page.get_by_role("button", name="Sign in").first.click()
    expect(page.get_by_role("alert").or_(page.locator(".field-error")).first).to_be_visible()
    eyes.look("19-sign-in-refused")
