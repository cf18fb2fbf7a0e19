"""What whoever watches the installation sets: who may ask how it is, how the log looks, when the disk is too full."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from seatkeeper.errors import BadSetting
from seatkeeper.model import Secret
from seatkeeper.settings.networks import Networks, read_networks
from seatkeeper.settings.secret_files import read_secret_file

METRICS: Final = "SEATKEEPER_METRICS"
METRICS_FROM: Final = "SEATKEEPER_METRICS_FROM"
METRICS_TOKEN_FILE: Final = "SEATKEEPER_METRICS_TOKEN_FILE"  # noqa: S105 - the name of a setting
METRICS_TENANTS: Final = "SEATKEEPER_METRICS_TENANTS"
PROBES_FROM: Final = "SEATKEEPER_PROBES_FROM"
LOG: Final = "SEATKEEPER_LOG"
LOG_FORMAT: Final = "SEATKEEPER_LOG_FORMAT"
DISK_WARNING: Final = "SEATKEEPER_DISK_WARNING"

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
METRICS_FOR: Final = ("no", "token", "local")  # nobody, an administrator's token, or also whoever is at the machine
PRIVATE: Final = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,::1,fc00::/7,fe80::/10"
TOKEN_LENGTH: Final = 32  # characters at least
UNITS: Final = {"MB": 10**6, "GB": 10**9, "TB": 10**12}


class Operation(NamedTuple):
    """All of it, checked."""

    probes_from: Networks  # answered by whatever name they ask for
    metrics: str
    metrics_from: Networks  # read the figures without a token
    metrics_token: Secret | None  # reads the figures, and nothing else
    metrics_by_tenant: bool
    log_level: str
    log_as_json: bool
    disk_warning: int  # bytes free, below which people are warned


def read_operation(given: Mapping[str, str]) -> Operation:
    """Raises BadSetting with the name of the first that is wrong."""
    metrics = choose(given, METRICS, METRICS_FOR, "token")
    ways = [name for name in (METRICS_FROM, METRICS_TOKEN_FILE) if name in given]
    if metrics == "no" and ways:
        raise BadSetting(f"{METRICS} is 'no', and {ways[0]} says who may read them all the same. Keep one of them")
    return Operation(
        probes_from=read_networks(given, PROBES_FROM, PRIVATE),
        metrics=metrics,
        metrics_from=read_networks(given, METRICS_FROM),
        metrics_token=_read_token(given),
        metrics_by_tenant=choose(given, METRICS_TENANTS, ("yes", "no"), "no") == "yes",
        log_level=choose(given, LOG, LOG_LEVELS, "warning").upper(),
        log_as_json=choose(given, LOG_FORMAT, ("text", "json"), "text") == "json",
        disk_warning=_read_size(given, DISK_WARNING, "1 GB"),
    )


def choose(given: Mapping[str, str], name: str, words: tuple[str, ...], usual: str) -> str:
    """One of some words. Raises BadSetting."""
    word = given.get(name, usual)
    if word.lower() not in words:
        raise BadSetting(f"{name}: {word!r} is not one of {', '.join(words)}")
    return word.lower()


def _read_token(given: Mapping[str, str]) -> Secret | None:
    if METRICS_TOKEN_FILE not in given:
        return None
    token = read_secret_file(METRICS_TOKEN_FILE, given[METRICS_TOKEN_FILE])
    if len(token) < TOKEN_LENGTH:
        raise BadSetting(f"{METRICS_TOKEN_FILE}: the token in it needs at least {TOKEN_LENGTH} random characters")
    return Secret(token)


def _read_size(given: Mapping[str, str], name: str, usual: str) -> int:
    text = given.get(name, usual)
    parts = re.fullmatch(r"(\d{1,6}) ?([MGT]B)", text.upper())
    if not parts:
        raise BadSetting(f"{name}: {text[:40]!r} is not a size such as 500 MB, 5 GB or 1 TB")
    return int(parts[1]) * UNITS[parts[2]]
