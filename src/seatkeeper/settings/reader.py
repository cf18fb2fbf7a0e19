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
from seatkeeper.settings.address import Address, SingleSignOn, read_address, read_single_sign_on, read_trusted_proxy
from seatkeeper.settings.database import read_database
from seatkeeper.settings.keys import Keys, make_key, parse_keys, read_keys, write_keys
from seatkeeper.settings.upkeep import BackupPlan, Retention, read_backup_plan, read_retention

HOME: Final = "SEATKEEPER_HOME"
DATABASE_URL: Final = "SEATKEEPER_DATABASE_URL"
SECRET_KEY: Final = "SEATKEEPER_SECRET_KEY"  # noqa: S105 - the name of a setting
SECRET_KEY_FILE: Final = "SEATKEEPER_SECRET_KEY_FILE"  # noqa: S105
ALLOWED_HOSTS: Final = "SEATKEEPER_ALLOWED_HOSTS"
LOG: Final = "SEATKEEPER_LOG"
NOTICE_HOSTS: Final = "SEATKEEPER_NOTICE_HOSTS"
OWN_ADDRESSES: Final = "SEATKEEPER_OWN_ADDRESSES"
METRICS: Final = "SEATKEEPER_METRICS"
FEDERATED_TOKEN_FILE: Final = "SEATKEEPER_FEDERATED_TOKEN_FILE"  # noqa: S105
MANAGED_IDENTITY: Final = "SEATKEEPER_MANAGED_IDENTITY"
AZURE_TOKEN_FILE: Final = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - set in each pod by Azure's workload identity

LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
YES_NO: Final = ("yes", "no")
METRICS_FOR: Final = ("no", "token", "local")  # nobody, an administrator's token, or also whoever is at the machine

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
    trusted_proxy: str
    single_sign_on: SingleSignOn | None
    log_level: str
    notice_hosts: tuple[str, ...]
    own_addresses: bool  # whether members may give other addresses for a vendor than its own
    metrics: str
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
        database=read_database(DATABASE_URL, given.get(DATABASE_URL), home / "seatkeeper.sqlite3"),
        secret_key=Secret(keys.current),
        other_keys=tuple(map(Secret, keys.others)),
        key_file=key_file,
        key_is_new=key_is_new,
        address=address,
        allowed_hosts=hosts,
        trusted_proxy=read_trusted_proxy(given),
        single_sign_on=read_single_sign_on(given),
        log_level=_choose(given, LOG, LOG_LEVELS, "warning").upper(),
        notice_hosts=inside,
        own_addresses=_choose(given, OWN_ADDRESSES, YES_NO, "no") == "yes",
        metrics=_choose(given, METRICS, METRICS_FOR, "token"),
        identity=_read_identity(given),
        backups=read_backup_plan(given),
        keep=read_retention(given),
    )


def _read_identity(given: Mapping[str, str]) -> Identity | None:
    """File and managed identity are looked for when they are used: whatever gives and renews them may come later."""
    text, managed = given.get(FEDERATED_TOKEN_FILE), given.get(MANAGED_IDENTITY, "").lower()
    if text and managed:
        raise BadSetting(f"{FEDERATED_TOKEN_FILE} and {MANAGED_IDENTITY} are both set. Keep one of them")
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


def _read_keys(given: Mapping[str, str], home: Path) -> tuple[Keys, Path | None, bool]:
    """The keys, the file they came from when they came from one, and whether it was made just now."""
    if SECRET_KEY in given and SECRET_KEY_FILE in given:
        raise BadSetting(f"{SECRET_KEY} and {SECRET_KEY_FILE} are both set. Keep one of them")
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


def _choose(given: Mapping[str, str], name: str, words: tuple[str, ...], usual: str) -> str:
    word = given.get(name, usual)
    if word.lower() not in words:
        raise BadSetting(f"{name}: {word!r} is not one of {', '.join(words)}")
    return word.lower()


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
