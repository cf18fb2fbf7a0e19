"""Signatures of an organization: Ed25519, by a key derived from SEATKEEPER_SECRET_KEY, so that none is kept.

Each has its own: what one signs says nothing about another, and nobody can pass off its bundle as another's.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_LENGTH: Final = 32


def sign(text: bytes, organization_id: int) -> bytes:
    return _key(organization_id).sign(text)


def public_key(organization_id: int) -> str:
    """What a signature of the organization is checked with, as 64 hexadecimal digits."""
    return _key(organization_id).public_key().public_bytes_raw().hex()


def is_signed(text: bytes, signature: bytes, key: str) -> bool:
    """Whether the text was signed with the private half of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _key(organization_id: int) -> Ed25519PrivateKey:
    info = f"seatkeeper sign 2 organization {organization_id}".encode()
    derive = HKDF(algorithm=SHA256(), length=KEY_LENGTH, salt=None, info=info).derive
    return Ed25519PrivateKey.from_private_bytes(derive(settings.SECRET_KEY.encode()))
