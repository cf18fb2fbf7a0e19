"""Credentials at rest: AES-GCM under a key derived from SEATKEEPER_SECRET_KEY.

A sealed blob is: version (1 byte), key id (8), nonce (12), ciphertext and tag. Organization, connection and
field are authenticated with it, so a blob that is copied to another row does not open there.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seatkeeper.errors import BadSetting
from seatkeeper.model import Secret
from seatkeeper.store import keyring

VERSION: Final = b"\x01"
_NONCE: Final = 12  # bytes; 96 random bits, as AES-GCM wants: 2^32 seals under one key stay safe
_HEAD: Final = len(VERSION) + keyring.ID_LENGTH + _NONCE


def seal(text: str, organization_id: int, connection_id: int, field: str = "credential") -> bytes:
    """The text, readable only with our key and only as this field of this connection."""
    key = keyring.list_keys()[0]
    head = VERSION + key.id + os.urandom(_NONCE)
    bound = _bound(head, organization_id, connection_id, field)
    return head + AESGCM(key.key).encrypt(head[-_NONCE:], text.encode(), bound)


def open_sealed(blob: bytes, organization_id: int, connection_id: int, field: str = "credential") -> Secret:
    """The secret in a blob.

    Raises BadSetting when it was sealed with another key, for another place, or when it was changed since.
    """
    blob = bytes(blob)  # a database driver may hand out a view
    head = blob[:_HEAD]
    if len(blob) <= _HEAD or head[:1] != VERSION:
        raise BadSetting(f"The saved {field} cannot be read: it is damaged. Authorize the application again")
    if (key := _find_key(id_of(blob))) is None:
        raise BadSetting(
            f"The saved {field} was sealed with another SEATKEEPER_SECRET_KEY. "
            "Set the key that was used then (by default the file secret.key in SEATKEEPER_HOME), "
            "or authorize the application again"
        )
    try:
        text = AESGCM(key.key).decrypt(
            head[-_NONCE:], blob[_HEAD:], _bound(head, organization_id, connection_id, field)
        )
    except InvalidTag:
        raise BadSetting(
            f"The saved {field} cannot be opened: it was changed, or it belongs to another connection. "
            "Authorize the application again"
        ) from None
    return Secret(text.decode())


def id_of(blob: bytes) -> bytes:
    """The id of the key that it was sealed with."""
    return bytes(blob[1 : 1 + keyring.ID_LENGTH])


def key_id() -> str:
    """Tells our key from others, and nothing about it."""
    return keyring.list_keys()[0].id.hex()


def _find_key(id_: bytes) -> keyring.SealingKey | None:
    """An unknown one may be in the key file by now: another process may have begun to seal with it."""
    keys = {key.id: key for key in keyring.list_keys()}
    if id_ not in keys and keyring.follow():
        keys = {key.id: key for key in keyring.list_keys()}
    return keys.get(id_)


def _bound(head: bytes, organization_id: int, connection_id: int, field: str) -> bytes:
    return head + f"organization={organization_id};connection={connection_id};field={field}".encode()
