"""The identity of this server itself: a token of an outside issuer that Microsoft takes in place of a secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from seatkeeper.clock import system_clock
from seatkeeper.errors import CredentialsRejected
from seatkeeper.graph.jwt import read_claims
from seatkeeper.model import TICKS, to_text

_LARGEST: Final = 64 * 1024  # bytes; such a token has 1 to 3 kB
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LAST: Final = 253_402_300_799  # the last second of the year 9999


class _Claims(msgspec.Struct):
    aud: str | list[str] = ""
    exp: float | None = None


class FederatedToken(msgspec.Struct, frozen=True):
    """The token in a file that somebody else renews, such as Kubernetes; `audience` is what the cloud asks for."""

    client_id: str
    path: Path
    audience: str

    def to_msal(self) -> dict[str, Callable[[], str]]:
        """The form that msal sends; it is sent to the sign-in server alone. Raises CredentialsRejected."""
        text = self.read()  # before anything is asked
        return {"client_assertion": lambda: text}

    def read(self) -> str:
        """What the file holds now. Raises CredentialsRejected for what Microsoft would refuse, and why."""
        text = self._read_file()
        claims = read_claims(text, _Claims) if TOKEN.fullmatch(text) else None
        if claims is None:
            raise _rejected("holds no token (JWT)")
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if audiences != [self.audience]:
            named = ", ".join(audiences)[:200] or "nobody"
            raise _rejected(f"is for the audience {named!r}, and Microsoft asks for {self.audience} alone")
        if claims.exp is not None and claims.exp * TICKS <= system_clock():
            ended = to_text(int(min(max(claims.exp, 0), _LAST)) * TICKS)
            raise _rejected(f"expired at {ended}: nobody renews the file, or this machine's clock is wrong")
        return text

    def _read_file(self) -> str:
        try:
            if not self.path.is_file():  # of a pipe, reading might never end
                raise _rejected("is not there")
            with self.path.open("rb") as file:
                body = file.read(_LARGEST + 1)
        except OSError as error:
            raise _rejected(f"cannot be read ({(error.strerror or 'no file').lower()})") from None
        text = body.decode("ascii", errors="replace").strip()
        if not text:
            raise _rejected("is empty")
        return text


def _rejected(what: str) -> CredentialsRejected:
    # Not the path: members read this, and the file is the operator's.
    return CredentialsRejected(
        f"The token file of this server's own identity {what}. Whoever runs this server mends it; "
        "SEATKEEPER_FEDERATED_TOKEN_FILE names the file."
    )
