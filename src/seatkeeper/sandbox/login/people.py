"""People who sign in themselves: the page for it, the code for a device, and the tokens that stand for them.

Of everybody in the directory two can be chosen: the first has the role Global Reader and consents for the organization,
the second has no role. Codes, words and the order of checks come from Microsoft's protocol pages (v2 authorization code
flow with PKCE, device code flow) and from its reference of error codes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from seatkeeper.sandbox.login import clouds
from seatkeeper.sandbox.login.assertions import Ask, TokenRefusal
from seatkeeper.sandbox.login.jwt import encode, sign
from seatkeeper.sandbox.login.tokens import (
    check_client,
    check_credential,
    check_policy,
    check_resource,
    extra_claims,
    issue,
)
from seatkeeper.sandbox.world.catalog import shapes
from seatkeeper.sandbox.world.dice import object_guid
from seatkeeper.sandbox.world.people import Person
from seatkeeper.sandbox.world.tenant import SignIn, Tenant

READER: Final = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"  # the role Global Reader
_USER: Final = "b79fbf4d-3ef9-4689-8143-76b194e85509"  # what everybody without a role has
_OPENID: Final = frozenset({"openid", "profile", "email", "offline_access"})
_CODE_LIFE: Final = 600  # seconds
_DEVICE_LIFE: Final = 900
DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"
ONLY_ADMINISTRATORS: Final = (
    "needs permission to access resources in your organization that only an admin can grant. Please ask an admin to "
    "grant permission to this app before you can use it."
)
GRANTS: Final = frozenset({"authorization_code", "refresh_token", DEVICE})


def _there_are() -> frozenset[str]:
    """The delegated permissions of Graph that reach something here; nearly all are called as those of applications."""
    return frozenset(name for names in shapes()["permissions"].values() for name in names) | {"User.Read"}


def choices(tenant: Tenant) -> tuple[Person, Person]:
    """Who can be chosen on the page: somebody with a role, and somebody without."""
    found = [person for n in (0, 1) if (person := tenant.directory.at(n, tenant.seconds))]
    return found[0], found[-1]


def read_scopes(tenant: Tenant, form: Mapping[str, str], ask: Ask) -> frozenset[str]:
    """The names of what is asked for, without the prefix of the resource; `.default` is what was consented to."""
    words = form.get("scope", "").split()
    if not words:
        text = "The request body must contain the following parameter: 'scope'."
        raise TokenRefusal(900144, 400, "invalid_request", text)
    found = {word for word in words if word in _OPENID}
    for word in words:
        resource, _, name = word.rpartition("/") if "/" in word else (f"https://{ask.hosts[0]}", "", word)
        if word in _OPENID:
            continue
        if "/" in word:
            check_resource(tenant, f"{resource}/.default", ask)
        found |= tenant.delegated if name == ".default" else {name}
    if unknown := sorted(found - _OPENID - _there_are()):
        text = f"The app requested a scope '{unknown[0][:80]}' that doesn't exist on the resource."
        raise TokenRefusal(650053, 400, "invalid_client", text)
    return frozenset(found)


def check_redirect(tenant: Tenant, address: str) -> None:
    """TokenRefusal for an address that Microsoft does not lead back to."""
    parts = urlsplit(address)
    near = parts.hostname in {"localhost", "127.0.0.1"}
    if not (parts.scheme == "https" or near) or (tenant.redirect_uris and address not in tenant.redirect_uris):
        text = (
            f"The redirect URI '{address[:200]}' specified in the request does not match the redirect URIs configured "
            f"for the application '{tenant.client_id}'. Make sure the redirect URI sent in the request matches one "
            "added to your application in the Azure portal."
        )
        raise TokenRefusal(50011, 400, "invalid_request", text)


def begin(tenant: Tenant, query: Mapping[str, str], ask: Ask) -> SignIn:
    """What the authorize page was asked for. TokenRefusal for what Microsoft shows as an error and never sends back."""
    check_client(tenant, ask)
    check_redirect(tenant, query.get("redirect_uri", ""))
    if query.get("response_type") != "code":
        text = f"The response_type '{query.get('response_type', '')[:40]}' is not supported."
        raise TokenRefusal(700051, 400, "unsupported_response_type", text)
    return SignIn(tenant.seconds, read_scopes(tenant, query, ask), form=dict(query))


def approve(tenant: Tenant, sign_in: SignIn, upn: str) -> None:
    """Somebody was chosen, and consents: for the organization where they may. TokenRefusal where they may not.

    Nobody is chosen by who cancels.
    """
    if not upn:
        raise TokenRefusal(65004, 400, "access_denied", "User declined to consent to access the app.")
    admin, other = choices(tenant)
    sign_in.upn = upn
    needed = sign_in.scopes - _OPENID
    if upn == admin.upn:
        tenant.delegated |= needed
    elif upn != other.upn:
        raise TokenRefusal(50034, 400, "invalid_grant", f"The user account {upn[:80]} does not exist in the directory.")
    elif not needed <= tenant.delegated:
        raise TokenRefusal(90094, 400, "access_denied", f"{tenant.app_name} {ONLY_ADMINISTRATORS}")


def keep_code(tenant: Tenant, sign_in: SignIn) -> str:
    """The code that goes back with the person's browser."""
    code = f"1.{object_guid(tenant.settings.seed, 'code', len(tenant.codes))}"
    tenant.codes[code] = sign_in
    return code


def device_code(tenant: Tenant, ask: Ask) -> dict[str, Any]:
    """A code to be typed in on another device."""
    check_client(tenant, ask)
    serial = len(tenant.devices)
    name = object_guid(tenant.settings.seed, "device", serial)
    user_code = hashlib.sha256(name.encode()).hexdigest()[:9].upper()
    tenant.devices[name] = SignIn(tenant.seconds, read_scopes(tenant, ask.form, ask), form={"user_code": user_code})
    place = f"{ask.hosts[0]}/{tenant.tenant_id}/oauth2/deviceauth"
    return {
        "user_code": user_code, "device_code": name, "verification_uri": place, "expires_in": _DEVICE_LIFE,
        "interval": tenant.device_interval,
        "message": f"To sign in, use a web browser to open the page {place} and enter the code {user_code} to "
        "authenticate.",
    }  # fmt: skip


def token(tenant: Tenant, ask: Ask) -> dict[str, Any]:
    """The answer to a request for a person's token, or TokenRefusal."""
    form = check_client(tenant, ask, GRANTS)
    method = check_credential(tenant, form, ask) if "client_secret" in form or "client_assertion" in form else "0"
    if method == "0" and not tenant.public_client:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise TokenRefusal(7000218, 401, "invalid_client", text)
    known = {"authorization_code": _by_code, "refresh_token": _by_refresh_token, DEVICE: _by_device}
    sign_in = known[form["grant_type"]](tenant, form)
    check_policy(tenant)
    scopes = read_scopes(tenant, form, ask) if form.get("scope") else sign_in.scopes
    if form["grant_type"] == "refresh_token" and not scopes - _OPENID <= tenant.delegated:
        text = (
            f"The user or administrator has not consented to use the application with ID '{tenant.client_id}' named "
            f"'{tenant.app_name}'. Send an interactive authorization request for this user and resource."
        )
        raise TokenRefusal(65001, 400, "invalid_grant", text)
    granted = (scopes if scopes - _OPENID else sign_in.scopes) | (sign_in.scopes & _OPENID)
    return _issue(tenant, ask, sign_in, granted, method)


def _by_code(tenant: Tenant, form: Mapping[str, str]) -> SignIn:
    sign_in = tenant.codes.get(form.get("code", ""))
    if sign_in is None:
        raise TokenRefusal(9002313, 400, "invalid_grant", "Invalid request. Request is malformed or invalid.")
    if sign_in.declined:
        raise TokenRefusal(54005, 400, "invalid_grant", "OAuth2 Authorization code was already redeemed.")
    sign_in.declined = True  # one use
    if tenant.seconds > sign_in.asked_at + _CODE_LIFE:
        raise TokenRefusal(70008, 400, "invalid_grant", "The provided authorization code has expired.")
    if form.get("redirect_uri") != sign_in.form.get("redirect_uri"):
        text = "The reply address does not match the one that the code was asked for with."
        raise TokenRefusal(50011, 400, "invalid_grant", text)
    proof = encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
    challenge = sign_in.form.get("code_challenge")  # optional at Microsoft, but for pages that run in a browser
    if challenge is not None and not hmac.compare_digest(proof, challenge):
        text = "The size or value of the Code_Verifier does not match the code_challenge of the authorization request."
        raise TokenRefusal(501481, 400, "invalid_grant", text)
    return sign_in


def _by_refresh_token(tenant: Tenant, form: Mapping[str, str]) -> SignIn:
    sign_in = tenant.refresh_tokens.get(form.get("refresh_token", ""))
    if sign_in is None:
        raise TokenRefusal(9002313, 400, "invalid_grant", "Invalid request. Request is malformed or invalid.")
    if tenant.sessions_revoked:
        text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
        raise TokenRefusal(50173, 400, "invalid_grant", text)
    return sign_in


def _by_device(tenant: Tenant, form: Mapping[str, str]) -> SignIn:
    sign_in = tenant.devices.get(form.get("device_code", ""))
    if sign_in is None:
        raise TokenRefusal(70020, 400, "bad_verification_code", "The provided device_code value is not valid.")
    if tenant.seconds > sign_in.asked_at + _DEVICE_LIFE:
        raise TokenRefusal(70019, 400, "expired_token", "The verification code has expired.")
    if sign_in.declined:
        raise TokenRefusal(70018, 400, "authorization_declined", "The end user declined the request.")
    if not sign_in.upn:
        text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
        raise TokenRefusal(70016, 400, "authorization_pending", text)
    return sign_in


def _issue(tenant: Tenant, ask: Ask, sign_in: SignIn, scopes: frozenset[str], method: str) -> dict[str, Any]:
    admin, other = choices(tenant)
    person = admin if sign_in.upn == admin.upn else other
    names = sorted(scopes - _OPENID)
    about = {
        "scp": " ".join(names), "oid": person.id, "sub": object_guid("sub", person.id), "idtyp": "user",
        "name": person.display, "upn": person.upn, "unique_name": person.upn,
        "wids": [READER if person is admin else _USER, "b79fbf4d-3ef9-4689-8143-76b194e85509"],
    }  # fmt: skip
    asked = next((word for word in ask.form.get("scope", "").split() if word.startswith("https://")), "")
    resource = asked.rpartition("/")[0] or f"https://{clouds.of_login(ask.hosts[0].removeprefix('https://'))[0].graph}"
    answer = issue(tenant, resource, method, extra_claims(ask.form.get("claims", "")), about)
    if "offline_access" in scopes:
        kept = f"1.{object_guid(tenant.settings.seed, 'refresh', len(tenant.refresh_tokens))}"
        tenant.refresh_tokens[kept] = SignIn(tenant.seconds, scopes, sign_in.upn)
        answer["refresh_token"] = kept
    if "openid" in scopes:
        answer["id_token"] = sign(_id_claims(tenant, ask, person, sign_in))
    return answer | {"scope": " ".join(f"{resource}/{name}" for name in names)}


def _id_claims(tenant: Tenant, ask: Ask, person: Person, sign_in: SignIn) -> dict[str, Any]:
    now = tenant.seconds
    claims = {
        "aud": tenant.client_id, "iss": f"{ask.hosts[0]}/{tenant.tenant_id}/v2.0", "iat": now, "nbf": now,
        "exp": now + 3600, "name": person.display, "oid": person.id, "preferred_username": person.upn,
        "sub": object_guid("sub", person.id), "tid": tenant.tenant_id, "ver": "2.0",
    }  # fmt: skip
    nonce = sign_in.form.get("nonce")
    return claims | ({"nonce": nonce} if nonce else {})
