"""Microsoft Entra's token endpoint: secrets and certificates are really checked, tokens are really signed.

Statuses, codes and words of the refusals come from Microsoft's reference of error codes and from public threads.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec

from seatkeeper.sandbox.login import clouds
from seatkeeper.sandbox.login.assertions import Ask, TokenRefusal, check_assertion
from seatkeeper.sandbox.login.discovery import known_tenant, no_tenant
from seatkeeper.sandbox.login.jwt import sign
from seatkeeper.sandbox.world.dice import dice, object_guid
from seatkeeper.sandbox.world.tenant import Tenant

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE: Final = (3600, 5400)  # seconds: a token lives 60 to 90 minutes, at random
_LONG_LIFE: Final = (20 * 3600, 28 * 3600)  # and much longer when its client can answer a challenge


def refusal_body(refusal: TokenRefusal, timestamp: str, trace_id: str, correlation_id: str) -> bytes:
    """The error as JSON."""
    text = (
        f"AADSTS{refusal.number}: {refusal.text} Trace ID: {trace_id} Correlation ID: {correlation_id} "
        f"Timestamp: {timestamp}"
    )
    return msgspec.json.encode(
        {
            "error": refusal.error,
            "error_description": text,
            "error_codes": [refusal.number],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"https://login.microsoftonline.com/error?code={refusal.number}",
            **refusal.more,
        }
    )


def read_form(body: bytes) -> dict[str, str]:
    """A form as a dictionary; the first of two equal names counts."""
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return found
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def token(tenant: Tenant, ask: Ask) -> dict[str, Any]:
    """The answer to a token request, or TokenRefusal."""
    form = check_client(tenant, ask, {"client_credentials"})
    if tenant.seconds < tenant.service_principal_since:
        raise TokenRefusal(
            7000229, 401, "invalid_client",
            f"The client application {tenant.client_id} is missing service principal in the tenant {tenant.tenant_id}. "
            "See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
        )  # fmt: skip
    audience = check_resource(tenant, form.get("scope", "").strip(), ask)
    extra = extra_claims(form.get("claims", ""))
    method = check_credential(tenant, form, ask)
    check_policy(tenant)
    return issue(tenant, audience, method, extra)


def check_client(tenant: Tenant, ask: Ask, grants: Collection[str] = ()) -> dict[str, str]:
    """The form of a client that the tenant knows, with what stood in its header; TokenRefusal.

    `grants` are the kinds of grants that it may ask for, where it asks for one.
    """
    form = dict(ask.form)
    _basic(form, ask.authorization)
    if tenant.login_throttled:
        text = "The request was throttled. Wait some time and try again."
        raise TokenRefusal(90055, 429, "temporarily_unavailable", text)
    _check_tenant(tenant, ask.tenant_name)
    _check_grant(form, grants)
    if form.get("client_id", "").lower() != tenant.client_id or tenant.app_removed:
        raise TokenRefusal(
            700016, 400, "unauthorized_client",
            f"Application with identifier '{form.get('client_id', '')[:100]}' was not found in the directory "
            f"'{ask.tenant_name[:100]}'. This can happen if the application has not been installed by the "
            "administrator of the tenant or consented to by any user in the tenant. You may have sent your "
            "authentication request to the wrong tenant.",
        )  # fmt: skip
    return form


def check_policy(tenant: Tenant) -> None:
    """TokenRefusal where Conditional Access blocks."""
    if tenant.blocked_by_policy:
        raise TokenRefusal(
            53003, 400, "invalid_grant",
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
            suberror="message_only",
            claims='{"access_token":{"capolids":{"essential":true,"values":["' + object_guid("policy") + '"]}}}',
        )  # fmt: skip


def _basic(form: dict[str, str], authorization: str) -> None:
    """Client id and secret from an HTTP Basic header, where both are form-encoded."""
    if not authorization.lower().startswith("basic "):
        return
    try:
        name, _, secret = b64decode(authorization[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError):
        return
    form.setdefault("client_id", unquote_plus(name))
    form.setdefault("client_secret", unquote_plus(secret))


def _check_tenant(tenant: Tenant, name: str) -> None:
    if name.lower() in {"common", "consumers"}:
        text = (
            "The grant type is not supported over the /common or /consumers endpoints. "
            "Please use the /organizations or tenant-specific endpoint."
        )
        raise TokenRefusal(9001023, 400, "invalid_request", text)
    if name.lower() == "organizations":
        text = "No tenant-identifying information found in either the request or implied by any provided credentials."
        raise TokenRefusal(50059, 400, "invalid_request", text)
    if not known_tenant(tenant, name):
        raise no_tenant(name, "invalid_request")


def _check_grant(form: dict[str, str], grants: Collection[str]) -> None:
    if grants and not form.get("grant_type"):
        text = "The request body must contain the following parameter: 'grant_type'."
        raise TokenRefusal(900144, 400, "invalid_request", text)
    if grants and form["grant_type"] not in grants:
        text = "The app requested an unsupported grant type."
        raise TokenRefusal(70003, 400, "unsupported_grant_type", text)
    if not form.get("client_id"):
        text = "The request body must contain the following parameter: 'client_id'."
        raise TokenRefusal(900144, 400, "invalid_request", text)


def check_resource(tenant: Tenant, scope: str, ask: Ask) -> str:
    """The resource that the scope asks for: Graph by one of its names in this cloud, or by ours."""
    if not scope:
        text = "The request body must contain the following parameter: 'scope'."
        raise TokenRefusal(900144, 400, "invalid_request", text)
    resource = scope.removesuffix("/.default").rstrip("/")
    if not scope.endswith("/.default") or resource not in {*clouds.RESOURCES, clouds.APP_ID, *ask.hosts}:
        text = f"The provided value for the input parameter 'scope' is not valid. The scope {scope[:200]} is not valid."
        raise TokenRefusal(70011, 400, "invalid_scope", text)
    here = {f"https://{cloud.graph}" for cloud in clouds.of_login(ask.hosts[0].removeprefix("https://"))}
    if resource in clouds.RESOURCES - here:
        text = (
            f"The resource principal named {resource} was not found in the tenant named {tenant.tenant_id}. This can "
            "happen if the application has not been installed by the administrator of the tenant or consented to by "
            "any user in the tenant. You might have sent your authentication request to the wrong tenant."
        )
        raise TokenRefusal(500011, 400, "invalid_resource", text)
    return resource


def extra_claims(text: str) -> dict[str, Any]:
    """What the parameter `claims` asks a token to carry: the client's capabilities, and what a challenge demanded."""
    try:
        asked = msgspec.json.decode(text, type=_Claims).access_token if text else _AccessClaims()
        since = int(asked.nbf.value) if asked.nbf else 0
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise TokenRefusal(90023, 400, "invalid_request", "The parameter 'claims' is not valid JSON.") from error
    values = [value.lower() for value in asked.xms_cc.values] if asked.xms_cc else []
    found: dict[str, Any] = {"nbf": min(since, 1 << 40)} if since else {}
    return found | ({"xms_cc": ["cp1"]} if "cp1" in values else {})


class _Wanted(msgspec.Struct):
    """A claim that is asked for."""

    value: str = "0"
    values: list[str] = []


class _AccessClaims(msgspec.Struct):
    """The claims of an access token that mean something here."""

    xms_cc: _Wanted | None = None
    nbf: _Wanted | None = None


class _Claims(msgspec.Struct):
    """The parameter `claims`."""

    access_token: _AccessClaims = msgspec.field(default_factory=_AccessClaims)


def check_credential(tenant: Tenant, form: dict[str, str], ask: Ask) -> str:
    """The kind of credential that was good: "1" a secret, "2" a certificate, as in the claim appidacr."""
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != JWT_BEARER:
            text = "The 'client_assertion_type' parameter is not supported."
            raise TokenRefusal(50027, 400, "invalid_request", text)
        check_assertion(tenant, form["client_assertion"], ask)
        return "2"
    secret = form.get("client_secret")
    if not secret:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise TokenRefusal(7000216, 401, "invalid_client", text)
    if not hmac.compare_digest(secret.encode(), tenant.client_secret.encode()):
        text = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{tenant.client_id}'."
        )
        raise TokenRefusal(7000215, 401, "invalid_client", text)
    if tenant.secret_expired:
        text = (
            f"The provided client secret keys for app '{tenant.client_id}' are expired. Visit the Azure portal to "
            "create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials "
            "for added security: https://aka.ms/certCreds."
        )
        raise TokenRefusal(7000222, 401, "invalid_client", text)
    return "1"


def issue(
    tenant: Tenant, audience: str, method: str, extra: dict[str, Any], person: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """A token as Graph gets it from Entra: a v1.0 JWT, with roles only after consent.

    `person` are the claims of somebody it stands for, in place of roles.
    """
    now = tenant.tick()
    tenant.tokens_issued += 1
    seed, place = tenant.settings.seed, tenant.tokens_issued
    serial, principal = object_guid(seed, "token", place), object_guid(seed, "principal")
    life = dice(seed, "life", place).randrange(*(_LONG_LIFE if "xms_cc" in extra else _LIFE))
    sts = f"https://sts.windows.net/{tenant.tenant_id}/"
    claims: dict[str, Any] = {
        "aud": audience, "iss": sts, "iat": now, "nbf": max(now, extra.get("nbf", 0)), "exp": now + life,
        "aio": "k2RgY" + serial[:8],
        "app_displayname": tenant.app_name, "appid": tenant.client_id, "appidacr": method, "idp": sts, "idtyp": "app",
        "oid": principal, "rh": "1." + serial[:8], "sub": principal, "tenant_region_scope": "EU",
        "tid": tenant.tenant_id, "uti": serial, "ver": "1.0", "wids": ["0997a1d0-0d1d-4acb-b408-d5ca73121e90"],
        "xms_tcdt": 1600000000,
    }  # fmt: skip
    if "xms_cc" in extra:
        claims["xms_cc"] = extra["xms_cc"]
    if person:
        claims |= person
    elif tenant.consent and tenant.permissions:
        claims["roles"] = sorted(tenant.permissions)
    return {
        "token_type": "Bearer",
        "expires_in": life - 1,
        "ext_expires_in": life - 1,
        "access_token": sign(claims),
    }
