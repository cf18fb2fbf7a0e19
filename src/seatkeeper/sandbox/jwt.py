"""JSON Web Tokens of the sandbox: signed with its own key, made once a process."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """The key that signs our tokens; made once a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encode(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """base64url with or without padding; ValueError otherwise."""
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


@cache
def key_id() -> str:
    """The name of the signing key in tokens."""
    public = (
        signing_key()
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return encode(hashlib.sha256(public).digest()[:20])


def thumbprints(certificate: x509.Certificate) -> tuple[str, str, str]:
    """x5t, x5t#S256 (both base64url without padding) and the SHA-1 in hex as portals show it."""
    sha1, sha256 = certificate.fingerprint(hashes.SHA1()), certificate.fingerprint(hashes.SHA256())  # noqa: S303
    return encode(sha1), encode(sha256), sha1.hex().upper()


def sign(claims: dict[str, Any]) -> str:
    """A token with these claims."""
    header = {"typ": "JWT", "alg": "RS256", "x5t": key_id(), "kid": key_id()}
    signed = f"{encode(msgspec.json.encode(header))}.{encode(msgspec.json.encode(claims))}"
    signature = signing_key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{encode(signature)}"


def claims_of(text: str) -> dict[str, Any] | None:
    """The claims of a token that this process signed, else None."""
    try:
        head, payload, signature = text.split(".")
        signing_key().public_key().verify(
            decode(signature), f"{head}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        return msgspec.json.decode(decode(payload), type=dict[str, Any])
    except (ValueError, InvalidSignature, msgspec.MsgspecError):
        return None


def keys() -> dict[str, Any]:
    """The public keys that tokens are signed with."""
    numbers = signing_key().public_key().public_numbers()
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    return {"keys": [{"kty": "RSA", "use": "sig", "kid": key_id(), "x5t": key_id(), "n": encode(modulus), "e": "AQAB"}]}
