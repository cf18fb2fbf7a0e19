"""What every answer carries, whatever it is an answer to, and what is not even looked at."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpResponseBase
from django.test import Client, override_settings

from seatkeeper.services.members import Role
from seatkeeper.store.models import Organization
from tests.thorough import in_turn

from .conftest import NewMember, SignedIn
from .test_authorization import ALL
from .world import World, populate

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def check(answer: HttpResponseBase, path: str) -> None:
    answer.close()
    for name, value in ALWAYS.items():
        assert answer.headers.get(name) == value, (path, answer.status_code, name)
    assert "camera=()" in answer.headers["Permissions-Policy"]
    policy = answer.headers["Content-Security-Policy"]
    assert policy == "sandbox" or "default-src 'none'; script-src 'self'; style-src 'self'" in policy, path
    assert "unsafe" not in policy
    if not path.startswith("/static/"):
        assert answer.headers["Cache-Control"] == "no-store", path


@pytest.fixture
def world(organization: Organization, other_organization: Organization, new_member: NewMember) -> World:
    cache.clear()
    return populate(organization, other_organization, new_member)


@pytest.mark.parametrize("method", in_turn(["GET", "POST", "OPTIONS", "TRACE"], 4))
def test_every_answer_of_every_address_carries_them(world: World, method: str) -> None:
    nobody = Client(raise_request_exception=False)
    for each in ALL:
        for client in (nobody, world.browser(Role.ADMINISTER)):
            path = each.fill(world)
            check(client.generic(method, path), path)


def test_errors_and_files_carry_them_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.browser(Role.ADMINISTER)
    for path in ("/nothing", "/static/seatkeeper/app.css", "/static/nothing.js", "/members?page=x", "/%00"):
        check(client.get(path), path)

    def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("seatkeeper.web.accounts.members.members_listing.rows", broken)
    answer = client.get("/members")
    check(answer, "/members")
    assert answer.status_code == 500
    assert b"secret inside" not in answer.content
    check(Client(headers={"Host": "evil.example"}).get("/"), "/")


@pytest.mark.parametrize(
    "path",
    ["../../pyproject.toml", "..%2f..%2f..%2fapps.py", "%2e%2e/%2e%2e/apps.py", "..%5c..%5capps.py", "/etc/passwd",
     "%2fetc%2fpasswd", "seatkeeper/../../../apps.py", "seatkeeper/app.css/../../../../apps.py", "%00", "a" * 5000],
)  # fmt: skip
def test_no_address_leads_out_of_the_files_that_are_served(organization: object, path: str) -> None:
    answer = Client(raise_request_exception=False).get(f"/static/{path}")
    assert answer.status_code == 404


def test_no_page_has_code_or_style_of_its_own_or_asks_another_host(world: World) -> None:
    client = world.browser(Role.ADMINISTER)
    for each in ALL:
        answer = client.get(each.fill(world))
        if answer.streaming or "text/html" not in answer.headers.get("Content-Type", ""):
            answer.close()
            continue
        text = answer.content.decode()
        scripts = re.findall(r"<script\b[^>]*>", text)
        assert all('src="/' in tag or 'type="application/json"' in tag for tag in scripts), (each.path, scripts)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", text), each.path
        assert not re.findall(r'(?:src|action)="(?:https?:)?//', text), each.path


def test_a_host_that_is_not_ours_is_not_answered(organization: object) -> None:
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "local host"):
        answer = Client(headers={"Host": host}).get("/accounts/login/")
        assert answer.status_code == 400, host
        assert b"evil" not in answer.content


def test_with_a_public_https_address_browsers_are_told_to_keep_to_it(organization: object) -> None:
    assert "Strict-Transport-Security" not in Client().get("/accounts/login/").headers
    with override_settings(SECURE_HSTS_SECONDS=31_536_000):
        answer = Client().get("/accounts/login/")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_request_that_is_too_large_is_not_read(signed_in: SignedIn) -> None:
    client = signed_in()
    for form in ({"name": "x" * 1_100_000}, {f"field{n}": "x" for n in range(600)}):
        answer = client.post("/profile/tokens", form)
        assert answer.status_code == 400, len(form)
        body = "&".join(f"{key}={value}" for key, value in form.items())
        answer = client.generic("POST", "/profile/tokens", body, "application/x-www-form-urlencoded")
        assert answer.status_code == 400, len(form)
        assert b"too large" in answer.content


def test_the_settings_of_an_https_address_close_the_cookies(tmp_path: object) -> None:
    import json
    import subprocess
    import sys

    names = (
        "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_HSTS_SECONDS ALLOWED_HOSTS "
        "CSRF_TRUSTED_ORIGINS MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"
    )
    values = f"[getattr(settings, name) for name in {names.split()}]"
    ask = f"import json; from seatkeeper import settings; print(json.dumps({values}))"
    said = subprocess.run(
        [sys.executable, "-c", ask],
        env={"SEATKEEPER_HOME": str(tmp_path), "SEATKEEPER_URL": "https://Seats.example.com:443/"},
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert json.loads(said.stdout) == [
        True, True, 31_536_000, ["localhost", "127.0.0.1", "[::1]", "seats.example.com"],
        ["https://seats.example.com"], False,
    ]  # fmt: skip


def test_nobody_is_signed_in_by_a_header(organization: object, new_member: NewMember) -> None:
    member: User = new_member()
    client = Client(headers={"Remote-User": member.username, "X-Forwarded-User": member.email})
    assert client.get("/profile").status_code == 302
