"""Authorize: the preflight as a list that fills by itself, with the way to mend what does not hold."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client

from seatkeeper.jobs import preflights
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, AuditEvent, Connection
from seatkeeper.web.frame import live

from ..people import open_tenant
from .conftest import SignedIn


@contextmanager
def at(browser: Client, *faults: str) -> Iterator[str]:
    """The address of the check list of an application whose tenant has these faults."""
    with open_tenant(people=20, faults=faults):
        yield f"/applications/{Application.objects.get().pk}/authorize"


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.APPLICATIONS)


def heard(browser: Client, address: str) -> list[str]:
    """The parts that the browser is sent, the list as it grows."""
    answer = browser.get(f"{address}/events")
    assert answer["Content-Type"].startswith("text/event-stream")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    events = [event for event in text.split("\n\n") if event and not event.startswith("retry")]
    assert events[-1].startswith("event: end")
    assert all(re.fullmatch(r"event: part(\ndata: .*)+", event) for event in events[:-1])
    return ["\n".join(line[6:] for line in event.splitlines()[1:]) for event in events[:-1]]


def test_the_list_grows_check_by_check_and_ends_with_the_first_sync(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, go_through = threading.Event(), preflights.go_through

    def wait_for_the_page(*given: Any) -> None:
        assert looked.wait(60)
        go_through(*given)

    def event(*given: str) -> str:
        looked.set()
        return to_event(*given)

    to_event = live.event
    monkeypatch.setattr(preflights, "go_through", wait_for_the_page)
    monkeypatch.setattr(live, "event", event)
    with at(browser) as address:
        parts = heard(browser, address)
    counts = [part.count("<li") for part in parts]
    assert counts[:-1] == sorted(counts[:-1])  # the last one also says how to go on
    assert counts[0] < counts[-1]
    assert parts[0].count('class="passed"') == 0
    assert parts[-1].count('class="passed"') >= 7
    assert "failed" not in parts[-1]
    assert "Start the first run" in parts[-1]
    assert "Start the first run" not in parts[-2]
    assert AuditEvent.objects.filter(action="application.authorized").count() == 1


def test_without_scripts_the_finished_list_is_sent_whole(browser: Client) -> None:
    with at(browser) as address:
        before = browser.get(address).content.decode()
        assert f'data-live="{address}/events"' in before
        assert "<noscript>" in before
        after = browser.post(address).content.decode()
    assert "Start the first run" in after
    assert "data-live" not in after


@pytest.mark.parametrize(
    ("fault", "words"),
    [("no-auditlog", "Permission AuditLog.Read.All"), ("no-premium", "P1 or P2")],
)
def test_each_failure_says_what_mends_it_and_offers_to_try_again(browser: Client, fault: str, words: str) -> None:
    with at(browser, fault) as address:
        last = heard(browser, address)[-1]
    assert words in last
    assert 'class="failed"' in last
    assert "Try again" in last
    assert "Start the first run" not in last
    if fault == "no-auditlog":
        assert "b0afded3-3588-46d8-8b3d-9842eff778da=Role" in last


@pytest.mark.usefixtures("made_up_credentials")
def test_a_wrong_secret_stops_the_list_at_its_cause(browser: Client) -> None:
    with at(browser) as address:
        browser.post(
            address.replace("authorize", "edit"),
            _as_it_is() | {"client_secret": "wrong-but-possible-secret-0123456789"},
        )
        last = heard(browser, address)[-1]
    assert last.count('class="failed"') == 1
    assert "Credential accepted" in last
    assert "wrong-but-possible-secret" not in last


def _as_it_is() -> dict[str, object]:
    connection = Connection.objects.get()
    return {
        "name": "Project", "tasks": ["roster"], "client_id": connection.client_id, "cloud": connection.cloud,
        "threshold_days": 60, "login_url": connection.login_url, "graph_url": connection.graph_url,
        "ca_file": connection.ca_file,
    }  # fmt: skip


def test_a_tenant_that_cannot_be_reached_is_a_line_of_the_list_and_no_broken_page(browser: Client) -> None:
    with at(browser) as address:
        Connection.objects.update(ca_file="/nowhere/ca.pem")
        last = heard(browser, address)[-1]
    assert 'class="failed"' in last
    assert "CA File" in last
    assert "Try again" in last


def test_a_viewer_may_not_knock_at_the_tenant(browser: Client, signed_in: SignedIn) -> None:
    with at(browser) as address:
        viewer = signed_in(Role.VIEWER)
        assert viewer.get(address).status_code == 403
        assert viewer.get(f"{address}/events").status_code == 403
    assert not AuditEvent.objects.filter(action="application.authorized").exists()
