"""What people type in about an application, and what of it cannot be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from seatkeeper.connectors.catalog import TASKS, USUAL
from seatkeeper.errors import BadInput
from seatkeeper.graph.token import ClientCertificate
from seatkeeper.model import Instant, Secret
from seatkeeper.services.connections import check_secret

THRESHOLDS = range(1, 1096)
MOST_TAGS = 20
LONGEST_TAG = 40


@dataclass(frozen=True, slots=True)
class NewApplication:
    """What Add Application asks for. Exactly one of `secret` and `certificate` (PEM with its key)."""

    product: str
    name: str
    tenant_id: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    tasks: Sequence[str] = ()
    threshold_days: int = 60
    tags: str = ""
    cloud: str = "global"
    login_url: str | None = None
    graph_url: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be changed; None leaves it as it is, and an empty address is the cloud's own."""

    name: str | None = None
    threshold_days: int | None = None
    tags: str | None = None
    tasks: Sequence[str] | None = None
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    cloud: str | None = None
    login_url: str | None = None
    graph_url: str | None = None
    ca_file: str | None = None


def check_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise BadInput("Name", "give the application a name of 1 to 120 visible characters.")
    return name


def check_tasks(keys: Sequence[str]) -> list[str]:
    """The ticked tasks; none ticked means all but the optional ones."""
    unknown = [key for key in keys if key not in TASKS]
    if unknown:
        raise BadInput("Task", f"{unknown[0][:40]!r} is not a task. Known: {', '.join(TASKS)}.")
    return list(dict.fromkeys(keys)) or list(USUAL)


def check_threshold(days: int) -> int:
    if days not in THRESHOLDS:
        raise BadInput("Threshold", f"{days} is not a number of days from 1 to {THRESHOLDS[-1]}.")
    return days


def split_tags(text: str) -> list[str]:
    """The tags of a text that separates them by commas, each once."""
    return list(dict.fromkeys(tag for part in text.split(",") if (tag := " ".join(part.split()))))


def check_tags(text: str) -> str:
    tags = split_tags(text)
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG or not tag.isprintable() for tag in tags):
        raise BadInput("Tags", f"give at most {MOST_TAGS} tags of up to {LONGEST_TAG} visible characters each.")
    return ", ".join(tags)


def to_credential(secret: str | None, certificate: str | None, client_id: str) -> tuple[str, Secret, Instant | None]:
    """Its kind, the credential itself, and when it expires if that can be seen. Raises BadInput."""
    if (secret is None) == (certificate is None):
        raise BadInput("Client Secret", "give either a client secret or a certificate, and not both.")
    if secret is not None:
        return "secret", check_secret(secret), None
    assert certificate is not None
    opened = ClientCertificate(client_id, Secret(certificate))
    return "certificate", opened.pem, opened.check()
