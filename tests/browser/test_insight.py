"""Licence insight in a browser: prices, exceptions, what if, two days compared, and a plan to take seats back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from seatkeeper.reporting import refresh
from seatkeeper.services.applications import find_application
from tests.jobs.conftest import Server

from ..conftest import connected
from ..people import NAME, Tenant, open_tenant
from .conftest import Eyes, serving
from .test_walk import set_up

expect.set_options(timeout=30_000)

RIGHT = "SKU,Amount,Currency,Period\nPROJECTPROFESSIONAL,28.10,EUR,month\nPROJECT_P1,120,EUR,year\n"
WRONG = RIGHT + "PROJECTPREMIUM,-5,EUR,month\nPROJECTESSENTIALS,7,euros,month\n"


@pytest.fixture
def server(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Without a scheduler: what was read is what the test has read."""
    with serving(sqlite_database, monkeypatch, "--no-scheduler") as started:
        yield started


@pytest.fixture
def tenant(sqlite_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Tenant]:
    """Read on two days, with people who came and went between."""
    with (
        django_db_blocker.unblock(),
        connected(sqlite_database),
        open_tenant(people=150, churn=15, threshold_days=15) as tenant,
    ):
        for _ in range(2):
            tenant.sync()
            refresh.refresh_application(find_application(tenant.who, NAME), tenant.clock)
            tenant.move(days=3)
        yield tenant


@pytest.mark.timeout(900)
@pytest.mark.proof
def test_from_the_first_price_to_a_plan_that_was_approved(eyes: Eyes, tenant: Tenant, tmp_path: Path) -> None:
    set_up(eyes)
    set_prices(eyes, tmp_path)
    except_somebody(eyes)
    ask_what_if(eyes)
    look_back(eyes)
    plan_to_take_back(eyes)
    eyes.assert_nothing_noticed()
    assert eyes.looked >= 18


def open_application(eyes: Eyes, entry: str) -> Page:
    """One of the links that stand with an application's findings."""
    eyes.go("/applications")
    eyes.page.get_by_role("link", name=NAME).click()
    eyes.page.get_by_role("navigation", name="This application").get_by_role("link", name="Findings").click()
    eyes.page.get_by_role("navigation", name=f"Findings of {NAME}").get_by_role("link", name=entry).click()
    return eyes.page


def set_prices(eyes: Eyes, folder: Path) -> None:
    page = eyes.page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Prices").click()
    expect(page.get_by_role("heading", name="No prices yet")).to_be_visible()
    eyes.look("20-prices-none")
    page.get_by_role("button", name="Load example prices").click()
    expect(page.get_by_text("These are example prices, not yours.").last).to_be_visible()
    eyes.look("21-prices-example")
    page.get_by_label("SKU").fill("PROJECT_P1")
    page.get_by_label("Amount").fill("-1")
    page.get_by_label("Currency").fill("EUR")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("never negative")
    for name, text in (("wrong.csv", WRONG), ("right.csv", RIGHT)):
        (folder / name).write_text(text)
    page.get_by_role("link", name="Import a list").first.click()
    expect(page.get_by_label("CSV or XLSX file")).to_be_visible()
    eyes.look("22-prices-import")
    page.get_by_label("CSV or XLSX file").set_input_files(folder / "wrong.csv")
    page.get_by_role("button", name="Preview").click()
    wrong = page.get_by_role("region", name="What is wrong").locator("tbody tr")
    expect(wrong).to_have_count(2)
    expect(wrong.nth(0)).to_contain_text("4")
    expect(wrong.nth(0)).to_contain_text("Amount")
    expect(wrong.nth(1)).to_contain_text("Currency")
    expect(page.get_by_role("button", name="Import")).to_have_count(0)
    eyes.look("23-prices-wrong")
    page.get_by_role("link", name="Choose another file").click()
    page.get_by_label("CSV or XLSX file").set_input_files(folder / "right.csv")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("button", name="Import 2 prices")).to_be_visible()
    eyes.look("24-prices-right")
    page.get_by_role("button", name="Import 2 prices").click()
    expect(page.get_by_text("2 prices were imported.")).to_be_visible()
    expect(page.get_by_text("These are example prices")).to_have_count(0)
    expect(page.get_by_role("region", name="Prices").get_by_text("28.10", exact=True)).to_be_visible()
    eyes.look("25-prices")


def except_somebody(eyes: Eyes) -> None:
    page = eyes.page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Findings").click()
    expect(page.get_by_role("heading", name="Findings", exact=True)).to_be_visible()
    eyes.look("30-findings")
    page.locator("select[name=key]").select_option("blocked")
    page.wait_for_url("**key=blocked**")
    page.locator("tbody tr").first.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Accepted: the finding is resolved")).to_be_visible()
    page.locator("tbody tr").filter(has_text="open").first.get_by_role("link", name="Make an exception").click()
    page.get_by_label("Reason").fill("on parental leave")
    page.get_by_label("Until").fill("2020-01-01")
    page.get_by_role("button", name="Make an exception").click()
    expect(page.get_by_text("it is past already")).to_be_visible()
    eyes.look("31-finding-refused")
    page.get_by_label("Until").fill("2099-01-01")
    page.get_by_role("button", name="Make an exception").click()
    expect(page.get_by_text("The exception was made")).to_be_visible()
    expect(page.locator(".timeline li")).to_have_count(2)
    eyes.look("32-finding-excepted")
    page.get_by_role("link", name="Exceptions of").click()
    expect(page.get_by_role("row", name="on parental leave")).to_contain_text("2099-01-01")  # the last day
    eyes.look("33-exceptions")
    page.get_by_role("button", name="End").click()
    expect(page.get_by_text("its findings are open again")).to_be_visible()


def ask_what_if(eyes: Eyes) -> None:
    page = open_application(eyes, "What if")
    page.get_by_label("Unused for").fill("3")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("columnheader", name="What if: 3 days")).to_be_visible()
    idle = page.get_by_role("row", name="Idle seats").get_by_role("cell")
    today, then = (int(text) for text in idle.all_inner_texts())
    assert then > today
    expect(page.get_by_role("row", name="Idle, a year")).to_contain_text("EUR")
    eyes.look("40-what-if")
    page.get_by_label("Unused for").fill("200")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("cannot be said before")).to_be_visible()
    eyes.look("41-what-if-too-long")
    page.get_by_label("Unused for").fill("3")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Use 3 days").click()
    expect(page.get_by_role("columnheader", name="Today: 3 days")).to_be_visible()
    page.get_by_role("navigation", name="This application").get_by_role("link", name="Overview").click()
    expect(page.get_by_text("idle, a year")).to_be_visible()
    eyes.look("42-overview-with-money")


def look_back(eyes: Eyes) -> None:
    page = eyes.page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="History").click()
    page.get_by_label("Day", exact=True).fill("2026-08-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("region", name="Rows of the day").locator("tbody tr").first).to_be_visible()
    eyes.look("50-history")
    page.get_by_label("Show", exact=True).select_option("compare")
    page.get_by_label("From", exact=True).fill("2026-08-01")
    page.get_by_label("To", exact=True).fill("2026-08-04")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".total")).to_contain_text("joined")
    eyes.look("51-compare")
    page.get_by_label("To", exact=True).fill("2026-07-01")
    page.locator("form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_contain_text("earlier day first")
    eyes.go("/history?show=position&day=2026-08-04")
    expect(page.get_by_role("link", name="Printable page")).to_be_visible()
    eyes.look("52-position")
    page.get_by_role("link", name="Printable page").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2026-08-04")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.emulate_media(media="screen")
    eyes.look("53-position-to-print")


def plan_to_take_back(eyes: Eyes) -> None:
    page = open_application(eyes, "Reclaim plans")
    expect(page.get_by_role("heading", name="Reclaim plans")).to_be_visible()
    eyes.look("60-plans-none")
    page.get_by_label("Name").fill("August")
    page.get_by_role("button", name="Propose").click()
    rows = page.get_by_role("region", name="Seats of the plan").locator("tbody tr")
    expect(rows.first).to_be_visible()
    count = rows.count()
    assert count > 3
    eyes.look("61-plan-draft")
    page.locator("input[name=keep]").first.uncheck()
    page.get_by_role("button", name="Approve the ticked seats").click()
    expect(page.get_by_text(f"Approved: {count - 1} seats")).to_be_visible()
    eyes.look("62-plan-approved")
    with page.expect_download() as download:
        page.get_by_role("link", name="Azure CLI", exact=True).click()
    script = download.value.path().read_text()
    to_take = rows.filter(has=page.get_by_text("proposed", exact=True))
    of_groups = to_take.filter(has=page.get_by_role("cell", name="group", exact=True)).count()
    assert script.count("\ntake ") == count - 1 - of_groups
    page.get_by_label("Answer of").first.select_option("needed")
    expect(page.get_by_text("kept", exact=True)).to_be_visible()
    eyes.look("63-plan-answered")
    page.go_back()
    open_application(eyes, "Reclaim plans")
    expect(page.get_by_role("region", name="Plans")).to_be_visible()
    eyes.look("64-plans")
