"""The pages that a person sees at Microsoft: whom to sign in as, the code of another device, and admin consent.

Admin consent is as Microsoft's page on its endpoint tells it (entra-docs, identity-platform/v2-admin-consent): the
address, the parameters of both answers, and AADSTS65004 with `consent_required` for who declines. Not certain: earlier
editions of that page answer `permission_denied` without a code, and people report `access_denied`, so that a tenant
answers as its `consent_refusal` says. What somebody without a role is answered is not documented; here it is what
signing in answers. That a tenant does not know the application before the consent, and for a while after it, is from
public threads (AADSTS7000229 with status 401).
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from seatkeeper.sandbox.login import people
from seatkeeper.sandbox.login.assertions import Ask, TokenRefusal
from seatkeeper.sandbox.login.discovery import known_tenant, no_tenant
from seatkeeper.sandbox.login.tokens import check_client, check_resource, read_form
from seatkeeper.sandbox.world.tenant import Tenant

AUTHORIZE: Final = "oauth2/v2.0/authorize"
DEVICE: Final = "oauth2/deviceauth"
CONSENT: Final = "v2.0/adminconsent"
Page = tuple[int, list[tuple[bytes, bytes]], bytes]
_STYLE: Final = "font: 16px/1.5 sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem"


class Visit(NamedTuple):
    """A request of a browser. `name` is the tenant as the address names it, `hosts` the names of the login host."""

    method: str
    name: str
    rest: str
    query: str
    body: bytes
    hosts: tuple[str, ...]


def show(tenant: Tenant, visit: Visit) -> Page | None:
    """The page, or a way back to whoever sent the person; None for any other address."""
    if visit.rest not in (AUTHORIZE, DEVICE, CONSENT) or visit.method not in {"GET", "POST"}:
        return None
    try:
        if visit.rest == CONSENT and visit.name == "organizations":
            return _consent(tenant, visit._replace(name=tenant.tenant_id))
        if not known_tenant(tenant, unquote(visit.name)):
            raise no_tenant(visit.name, "invalid_tenant")
        return {AUTHORIZE: _authorize, DEVICE: _device, CONSENT: _consent}[visit.rest](tenant, visit)
    except TokenRefusal as refusal:
        return _page("Sorry, but we’re having trouble signing you in.", f"<p>{escape(str(refusal))}</p>", 400)


def _authorize(tenant: Tenant, visit: Visit) -> Page:
    query = dict(parse_qsl(visit.query, keep_blank_values=True))
    sign_in = people.begin(tenant, query, Ask(visit.name, query, "", visit.hosts))
    if visit.method == "GET":
        asked = "".join(f"<li>{escape(scope)}</li>" for scope in sorted(sign_in.scopes))
        told = f"<p><b>{escape(tenant.app_name)}</b> would like to:</p><ul>{asked}</ul>"
        return _page("Sign in", f'{told}<form method="post">{_buttons(tenant)}</form>')
    answer = {"state": query.get("state", "")}
    try:
        people.approve(tenant, sign_in, read_form(visit.body).get("user", ""))
        answer |= {"code": people.keep_code(tenant, sign_in), "session_state": "sandbox"}
    except TokenRefusal as refusal:
        answer |= {"error": refusal.error, "error_description": str(refusal)}
    back = query["redirect_uri"]
    if query.get("response_mode") == "form_post":
        fields = "".join(f'<input type="hidden" name="{n}" value="{escape(v)}">' for n, v in answer.items())
        script = "<script>document.forms[0].submit()</script>"
        form = f'<form method="post" action="{escape(back)}">{fields}<button>Continue</button></form>{script}'
        return _page("Working...", form)
    return _lead(back, answer)


def _lead(back: str, answer: Mapping[str, str]) -> Page:
    place = f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}"
    return 302, [(b"location", place.encode()), (b"cache-control", b"no-store")], b""


def _consent(tenant: Tenant, visit: Visit) -> Page:
    """Lets the application in with all that its registration asks for, when an administrator accepts."""
    query = dict(parse_qsl(visit.query, keep_blank_values=True))
    ask = Ask(visit.name, query, "", visit.hosts)
    check_client(tenant, ask)
    people.check_redirect(tenant, query.get("redirect_uri", ""))
    check_resource(tenant, query.get("scope", ""), ask)
    if visit.method == "GET":
        asked = "".join(f"<li>{escape(name)}</li>" for name in sorted(tenant.permissions))
        told = f"<p>Review for your organization: <b>{escape(tenant.app_name)}</b></p><ul>{asked}</ul>"
        return _page("Permissions requested", f'{told}<form method="post">{_buttons(tenant)}</form>')
    chosen = read_form(visit.body).get("user", "")
    answer = {"admin_consent": "True", "state": query.get("state", "")}
    if chosen == people.choices(tenant)[0].upn:
        tenant.consent = True
        tenant.service_principal_since = min(tenant.service_principal_since, tenant.seconds + tenant.consent_delay)
        answer |= {"tenant": tenant.tenant_id, "scope": query["scope"]}
    elif chosen:
        answer |= {
            "error": "access_denied",
            "error_description": f"AADSTS90094: {tenant.app_name} {people.ONLY_ADMINISTRATORS}",
        }
    else:
        told = "The resource owner or authorization server denied the request."
        answer |= {"error": tenant.consent_refusal, "error_description": f"AADSTS65004: {told}"}
    return _lead(query["redirect_uri"], answer)


def _device(tenant: Tenant, visit: Visit) -> Page:
    form = read_form(visit.body) if visit.method == "POST" else {}
    code = form.get("code", "").strip().upper()
    found = next((one for one in tenant.devices.values() if one.form["user_code"] == code and not one.upn), None)
    if found is None:
        wrong = "<p>That code didn’t work. Check the code and try again.</p>" if form else ""
        return _page("Enter code", f'{wrong}<form method="post"><p><input name="code"></p>{_buttons(tenant)}</form>')
    if form.get("user"):
        people.approve(tenant, found, form["user"])
    else:
        found.declined = True
    return _page("You have signed in", "<p>You may now close this window.</p>")


def _buttons(tenant: Tenant) -> str:
    admin, other = people.choices(tenant)
    named: Mapping[str, str] = {
        admin.upn: f"Sign in as {admin.display}, Global Reader",
        other.upn: f"Sign in as {other.display}, without a role",
        "": "Cancel",
    }
    return "".join(
        f'<p><button name="user" value="{escape(upn)}">{escape(text)}</button></p>' for upn, text in named.items()
    )


def _page(title: str, body: str, status: int = 200) -> Page:
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<body style="{_STYLE}"><h1>{escape(title)}</h1>{body}</body></html>'
    )
    return status, [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")], text.encode()
