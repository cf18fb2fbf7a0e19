"""What a signed token says of itself, for diagnosis only: whoever takes it verifies it."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

T = TypeVar("T")


def read_claims(text: str, kind: type[T]) -> T | None:
    """The claims of a token, or None for what is no token or has claims of other kinds."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        return None
