"""Client assertions: the JWT of a client with a certificate is really verified.

Statuses, codes and words of the refusals come from Microsoft's reference of error codes and from public threads.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from seatkeeper.sandbox.jwt import decode
from seatkeeper.sandbox.tenant import Tenant

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


def check_assertion(tenant: Tenant, assertion: str, ask: Ask) -> None:
    """The JWT of a client with a certificate: who signed it, for whom, and when."""
    try:
        head, payload, signature = assertion.split(".")
        header, claims = (msgspec.json.decode(decode(part), type=dict[str, Any]) for part in (head, payload))
        signed = decode(signature)
    except (ValueError, msgspec.MsgspecError) as error:
        raise TokenRefusal(50027, 401, "invalid_client", "JWT token is invalid or malformed.") from error
    thumbprint = str(header.get("x5t#S256") or header.get("x5t") or "").rstrip("=")
    if not thumbprint or claims.get("iss") != tenant.client_id:
        text = (
            "No matching federated identity record found for presented assertion subject "
            f"'{str(claims.get('sub'))[:200]}'. Check your federated identity credential Subject, Audience and Issuer "
            "against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
        )
        raise TokenRefusal(700213, 401, "invalid_client", text)
    shown = _hex(thumbprint)
    certificate = tenant.certificates.get(thumbprint)
    if certificate is None:
        raise _bad_key("The key was not found.", shown)
    if not _verified(certificate, str(header.get("alg")), f"{head}.{payload}".encode(), signed):
        raise _bad_key("Key was found, but use of the key to verify the signature failed.", shown)
    if not certificate.not_valid_before_utc.timestamp() <= time.time() <= certificate.not_valid_after_utc.timestamp():
        raise _bad_key("The key used is expired.", shown)
    _check_claims(tenant, claims, ask)


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
    now, begin, end = time.time(), claims.get("nbf", claims.get("iat", 0)), claims.get("exp")
    fit = isinstance(begin, int | float) and isinstance(end, int | float) and begin - SKEW <= now <= end + SKEW
    if not fit or not claims.get("jti"):
        text = "Client assertion is not within its valid time range."
        raise TokenRefusal(700024, 401, "invalid_client", text)


def _hex(thumbprint: str) -> str:
    try:
        return decode(thumbprint[:100]).hex().upper()
    except ValueError:
        return ""


def _verified(certificate: x509.Certificate, algorithm: str, data: bytes, signature: bytes) -> bool:
    key = certificate.public_key()
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
