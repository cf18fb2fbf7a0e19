"""Somebody in front of a browser, at the pretend tenant's page for signing in."""

from __future__ import annotations

import re
import ssl
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx2

from seatkeeper.sandbox.login import people
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Tenant as PretendTenant

ADMINISTRATOR, OTHER = 0, 1


def press(sandbox: Sandbox, address: str, who: int | None = ADMINISTRATOR, code: str = "") -> dict[str, str]:
    """Open the page and press somebody's button, Cancel for nobody; what the browser then carries to us.

    `code` is what is typed in where another device has shown one.
    """
    upn = "" if who is None else people.choices(sandbox.tenant)[who].upn
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    with httpx2.Client(verify=context, trust_env=False, timeout=60) as browser:
        assert browser.get(address).status_code == 200
        page = browser.post(address, data={"user": upn} | ({"code": code} if code else {})).text
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}


def consent(
    sandbox: Sandbox, address: str, who: int | None = ADMINISTRATOR, tenant: PretendTenant | None = None
) -> dict[str, str]:
    """Open the page for admin consent and press a button as somebody of the tenant; what the browser carries to us."""
    upn = "" if who is None else people.choices(tenant or sandbox.tenant)[who].upn
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    with httpx2.Client(verify=context, trust_env=False, timeout=60) as browser:
        assert browser.get(address).status_code == 200
        answer = browser.post(address, data={"user": upn})
        assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))
