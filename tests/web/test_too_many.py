"""More parameters than any form of ours has: a refusal, and never an error of the server."""

from __future__ import annotations

import pytest
from django.test import Client

from .conftest import SignedIn

MANY = "&".join(f"a{n}=1" for n in range(501))


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    client = signed_in()
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    "path",
    ["/applications", "/suspicious", "/audit", "/history", "/accounts/login/", "/setup", "/api/v1/findings",
     "/api/v1/applications", "/applications/add", "/nothing", "/healthz", "/findings/export.csv"],
)  # fmt: skip
@pytest.mark.parametrize("signed", [True, False])
def test_too_many_parameters_of_an_address_are_refused(browser: Client, path: str, signed: bool) -> None:
    client = browser if signed else Client(raise_request_exception=False)
    assert client.get(f"{path}?{MANY}").status_code < 500
    if signed and path in ("/applications", "/audit", "/api/v1/findings"):
        assert client.get(f"{path}?{MANY}").status_code == 400


@pytest.mark.parametrize("path", ["/profile", "/applications/add?product=microsoft-project", "/accounts/login/"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_too_many_fields_of_a_form_are_refused(browser: Client, path: str, kind: str) -> None:
    body = MANY
    if kind.startswith("multipart"):
        part = '--x\r\nContent-Disposition: form-data; name="a{}"\r\n\r\n1\r\n'
        body = "".join(part.format(n) for n in range(501)) + "--x--\r\n"
    assert browser.post(path, body, content_type=kind).status_code == 400


def test_a_script_that_sends_too_many_is_told_so_in_a_problem_document(browser: Client) -> None:
    answer = browser.get(f"/api/v1/findings?{MANY}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
