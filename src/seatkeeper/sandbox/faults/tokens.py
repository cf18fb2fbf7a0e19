"""A: the login host."""

from __future__ import annotations

import time
from base64 import b64encode
from typing import Final

import msgspec

from seatkeeper.sandbox.faults.fault import Call, Reply, fault
from seatkeeper.sandbox.graph import refusals

_JSON: Final = b"application/json; charset=utf-8"


def _aadsts(call: Call, reply: Reply, what: tuple[int, int, str, str]) -> None:
    """An error as Entra writes it."""
    code, status, error, text = what
    stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(call.now))
    trace, correlation = call.id("trace"), call.id("correlation")
    shape = {
        "error": error,
        "error_description": f"AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
        "error_codes": [code],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={code}",
    }
    reply.become(status, msgspec.json.encode(shape), _JSON)


@fault("A1", "wrong-secret", "the token endpoint answers AADSTS7000215 whatever is sent",
       "stop at once, at most one request a tick, keep what it has", on="token", where="all")  # fmt: skip
def _wrong_secret(call: Call, reply: Reply) -> None:
    text = "Invalid client secret provided."
    _aadsts(call, reply, (7000215, 401, "invalid_client", text))


@fault("A2", "certificate-refused", "the certificate is expired, or not yet valid: AADSTS700027",
       "stop at once, say which of the two", on="token", where="all", variants=("expired", "not-yet"))  # fmt: skip
def _certificate(call: Call, reply: Reply) -> None:
    words = {
        "expired": "The key used is expired.",
        "not-yet": "Client assertion is not within its valid time range.",
    }[call.variant]
    text = f"The certificate with identifier used to sign the client assertion is not valid. [Reason - {words}]"
    _aadsts(call, reply, (700027, 401, "invalid_client", text))


@fault("A3", "app-gone", "the app was removed or disabled, or its tenant is unknown",
       "tell each apart, pause, delete nothing", on="token", where="all",
       variants=("removed", "disabled", "tenant"))  # fmt: skip
def _app_gone(call: Call, reply: Reply) -> None:
    what = {
        "removed": (700016, 400, "unauthorized_client", "Application was not found in the directory."),
        "disabled": (7000112, 400, "unauthorized_client", "Application is disabled."),
        "tenant": (90002, 400, "invalid_request", "Tenant not found."),
    }[call.variant]
    _aadsts(call, reply, what)


@fault("A4", "login-throttled", "the token endpoint answers 429 or 503 with Retry-After, the first time",
       "wait once for all tasks of the tenant", on="token", where="once", variants=("429", "503"))  # fmt: skip
def _login_throttled(call: Call, reply: Reply) -> None:
    _aadsts(call, reply, (90055, int(call.variant), "temporarily_unavailable", "The tenant is being throttled."))
    reply.put_header(b"retry-after", b"2")


_LIFE: Final[dict[str, object]] = {
    "text-expiry": "3600", "zero-expiry": 0, "negative-expiry": -60, "huge-expiry": 1_000_000_000_000,
}  # fmt: skip


@fault("A5", "bad-token-answer", "200 from the token endpoint with a body that is no good token",
       "refuse it, retry a bounded number of times, clamp lifetimes", on="token", where="all",
       variants=("html", "empty", "truncated", "no-token", "not-bearer", "no-expiry", *_LIFE))  # fmt: skip
def _bad_token_answer(call: Call, reply: Reply) -> None:
    if reply.status != 200:
        return
    if call.variant == "html":
        reply.become(200, b"<!DOCTYPE html><title>Sign in</title>", b"text/html")
    elif call.variant == "empty":
        reply.body = b""
    elif call.variant == "truncated":
        reply.body = reply.body[: len(reply.body) // 2]
    else:
        shape = reply.shape()
        if call.variant == "not-bearer":
            shape["token_type"] = "pop"  # noqa: S105 - a kind of token
        elif call.variant in _LIFE:
            shape["expires_in"] = _LIFE[call.variant]
        else:
            del shape["access_token" if call.variant == "no-token" else "expires_in"]
        reply.put(shape)


@fault("A6", "foreign-token", "the token is for another tenant or another audience",
       "refuse to use it, raise the alarm, write nothing", on="token", where="all",
       variants=("tenant", "audience"))  # fmt: skip
def _foreign_token(call: Call, reply: Reply) -> None:
    if reply.status != 200:
        return
    shape = reply.shape()
    other = {"tid": call.id("tenant")} if call.variant == "tenant" else {"aud": "https://vault.example"}
    shape["access_token"] = call.sign({"token": shape["access_token"], **other})
    reply.put(shape)


@fault("A7", "token-expires", "page N answers 401 once, as if the token had ended between two pages",
       "renew once, ask for the same address again, go on", on="graph", where="2", once=True)  # fmt: skip
def _token_expires(_call: Call, reply: Reply) -> None:
    reply.refuse(refusals.unauthorized("Lifetime validation failed, the token is expired."))


@fault("A8", "claims-for-ever", "401 insufficient_claims however often the token is renewed",
       "notice the loop and stop", on="graph", where="all")  # fmt: skip
@fault("A8", "claims-challenge", "401 insufficient_claims on page N, the first time",
       "ask once for a token with these claims; stop when they make no sense", on="graph",
       where="1", once=True, variants=("padded", "unpadded", "malformed"))  # fmt: skip
def _claims_challenge(call: Call, reply: Reply) -> None:
    claims = b'{"access_token":{"nbf":{"essential":true, "value":"%d"}}}' % call.now
    text = b64encode(claims).decode()
    text = {"unpadded": text.rstrip("="), "malformed": "%%%not-base64%%%"}.get(call.variant, text)
    refusal = refusals.unauthorized("Continuous access evaluation resulted in challenge.")
    refusal.headers["WWW-Authenticate"] = f'Bearer realm="", error="insufficient_claims", claims="{text}"'
    reply.refuse(refusal)


@fault("A10", "sometimes-no-premium", "the sign-in log answers 403 …NonPremiumTenant… now and then, as it was seen to",
       "not take one such answer for the truth", on="graph", where="0.3")  # fmt: skip
def _sometimes_no_premium(call: Call, reply: Reply) -> None:
    if call.endpoint.startswith("/auditlogs"):
        reply.refuse(refusals.not_premium())


@fault("A11", "slow-token", "the token endpoint takes a second, so that processes that renew at once meet",
       "renew once for all", on="token", where="all")  # fmt: skip
def _slow_token(_call: Call, reply: Reply) -> None:
    reply.pause = 1.0


@fault("A12", "login-redirect", "the token endpoint redirects to the twin host",
       "never follow with the secret", on="token", where="all", variants=("302", "307", "308"))  # fmt: skip
def _login_redirect(call: Call, reply: Reply) -> None:
    reply.become(int(call.variant), b"", _JSON, location=f"{call.twin}{call.path}")


@fault("A13", "foreign-metadata", "the OpenID configuration names the twin host as token endpoint",
       "use its own token endpoint", on="login", where="all")  # fmt: skip
def _foreign_metadata(call: Call, reply: Reply) -> None:
    if call.path.endswith("/openid-configuration") and reply.status == 200:
        shape = reply.shape()
        for name in ("token_endpoint", "jwks_uri", "authorization_endpoint"):
            shape[name] = call.twin + str(shape[name]).removeprefix(call.origin)
        reply.put(shape)
