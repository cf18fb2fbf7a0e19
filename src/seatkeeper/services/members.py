"""Who is asking. Every service call starts with it, and sees only that organization."""

from __future__ import annotations

from typing import NamedTuple

from seatkeeper.clock import system_clock
from seatkeeper.store.models import Organization

DEFAULT_ORGANIZATION = "Default"


class Who(NamedTuple):
    """Somebody acting in one organization."""

    organization_id: int
    name: str


def operator() -> Who:
    """The person at the command line of this machine: whoever can read the data folder owns it."""
    organization, _ = Organization.objects.get_or_create(
        name=DEFAULT_ORGANIZATION, defaults={"created": system_clock()}
    )
    return Who(organization.pk, "command line")
