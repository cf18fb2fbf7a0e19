"""Each request is measured and logged by its route; what it asked for in particular is in neither."""

from __future__ import annotations

import logging

import pytest
from django.test import Client
from structlog.contextvars import get_contextvars

from seatkeeper.store.models import Organization
from seatkeeper.telemetry import HTTP

from .conftest import SignedIn


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    """Where the test can read it."""
    caplog.set_level(logging.DEBUG, "seatkeeper.access")


def measured(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    samples = [sample for family in HTTP.collect() for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name.endswith("_count") and sample.labels == labels)


def test_a_request_is_told_by_its_route_without_what_was_searched_for(
    signed_in: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    browser, route = signed_in(), "/applications/<int:application_id>/users/<object_id>"
    before = measured("GET", route, 404)
    browser.get("/applications/7/users/ada-secret?search=Lovelace")
    (record,) = [each for each in caplog.records if each.name == "seatkeeper.access"]
    assert record.getMessage() == f"GET {route}"
    assert (record.__dict__["status"], record.levelname) == (404, "INFO")
    assert record.__dict__["ms"] >= 0
    assert "ada" not in record.getMessage().lower()
    assert "Lovelace" not in caplog.text
    assert measured("GET", route, 404) == before + 1


def test_what_does_not_exist_and_odd_methods_are_one_line_each(signed_in: SignedIn) -> None:
    client = signed_in()
    before = measured("GET", "none", 404), measured("other", "none", 404)
    for number in range(3):
        client.get(f"/nothing/{number}")
        client.generic(f"BREW{number}", f"/nothing/{number}")
    after = measured("GET", "none", 404), measured("other", "none", 404)
    assert [new - old for old, new in zip(before, after, strict=True)] == [3, 3]


def test_probes_are_no_news(client: Client, organization: Organization, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/healthz")
    assert [(record.getMessage(), record.levelname) for record in caplog.records] == [("GET /healthz", "DEBUG")]


def test_the_id_of_a_request_is_taken_from_the_proxy_or_made_and_sent_back(
    client: Client, organization: Organization
) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"
    for odd in ("", "a b", "x" * 65, "é", "a\nb"):
        made = client.get("/healthz", headers={"X-Request-Id": odd}).headers["X-Request-Id"]
        assert len(made) == 32
        assert made.isalnum()
    assert get_contextvars() == {}, "nothing of a request is said of the next one"
