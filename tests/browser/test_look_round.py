"""In a browser: somebody looks round in their tenant, by the page of the vendor that they sign in at, and keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from seatkeeper.sandbox.serve import Sandbox
from tests.graph.vendor import closed_port
from tests.jobs.conftest import Server

from .conftest import Eyes, opened, serving
from .test_walk import set_up


@pytest.fixture
def server(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """At an address that it knows, so that the way back leads there."""
    port = closed_port()
    monkeypatch.setenv("SEATKEEPER_URL", f"http://127.0.0.1:{port}")
    with serving(sqlite_database, monkeypatch, "--port", str(port)) as started:
        yield started


@pytest.fixture
def eyes(browser: Browser, server: Server, sandbox: Sandbox) -> Iterator[Eyes]:
    with opened(browser, server.url, sandbox.login_url) as seeing:
        yield seeing


@pytest.mark.timeout(600)
@pytest.mark.proof
def test_somebody_looks_round_and_keeps_what_they_see(eyes: Eyes, sandbox: Sandbox) -> None:
    set_up(eyes)
    page = eyes.page
    fill_in(eyes, sandbox)
    page.get_by_role("button", name="Go on to sign in").click()
    expect(page.get_by_role("heading", name="Sign in to your tenant")).to_be_visible()
    eyes.look("91-sign-in")
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
    eyes.look("92-not-signed-in")
    fill_in(eyes, sandbox)
    page.get_by_role("button", name="Go on to sign in").click()
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Global Reader").click()
    expect(page.get_by_role("heading", name="You are looking round")).to_be_visible()
    eyes.look("93-looking-round")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("button", name="Sign in again")).to_be_visible()
    eyes.look("94-kept")
    eyes.assert_nothing_noticed()


def fill_in(eyes: Eyes, sandbox: Sandbox) -> None:
    page = eyes.page
    eyes.go("/applications/add?suite=microsoft-365")
    eyes.look("90-look-round")
    page.get_by_label("Tenant ID").fill(sandbox.tenant_id)
    page.get_by_label("Client ID").fill(sandbox.client_id)
    page.get_by_text("More options").click()
    page.get_by_label("Login URL").fill(sandbox.login_url)
    page.get_by_label("Graph URL").fill(sandbox.graph_url)
    page.get_by_label("CA File").fill(Path(sandbox.ca_file).read_text())
