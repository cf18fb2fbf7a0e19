"""What people type in about an application, and what of it cannot be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from seatkeeper.errors import BadInput
from seatkeeper.sync.vendors import FormField, TaskKind

THRESHOLDS = range(1, 1096)
MOST_TAGS = 20
LONGEST_TAG = 40
KEYS: Final = {"secret": "client_secret", "certificate": "client_certificate"}  # as forms and REST call them


@dataclass(frozen=True, slots=True)
class NewApplication:
    """What Add Application asks for. Of how the tenant is reached, the product's vendor says what it needs: of a tenant
    that is read already only its id or name, because the product joins the connection there is.

    `fields` are what only this vendor asks for, by the keys of its form.
    """

    product: str
    name: str
    tenant_id: str | None = None
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    tasks: Sequence[str] = ()
    threshold_days: int = 60
    tags: str = ""
    cloud: str | None = None
    login_url: str | None = None
    graph_url: str | None = None
    ca_file: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be changed; None leaves it as it is, and an empty address is the vendor's own."""

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
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


def typed_in(given: NewApplication | Edit, form: Sequence[FormField]) -> dict[str, str]:
    """What was given of a vendor's form, by the keys of its fields. Raises BadInput for what the form does not have."""
    fields = dict(given.fields)
    for name in ("tenant_id", "client_id", "secret", "certificate", "cloud", "login_url", "graph_url", "ca_file"):
        if (value := getattr(given, name, None)) is not None:
            fields[KEYS.get(name, name)] = value
    if unknown := fields.keys() - {each.key for each in form}:
        known = ", ".join(each.key for each in form)
        raise BadInput("fields", f"{min(unknown)[:40]!r} is nothing that this vendor asks for. It asks for: {known}.")
    return fields


def check_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise BadInput("name", "give the application a name of 1 to 120 visible characters.")
    return name


def check_tasks(keys: Sequence[str], tasks: Sequence[TaskKind]) -> list[str]:
    """The ticked ones of a vendor's tasks; none ticked means all but the optional ones."""
    known = [task.key for task in tasks]
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise BadInput("tasks", f"{unknown[0][:40]!r} is not a task. Known: {', '.join(known)}.")
    return list(dict.fromkeys(keys)) or [task.key for task in tasks if not task.optional]


def check_threshold(days: int) -> int:
    if days not in THRESHOLDS:
        raise BadInput("threshold_days", f"{days} is not a number of days from 1 to {THRESHOLDS[-1]}.")
    return days


def split_tags(text: str) -> list[str]:
    """The tags of a text that separates them by commas, each once."""
    return list(dict.fromkeys(tag for part in text.split(",") if (tag := " ".join(part.split()))))


def check_tags(text: str) -> str:
    tags = split_tags(text)
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG or not tag.isprintable() for tag in tags):
        raise BadInput("tags", f"give at most {MOST_TAGS} tags of up to {LONGEST_TAG} visible characters each.")
    return ", ".join(tags)
