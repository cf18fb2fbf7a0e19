"""Numbers that look random and are not: everything in the sandbox comes from its seed through these functions."""

from __future__ import annotations

import hashlib
import random
from typing import Final

_MASK: Final = (1 << 128) - 1
_ODD: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835  # odd, so multiplication modulo 2**128 can be undone
_UNDO: Final = pow(_ODD, -1, 1 << 128)


def number(*parts: object) -> int:
    """A 128-bit number from the parts; equal parts give the same number on every machine."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")


def dice(*parts: object) -> random.Random:
    """A generator of its own for the parts, so that what is generated lazily does not depend on the order of asking."""
    return random.Random(number(*parts))  # noqa: S311 - a pretend world, not a secret


def guid(value: int) -> str:
    """128 bits as a GUID in lower case."""
    h = f"{value:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def object_guid(*parts: object) -> str:
    """A GUID as directories make them: version 4, so it passes every validator."""
    h = f"{number(*parts):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) % 4]}{h[17:20]}-{h[20:]}"


def veil(value: int, salt: int) -> int:
    """A 128-bit number that belongs to `value` alone and does not show its order."""
    value = ((value ^ salt) * _ODD) & _MASK
    return ((value ^ (value >> 64)) * _ODD) & _MASK


def unveil(value: int, salt: int) -> int:
    """The number that `veil` was given."""
    value = (value * _UNDO) & _MASK
    value ^= value >> 64
    return ((value * _UNDO) & _MASK) ^ salt
