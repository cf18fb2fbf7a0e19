"""Client assertions; their signatures are really verified.

Statuses, codes and words of the refusals come from Microsoft's reference of error codes and from public threads.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from seatkeeper.sandbox.login.jwt import decode, thumbprints
from seatkeeper.sandbox.world.tenant import Tenant

SKEW: Final = 300  # seconds a client's clock may be wrong


class TokenRefusal(Exception):
    """The token endpoint's error: an AADSTS number, its HTTP status, OAuth's word and Microsoft's text."""

    def __init__(self, number: int, status: int, error: str, text: str, **more: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.number, self.status, self.error, self.text, self.more = number, status, error, text, more


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to the login host. `hosts` are the names it goes by, such as https://localhost:8443."""

    tenant_name: str
    form: dict[str, str]
    authorization: str
    hosts: tuple[str, ...]


def _bad_key(reason: str, thumbprint: str) -> TokenRefusal:
    text = (
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - {reason}, Thumbprint of key used by client: '{thumbprint}']"
    )
    return TokenRefusal(700027, 401, "invalid_client", text)


def _no_federated(number: int, what: str, value: object) -> TokenRefusal:
    text = (
        f"No matching federated identity record found for presented assertion {what} '{str(value)[:200]}'. Check your "
        "federated identity credential Subject, Audience and Issuer against the presented assertion. "
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
    )
    return TokenRefusal(number, 401, "invalid_client", text)


def check_assertion(tenant: Tenant, assertion: str, ask: Ask) -> None:
    """The JWT of a client with a certificate: who signed it, for whom, and when."""
    try:
        head, payload, signature = assertion.split(".")
        header, claims = (msgspec.json.decode(decode(part), type=dict[str, Any]) for part in (head, payload))
        signed = decode(signature)
    except (ValueError, msgspec.MsgspecError) as error:
        raise TokenRefusal(50027, 401, "invalid_client", "JWT token is invalid or malformed.") from error
    thumbprint = str(header.get("x5t#S256") or header.get("x5t") or "").rstrip("=")
    data = f"{head}.{payload}".encode()
    if tenant.federated and claims.get("iss") != tenant.client_id:
        _check_federated(tenant, claims, (str(header.get("alg")), data, signed))
        return
    if not thumbprint or claims.get("iss") != tenant.client_id:
        raise _no_federated(700213, "subject", claims.get("sub"))
    shown = _hex(thumbprint)
    certificate = next((known for known in tenant.certificates if thumbprint in thumbprints(known)), None)
    if certificate is None:
        raise _bad_key("The key was not found.", shown)
    if not _verified(certificate.public_key(), str(header.get("alg")), data, signed):
        raise _bad_key("Key was found, but use of the key to verify the signature failed.", shown)
    if not certificate.not_valid_before_utc.timestamp() <= time.time() <= certificate.not_valid_after_utc.timestamp():
        raise _bad_key("The key used is expired.", shown)
    _check_claims(tenant, claims, ask)


def _check_federated(tenant: Tenant, claims: dict[str, Any], signed: tuple[str, bytes, bytes]) -> None:
    """The JWT of an outside issuer: whom it names must be registered, and its issuer must have signed it."""
    kept = [known for known in tenant.federated if known.issuer == claims.get("iss")]
    if not kept:
        raise _no_federated(700211, "issuer", claims.get("iss"))
    kept = [known for known in kept if known.subject == claims.get("sub")]
    if not kept:
        raise _no_federated(700213, "subject", claims.get("sub"))
    meant = claims.get("aud")
    kept = [known for known in kept if meant in (known.audience, [known.audience])]
    if not kept:
        raise _no_federated(700212, "audience", meant)
    keys = [serialization.load_pem_public_key(known.key.encode()) for known in kept]
    if not any(_verified(key, *signed) for key in keys):
        text = (
            "Assertion failed signature validation. [Reason - Key was found, but use of the key to verify the "
            "signature failed.]"
        )
        raise TokenRefusal(50013, 401, "invalid_client", text)
    _check_times(claims)


def _check_claims(tenant: Tenant, claims: dict[str, Any], ask: Ask) -> None:
    """Audience, subject and times; real time counts, because the client's clock is real."""
    names = (ask.tenant_name, tenant.tenant_id)
    ends = ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "")
    if claims.get("aud") not in {f"{host}/{name}{end}" for host in ask.hosts for name in names for end in ends}:
        text = "Client assertion audience claim does not match Realm issuer."
        raise TokenRefusal(700023, 401, "invalid_client", text)
    if claims.get("sub") != tenant.client_id:
        text = "Client assertion application identifier doesn't match 'client_id' parameter."
        raise TokenRefusal(700021, 401, "invalid_client", text)
    if not claims.get("jti"):
        raise _not_in_time()
    _check_times(claims)


def _not_in_time() -> TokenRefusal:
    text = "Client assertion is not within its valid time range."
    return TokenRefusal(700024, 401, "invalid_client", text)


def _check_times(claims: dict[str, Any]) -> None:
    now, begin, end = time.time(), claims.get("nbf", claims.get("iat", 0)), claims.get("exp")
    fit = isinstance(begin, int | float) and isinstance(end, int | float) and begin - SKEW <= now <= end + SKEW
    if not fit:
        raise _not_in_time()


def _hex(thumbprint: str) -> str:
    try:
        return decode(thumbprint[:100]).hex().upper()
    except ValueError:
        return ""


def _verified(key: object, algorithm: str, data: bytes, signature: bytes) -> bool:
    pads: dict[str, padding.AsymmetricPadding] = {
        "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
        "RS256": padding.PKCS1v15(),
    }
    if not isinstance(key, rsa.RSAPublicKey) or algorithm not in pads:
        return False
    try:
        key.verify(signature, data, pads[algorithm], hashes.SHA256())
    except InvalidSignature:
        return False
    return True
