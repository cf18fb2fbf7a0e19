"""Seatkeeper in a folder of its address: every link, form, redirect, cookie and stream stays in it."""

from __future__ import annotations

import json
import re
from contextlib import closing
from functools import cache
from html.parser import HTMLParser

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client

from seatkeeper.api import docs
from seatkeeper.services import addresses, look_rounds
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Organization
from seatkeeper.web.accounts.single_sign_on.provider import callback_url
from seatkeeper.web.frame.folder import in_a_folder

from .conftest import PASSWORD, NewMember, SignedIn

FOLDER = "/some/seats"
SETTINGS = SEATKEEPER._replace(address=SEATKEEPER.address._replace(folder=FOLDER))


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("web.frame.folder", "web.frame.headers", "api.docs", "web.accounts.members",
                   "web.accounts.single_sign_on.provider", "services.look_rounds", "services.addresses"):  # fmt: skip
        monkeypatch.setattr(f"seatkeeper.{module}.SEATKEEPER", SETTINGS)
    for cached in (docs._described, docs._as_json, docs._groups):
        monkeypatch.setattr(docs, cached.__name__, cache(cached.__wrapped__))


class Addresses(HTMLParser):
    """Every address of ours that a page leads to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = ("href", "action", "formaction", "src", "data-live", "poster", "data-url")
        self.found += [value for name, value in attrs if name in names and value and value.startswith("/")]


PAGES = ("/applications", "/applications/add", "/connections", "/members", "/notices", "/profile/tokens", "/prices",
         "/suspicious", "/history", "/audit", "/api/v1/docs", "/accounts/2fa/", "/nothing-here")  # fmt: skip


@pytest.mark.parametrize("kept", [True, False], ids=["kept by the proxy", "taken off by the proxy"])
def test_every_address_of_a_page_leads_into_the_folder(signed_in: SignedIn, *, kept: bool) -> None:
    browser = signed_in()
    for path in PAGES if kept else PAGES[:2]:
        page = browser.get(FOLDER * kept + path)
        assert page.status_code == (404 if path == "/nothing-here" else 200), path
        found = Addresses(page.content.decode()).found
        assert found
        assert [address for address in found if not address.startswith(f"{FOLDER}/")] == [], path
        assert FOLDER * 2 not in page.content.decode()
        assert int(page.headers["Content-Length"]) == len(page.content)


def test_a_static_file_and_the_description_of_rest_are_there(signed_in: SignedIn) -> None:
    browser = signed_in()
    with closing(browser.get(f"{FOLDER}/static/seatkeeper/app.css")) as file:
        assert file.status_code == 200
    described = json.loads(browser.get(f"{FOLDER}/api/v1/openapi.json").content)
    assert all(path.startswith(f"{FOLDER}/api/v1/") for path in described["paths"])
    assert f"{SETTINGS.address.url}/api/v1/applications" in browser.get(f"{FOLDER}/api/v1/docs").content.decode()


def test_somebody_signs_in_and_lands_where_he_wanted(new_member: NewMember) -> None:
    email = new_member(password=PASSWORD).email
    browser = Client(enforce_csrf_checks=True)
    asked = browser.get(f"{FOLDER}/prices")
    assert (asked.status_code, asked.headers["Location"]) == (302, f"{FOLDER}/accounts/login/?next=/prices")
    page = browser.get(asked.headers["Location"]).content.decode()
    (action,) = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page)
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    form = {"csrfmiddlewaretoken": token, "login": email, "password": PASSWORD, "next": "/prices"}
    done = browser.post(action, form)
    assert (done.status_code, done.headers["Location"]) == (302, f"{FOLDER}/prices")
    assert {cookie["path"] for cookie in done.cookies.values()} == {f"{FOLDER}/"}
    page = browser.get(done.headers["Location"]).content.decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    out = browser.post(f"{FOLDER}/accounts/logout/", {"csrfmiddlewaretoken": token})
    assert (out.status_code, "Clear-Site-Data" in out.headers) == (302, False), "others have cookies on this site, too"


def test_the_root_leads_to_the_applications(organization: Organization, signed_in: SignedIn) -> None:
    browser = signed_in()
    for path in (FOLDER, f"{FOLDER}/"):
        assert browser.get(path).headers["Location"] == f"{FOLDER}/applications"
    assert browser.get(f"{FOLDER}elsewhere").status_code == 404


def test_who_signs_in_elsewhere_is_sent_back_into_the_folder() -> None:
    assert addresses.way_back(look_rounds.PATH, "sign_in") == f"{SETTINGS.address.url}/connections/signed-in"
    assert callback_url().startswith(f"{SETTINGS.address.url}/accounts/oidc/")


def answer(response: HttpResponse | StreamingHttpResponse) -> HttpResponse:
    request = HttpRequest()
    request.path = request.path_info = f"{FOLDER}/x"
    return in_a_folder(lambda _request: response)(request)  # type: ignore[return-value]


def test_parts_that_are_kept_up_to_date_lead_into_the_folder_too() -> None:
    part = 'event: part\ndata: <a href="/runs/1">run</a>\n\n'
    response = answer(StreamingHttpResponse(iter([part]), content_type="text/event-stream"))
    assert b"".join(response) == part.replace('"/runs', f'"{FOLDER}/runs').encode()


def test_other_places_and_other_files_stay_as_they_are() -> None:
    for place in ("https://login.example.com/x", "//elsewhere.example.com"):
        assert answer(HttpResponse(status=302, headers={"Location": place})).headers["Location"] == place
    assert answer(HttpResponse('<a href="//cdn.example.com/x">')).content == b'<a href="//cdn.example.com/x">'
    assert answer(HttpResponse('a href="/x"', content_type="text/csv")).content == b'a href="/x"'


def test_what_somebody_wrote_is_no_address() -> None:
    assert answer(HttpResponse("<p>&quot; href=&quot;/x&quot;</p>")).content == b"<p>&quot; href=&quot;/x&quot;</p>"
