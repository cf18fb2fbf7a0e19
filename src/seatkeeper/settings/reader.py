"""What an operator may set, read once from the environment and files; nonsense is refused by name.

An empty variable counts as not set: compose files pass on variables that nobody filled in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import platformdirs

from seatkeeper.errors import BadSetting
from seatkeeper.model import Secret
from seatkeeper.settings.address import TRUSTED_PROXY, Address, SingleSignOn, read_address, read_single_sign_on
from seatkeeper.settings.database import read_database
from seatkeeper.settings.keys import Keys, make_key, parse_keys, read_keys, write_keys
from seatkeeper.settings.networks import Networks, read_networks
from seatkeeper.settings.operation import Operation, choose, read_operation
from seatkeeper.settings.secret_files import read_secret_file
from seatkeeper.settings.upkeep import BackupPlan, Retention, read_backup_plan, read_retention

HOME: Final = "SEATKEEPER_HOME"
DATABASE_URL: Final = "SEATKEEPER_DATABASE_URL"
DATABASE_URL_FILE: Final = "SEATKEEPER_DATABASE_URL_FILE"
SECRET_KEY: Final = "SEATKEEPER_SECRET_KEY"  # noqa: S105 - the name of a setting
SECRET_KEY_FILE: Final = "SEATKEEPER_SECRET_KEY_FILE"  # noqa: S105
ALLOWED_HOSTS: Final = "SEATKEEPER_ALLOWED_HOSTS"
NOTICE_HOSTS: Final = "SEATKEEPER_NOTICE_HOSTS"
OWN_ADDRESSES: Final = "SEATKEEPER_OWN_ADDRESSES"
SLOTS: Final = "SEATKEEPER_SLOTS"
FEDERATED_TOKEN_FILE: Final = "SEATKEEPER_FEDERATED_TOKEN_FILE"  # noqa: S105
MANAGED_IDENTITY: Final = "SEATKEEPER_MANAGED_IDENTITY"
AZURE_TOKEN_FILE: Final = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - set in each pod by Azure's workload identity

LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
YES_NO: Final = ("yes", "no")
MOST_SLOTS: Final = 64

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HOST: Final = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]|\*")


class Identity(NamedTuple):
    """What this server proves who it is with, and whether members may use it.

    It is a token in a file that somebody renews, or Azure's managed identity: `system` or a client id.
    """

    token_file: Path | None
    for_members: bool
    managed: str = ""

    @property
    def source(self) -> str:
        """Where its token comes from, in one text: a path is absolute, and nothing else begins like one."""
        return self.managed or str(self.token_file)


class Settings(NamedTuple):
    """All settings, checked."""

    home: Path
    database: dict[str, Any]  # an entry of Django's DATABASES
    secret_key: Secret
    other_keys: tuple[Secret, ...]  # which open what they have sealed, and seal nothing
    key_file: Path | None  # where the keys came from, when they came from a file
    key_is_new: bool  # whether this process has just made it
    address: Address
    allowed_hosts: tuple[str, ...]
    trusted_proxies: Networks
    single_sign_on: SingleSignOn | None
    notice_hosts: tuple[str, ...]
    own_addresses: bool  # whether members may give other addresses for a vendor than its own
    slots: int  # runs by schedule that one process does at once
    operation: Operation
    identity: Identity | None
    backups: BackupPlan | None
    keep: Retention


def read(environment: Mapping[str, str]) -> Settings:
    """Every setting, or BadSetting with the name of the first that is wrong.

    Makes the data folder (0700) and, when no key was given, the key file in it (0600).
    """
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    home = _read_home(given.get(HOME))
    keys, key_file, key_is_new = _read_keys(given, home)
    address = read_address(given)
    hosts = _split(given.get(ALLOWED_HOSTS, ",".join(dict.fromkeys([*LOCAL_HOSTS, address.host]))))
    if wrong := [host for host in hosts if not _HOST.fullmatch(host)]:
        raise BadSetting(
            f"{ALLOWED_HOSTS}: {wrong[0]!r} is not a host name. "
            "Write names without http:// and without a port, separated by commas"
        )
    inside = tuple(host.lower().rstrip(".") for host in _split(given.get(NOTICE_HOSTS, "")))
    for host in inside:  # each is written out
        if not _HOST.fullmatch(host) or "*" in host or host.startswith((".", "[")):
            raise BadSetting(f"{NOTICE_HOSTS}: {host!r} is not the name of a machine. Write each name, comma separated")
    return Settings(
        home=home,
        database=_read_database(given, home),
        secret_key=Secret(keys.current),
        other_keys=tuple(map(Secret, keys.others)),
        key_file=key_file,
        key_is_new=key_is_new,
        address=address,
        allowed_hosts=hosts,
        trusted_proxies=_read_proxies(given),
        single_sign_on=read_single_sign_on(given),
        notice_hosts=inside,
        slots=_read_slots(given.get(SLOTS, "4")),
        own_addresses=choose(given, OWN_ADDRESSES, YES_NO, "no") == "yes",
        operation=read_operation(given),
        identity=_read_identity(given),
        backups=read_backup_plan(given),
        keep=read_retention(given),
    )


def _read_slots(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_SLOTS:
        raise BadSetting(f"{SLOTS}: {text[:20]!r} is not a number from 1 to {MOST_SLOTS}")
    return int(text)


def _read_identity(given: Mapping[str, str]) -> Identity | None:
    """File and managed identity are looked for when they are used: whatever gives and renews them may come later."""
    _keep_one(given, FEDERATED_TOKEN_FILE, MANAGED_IDENTITY)
    text, managed = given.get(FEDERATED_TOKEN_FILE), given.get(MANAGED_IDENTITY, "").lower()
    if managed:
        if managed != "system" and not _GUID.fullmatch(managed):
            raise BadSetting(
                f"{MANAGED_IDENTITY}: {managed[:80]!r} is neither 'system' nor the client id (a GUID) of a "
                "user-assigned managed identity"
            )
        return Identity(None, for_members=True, managed=managed)
    path = Path(text or given.get(AZURE_TOKEN_FILE, ""))
    if text and not path.is_absolute():
        raise BadSetting(f"{FEDERATED_TOKEN_FILE} is not an absolute path: {path}. Write it from the root")
    return Identity(path, for_members=bool(text)) if path.is_absolute() else None


def _read_home(text: str | None) -> Path:
    home = Path(text).expanduser() if text else Path(platformdirs.user_data_dir("seatkeeper", appauthor=False))
    if not home.is_absolute():
        raise BadSetting(f"{HOME} is not an absolute path: {home}. Write it from the root, such as /srv/seatkeeper")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(
            f"{HOME}: the folder {home} cannot be made ({error.strerror}). "
            f"Make it yourself, or set {HOME} to a folder that you may write to"
        ) from error
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise BadSetting(
            f"{HOME}: the folder {home} cannot be written to. "
            f"Give it to the user that runs seatkeeper, or set {HOME} to another folder"
        )
    return home


def _read_database(given: Mapping[str, str], home: Path) -> dict[str, Any]:
    """The URL holds a password, so it may come from a file, too."""
    _keep_one(given, DATABASE_URL, DATABASE_URL_FILE)
    default = home / "seatkeeper.sqlite3"
    if file := given.get(DATABASE_URL_FILE):
        return read_database(DATABASE_URL_FILE, read_secret_file(DATABASE_URL_FILE, file), default)
    return read_database(DATABASE_URL, given.get(DATABASE_URL), default)


def _read_keys(given: Mapping[str, str], home: Path) -> tuple[Keys, Path | None, bool]:
    """The keys, the file they came from when they came from one, and whether it was made just now."""
    _keep_one(given, SECRET_KEY, SECRET_KEY_FILE)
    if SECRET_KEY in given:
        return parse_keys(SECRET_KEY, given[SECRET_KEY]), None, False
    path = Path(given[SECRET_KEY_FILE]).expanduser() if SECRET_KEY_FILE in given else home / "secret.key"
    is_new = False
    if SECRET_KEY_FILE not in given and not path.exists():
        try:
            is_new = write_keys(path, Keys(make_key()), replace=False)
        except OSError as error:
            raise BadSetting(
                f"{HOME}: the secret key cannot be saved in {path.parent} ({error.strerror}). "
                f"Make room there, or set {SECRET_KEY_FILE}"
            ) from error
    return read_keys(SECRET_KEY_FILE, path), path, is_new


def _keep_one(given: Mapping[str, str], one: str, other: str) -> None:
    if one in given and other in given:
        raise BadSetting(f"{one} and {other} are both set. Keep one of them")


def _read_proxies(given: Mapping[str, str]) -> Networks:
    """Whose word on the caller is believed. Not everybody's: then anybody could call himself by any address."""
    proxies = read_networks(given, TRUSTED_PROXY)
    if any(network.prefixlen == 0 for network in proxies):
        raise BadSetting(
            f"{TRUSTED_PROXY} holds every address there is. Write the addresses or networks of your proxies"
        )
    return proxies


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
