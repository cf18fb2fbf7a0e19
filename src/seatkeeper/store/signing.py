"""Signatures of this installation: Ed25519, by a key derived from SEATKEEPER_SECRET_KEY, so that none is kept."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_LENGTH: Final = 32


def sign(text: bytes) -> bytes:
    return _key().sign(text)


def public_key() -> str:
    """What a signature of ours is checked with, as 64 hexadecimal digits."""
    return _key().public_key().public_bytes_raw().hex()


def is_signed(text: bytes, signature: bytes, key: str) -> bool:
    """Whether the text was signed with the private half of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _key() -> Ed25519PrivateKey:
    derive = HKDF(algorithm=SHA256(), length=KEY_LENGTH, salt=None, info=b"seatkeeper sign 1").derive
    return Ed25519PrivateKey.from_private_bytes(derive(settings.SECRET_KEY.encode()))
