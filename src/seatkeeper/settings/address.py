"""Where people reach this installation, through what, and who vouches for them: the settings of sign-in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from seatkeeper.errors import BadSetting
from seatkeeper.model import Secret
from seatkeeper.settings.secret_files import read_secret_file

URL: Final = "SEATKEEPER_URL"
TRUSTED_PROXY: Final = "SEATKEEPER_TRUSTED_PROXY"
OIDC_ISSUER: Final = "SEATKEEPER_OIDC_ISSUER"
OIDC_CLIENT_ID: Final = "SEATKEEPER_OIDC_CLIENT_ID"
OIDC_CLIENT_SECRET_FILE: Final = "SEATKEEPER_OIDC_CLIENT_SECRET_FILE"  # noqa: S105 - the name of a setting
OIDC_NAME: Final = "SEATKEEPER_OIDC_NAME"

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
LONGEST_NAME: Final = 40

_FOLDER: Final = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class Address(NamedTuple):
    """The public address, as a browser writes it.

    `origin` has no path and no default port; `folder` is what comes before every path of ours: empty, or `/seatkeeper`.
    """

    origin: str
    host: str
    folder: str = ""

    @property
    def url(self) -> str:
        """What a path of ours is put behind, for whoever is elsewhere."""
        return self.origin + self.folder

    @property
    def is_https(self) -> bool:
        return self.origin.startswith("https:")

    @property
    def is_loopback(self) -> bool:
        """Whether it is only meant for people at this machine."""
        return self.host.strip("[]") in LOOPBACK


class SingleSignOn(NamedTuple):
    """An OpenID Connect provider whose people may sign in; `name` is what the button says."""

    issuer: str
    client_id: str
    secret: Secret
    name: str

    @property
    def origin(self) -> str:
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"


def read_address(given: Mapping[str, str]) -> Address:
    """SEATKEEPER_URL, or BadSetting."""
    text = given.get(URL, "http://localhost:8000")
    parts = _split(URL, text, "https://seats.example.com")
    folder = parts.path.rstrip("/")
    if parts.scheme not in DEFAULT_PORTS or not _FOLDER.fullmatch(folder):
        raise BadSetting(
            f"{URL}: {text} is not an address like https://seats.example.com or https://example.com/seatkeeper. "
            "A folder has letters, digits, '-', '_' and '.' in its names"
        )
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return Address(f"{parts.scheme}://{shown}{port}", shown, folder)


def read_single_sign_on(given: Mapping[str, str]) -> SingleSignOn | None:
    """The provider, or None when nothing of it is set. Raises BadSetting when it is set by half."""
    names = (OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET_FILE)
    missing = [name for name in names if name not in given]
    if len(missing) == len(names) and OIDC_NAME not in given:
        return None
    if missing:
        raise BadSetting(f"{missing[0]} is not set: single sign-on needs {', '.join(names)}")
    issuer = given[OIDC_ISSUER]
    parts = _split(OIDC_ISSUER, issuer, "https://login.example.com")
    if parts.scheme != "https":
        raise BadSetting(f"{OIDC_ISSUER}: {issuer} does not begin with https://")
    name = given.get(OIDC_NAME, "single sign-on")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise BadSetting(f"{OIDC_NAME} is longer than {LONGEST_NAME} characters, or has some that cannot be shown")
    secret = read_secret_file(OIDC_CLIENT_SECRET_FILE, given[OIDC_CLIENT_SECRET_FILE])
    return SingleSignOn(issuer, given[OIDC_CLIENT_ID], Secret(secret), name)


def _split(name: str, text: str, example: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise BadSetting(f"{name} is not an address like {example}") from None
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment or not text.isprintable():
        raise BadSetting(f"{name} is not an address like {example}, without a name, a password, ? or #")
    if any(sign in text for sign in " ;,'\"<>\\"):
        raise BadSetting(f"{name} has a sign that no address has. Write it like {example}")
    return parts
