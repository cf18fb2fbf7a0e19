"""Query options and page tokens."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.graph.answers import DEFAULT_USER
from seatkeeper.sandbox.world.catalog import shapes
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.tenant import Tenant

LONGEST: Final = 65_536  # bytes of query read; Graph's front door refuses long addresses


@dataclass(frozen=True, slots=True)
class Query:
    """The options of one request. `plain` is the query as sent without its page token, which next links repeat."""

    options: dict[str, str]
    plain: str

    def get(self, name: str) -> str | None:
        """An option by its name without the dollar sign."""
        return self.options.get("$" + name)

    def only(self, *allowed: str) -> None:
        """Refuse what this endpoint does not know. Words without a dollar sign are ignored, as Graph does."""
        for name in self.options:
            if name[1:] not in allowed:
                raise refusals.bad_request(f"The query parameter '{refusals.shown(name)}' is not supported.")

    def flag(self, name: str) -> bool:
        """A boolean option."""
        value = (self.get(name) or "false").lower()
        if value not in {"true", "false"}:
            raise refusals.bad_request(f"Invalid value '{refusals.shown(value)}' for ${name} query option found.")
        return value == "true"

    def top(self, default: int, most: int) -> int:
        """$top, with the directory's error when it is out of bounds."""
        value = self.get("top")
        if value is None:
            return default
        if not (value.removeprefix("-").isascii() and value.removeprefix("-").isdigit()):
            raise refusals.bad_top(value)
        if len(value) > 9 or not 1 <= int(value) <= most:
            raise refusals.page_size(value)
        return int(value)


def read(raw: bytes) -> Query:
    """The query string as options; the first of two equal names counts."""
    if len(raw) > LONGEST:
        raise refusals.bad_request("The request URI is too long.")
    options: dict[str, str] = {}
    kept = []
    for piece in raw.decode("latin-1").split("&"):
        name, _, value = piece.partition("=")
        name = unquote_plus(name)
        if name not in {"$skiptoken", "$deltatoken"} and piece:
            kept.append(piece)
        if name.startswith("$"):
            options.setdefault(name.lower(), unquote_plus(value))
    return Query(options, "&".join(kept))


def select_user(query: Query, *, plain: bool = False) -> tuple[str, ...] | None:
    """The selected properties of a user, or None for the default set."""
    text = query.get("select")
    if not text or text.strip() == "*":
        return None
    kinds: dict[str, str] = shapes()["user_properties"]
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in kinds:
            raise refusals.unknown_property(name, "user")
        if kinds[name] == "unselectable" and not plain:
            raise refusals.not_implemented()
    return tuple(name for name in names if kinds[name] in {"value", "list"})


def user_properties(selected: tuple[str, ...] | None) -> tuple[str, ...]:
    """What a row of users carries: the id always comes."""
    if selected is None:
        return DEFAULT_USER
    return selected if "id" in selected else (*selected, "id")


class PageTokens:
    """Opaque page tokens of one tenant: signed, and bound to the query they came from."""

    def __init__(self, tenant: Tenant) -> None:
        self._key = number(tenant.settings.seed, "page tokens").to_bytes(16, "big")

    def make(self, purpose: str, query: Query, now: int, position: list[Any]) -> str:
        """A token from which `read` gets `position` back."""
        payload = msgspec.json.encode([now, *position])
        return urlsafe_b64encode(self._sign(purpose, query, payload) + payload).rstrip(b"=").decode()

    def read(self, purpose: str, query: Query, token: str) -> tuple[int, list[Any]] | None:
        """When a token was made and its position; None when it is not ours or belongs to another query."""
        try:
            data = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (Base64Error, UnicodeError, ValueError):
            return None
        signature, payload = data[:16], data[16:]
        if not hmac.compare_digest(signature, self._sign(purpose, query, payload)):
            return None
        made, *position = msgspec.json.decode(payload)
        return made, position

    def _sign(self, purpose: str, query: Query, payload: bytes) -> bytes:
        options = {k: v for k, v in query.options.items() if k not in {"$skiptoken", "$deltatoken"}}
        bound = msgspec.json.encode([purpose, sorted(options.items())])
        return hmac.new(self._key, hashlib.sha256(bound).digest() + payload, "sha256").digest()[:16]
