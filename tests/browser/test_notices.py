"""An administrator says who shall be told, and uploads what Microsoft counted itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from seatkeeper.sandbox.serve import Sandbox

from .conftest import Eyes
from .test_walk import add, set_up

HEAD = "User name,Display name,Last activity date,Projects visited (Desktop),Projects visited (Web)\n"


@pytest.mark.timeout(600)
@pytest.mark.proof
def test_targets_and_the_activity_report(eyes: Eyes, sandbox: Sandbox) -> None:
    set_up(eyes)
    add(eyes, sandbox)
    add_a_target(eyes)
    upload_a_report(eyes)
    eyes.assert_nothing_noticed()
    assert eyes.looked >= 6


def add_a_target(eyes: Eyes) -> None:
    page = eyes.page
    eyes.go("/notices")
    eyes.look("30-notices")
    page.get_by_role("link", name="Add a target").click()
    page.get_by_label("Name").fill("Our hook")
    page.get_by_label("Type").select_option("webhook")
    page.get_by_label("Address").fill("https://127.0.0.1/inside")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("leads to an internal machine")).to_be_visible()
    eyes.look("31-an-address-that-may-not-be")
    page.get_by_label("Address").fill("https://93.184.215.14/hook")
    page.get_by_label("Sign-ins were lost").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("shown only once")).to_be_visible()
    eyes.look("32-secret-of-a-webhook")
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("button", name="Pause Our hook").click()
    expect(page.get_by_role("button", name="Resume Our hook")).to_be_visible()
    eyes.look("33-targets")


def upload_a_report(eyes: Eyes) -> None:
    page = eyes.page
    eyes.go("/applications/1/integration")
    page.get_by_role("link", name="Upload a report").click()
    for text, name in (("yesterday", "34-wrong-rows-of-a-report"), ("2026-07-20", "35-report-imported")):
        body = f"{HEAD}ada@example.com,Ada,{text},1,0\n".encode()
        page.get_by_label("Report (CSV or XLSX)").set_input_files(
            {"name": "report.csv", "mimeType": "text/csv", "buffer": body}
        )
        page.get_by_label("Days covered").select_option("90")
        page.get_by_label("Last day covered").fill("2026-08-01")
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_text("is not a day" if text == "yesterday" else "was imported")).to_be_visible()
        eyes.look(name)
