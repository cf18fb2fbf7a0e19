"""JSON Web Tokens of the sandbox: signed with a key of the sandbox's own."""

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


def _prime(word: str, offset: int) -> int:
    """A prime of 1,024 bits: the first at or after a hash of our words, `offset` away from it."""
    digests = (hashlib.sha256(f"seatkeeper sandbox {word} {n}".encode()).digest() for n in range(4))
    return (int.from_bytes(b"".join(digests), "big") | 3 << 1022 | 1) + offset


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """The key that signs our tokens: the same in every process, so that equal scripts get equal tokens.

    It protects nothing: anybody can read it here.
    """
    p, q = _prime("p", 610), _prime("q", 2022)
    e = 65_537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    ).private_key()


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


def thumbprints(certificate: x509.Certificate) -> tuple[str, str]:
    """How tokens name a certificate: x5t and x5t#S256."""
    return encode(certificate.fingerprint(hashes.SHA1())), encode(certificate.fingerprint(hashes.SHA256()))  # noqa: S303


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
