"""A real browser at a real server: Debian's Chromium, `seatkeeper serve`, and the pretend tenant behind it.

Every page that is looked at is held against WCAG 2.2 AA by axe, must not send a report about its content security
policy, and leaves a picture in the folder SCREENSHOTS names (by default one in the temporary folder).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from tests.jobs.conftest import Server
from tests.thorough import DAY, THOROUGH

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(__file__).parents[2] / "src/seatkeeper/web/static/seatkeeper/vendor/axe.min.js"
PICTURES = Path(os.environ.get("SCREENSHOTS") or Path(tempfile.gettempdir()) / "seatkeeper-pictures")
WIDTHS = (1280, 390)
THEMES = ("light", "dark")
LOOKS = [(theme, width) for theme in THEMES for width in WIDTHS]
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these tests cannot be run, and say so."""
    if CHROMIUM is None:
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.skip(reason="no Chromium here: apt-get install chromium"))


class Eyes:
    """A page with what a careful person would notice about it."""

    def __init__(self, context: BrowserContext, url: str, elsewhere: str = "data:") -> None:
        """`elsewhere` is another place that may be asked."""
        self.url = url
        self.elsewhere = elsewhere
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.noticed: list[str] = []
        self.looked = 0
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.noticed.append(f"script failed: {error}"))
        self.page.on("request", self._watch)

    def _hear(self, message: ConsoleMessage) -> None:
        expected = "status of 404" in message.text or "status of 4" in message.text
        if message.type in ("error", "warning") and not expected:
            self.noticed.append(f"console: {message.text}")

    def _watch(self, request: Any) -> None:
        if not request.url.startswith((self.url, self.elsewhere, "data:")):
            self.noticed.append(f"asked another host: {request.url}")

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def look(self, name: str) -> None:
        """See the page in both widths and both themes; nothing may stick out, be unreadable or break a rule.

        In `make test` one of the four has its turn, another for each page and on each day.
        """
        PICTURES.mkdir(parents=True, exist_ok=True)
        for theme, width in LOOKS if THOROUGH else [LOOKS[(DAY + self.looked) % len(LOOKS)]]:
            self.page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.screenshot(path=PICTURES / f"{name}-{width}-{theme}.png", full_page=True)
            self._judge(f"{name} at {width} px, {theme}")
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        self.looked += 1

    def _judge(self, where: str) -> None:
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.noticed.append(f"{where}: the page is wider than the window")
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(r => r.violations.map("
            "v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | ')))",
            AXE_TAGS,
        )
        self.noticed += [f"{where}: {violation}" for violation in found]

    def assert_nothing_noticed(self) -> None:
        assert self.noticed == []


@pytest.fixture(scope="package")  # and no longer: other tests run event loops of their own in this thread
def browser() -> Iterator[Browser]:
    # Playwright leaves an event loop running in this thread, in which Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(settings=Settings(people=80, days=40)) as tenant:
        yield tenant


@contextmanager
def serving(database: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> Iterator[Server]:
    monkeypatch.setenv("SEATKEEPER_DATABASE_URL", database)
    started = Server("serve", "--port", "0", *options).ready()
    yield started
    with suppress(Exception):
        started.stop()
    assert started.process.stderr is not None
    started.process.stderr.close()
    sys.stderr.writelines(started.said)  # shown when the test fails


@pytest.fixture
def server(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(sqlite_database, monkeypatch) as started:
        yield started


@pytest.fixture
def eyes(browser: Browser, server: Server) -> Iterator[Eyes]:
    with opened(browser, server.url) as seeing:
        yield seeing


@contextmanager
def opened(browser: Browser, url: str, elsewhere: str = "data:") -> Iterator[Eyes]:
    """axe is loaded with every document before its policy holds. Elsewhere a certificate may be of any authority."""
    # Without motion, so that nothing is judged half way from one theme to the other.
    context = browser.new_context(
        accept_downloads=True, locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce",
        ignore_https_errors=True,
    )  # fmt: skip
    context.add_init_script(path=AXE)
    # What the browser would report about a broken policy ends in the console, which is listened to.
    seeing = Eyes(context, url, elsewhere)
    yield seeing
    with suppress(Exception):
        seeing.page.screenshot(path=PICTURES / "last.png", full_page=True)
    context.close()
