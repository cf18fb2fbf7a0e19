"""Who has which kind of mailbox, how large it is, and whether it has an archive. Only the report of mailboxes tells.

That of a room is called "Room" here; how the report calls it is not written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from seatkeeper.sandbox.world.copilot_use import refreshed
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.people import DAY, Person
from seatkeeper.sandbox.world.tenant import Tenant

GB: Final = 10**9
USER: Final = "User"
_OTHERS: Final = ("Shared", "Shared", "Room", "Equipment")
_SHARE: Final = 6  # of a hundred mailboxes are nobody's own
_STORIES: Final = {"Ria": ("Room", 1, False), "Sam": ("Shared", 12, False)}  # kind, GB, archive


class Mailbox(NamedTuple):
    """A mailbox; `size` is in bytes."""

    person: Person
    kind: str
    size: int
    archive: bool


def mailbox_of(tenant: Tenant, person: Person) -> Mailbox | None:
    """The mailbox of an account; a guest's is elsewhere."""
    if person.guest or person.mail is None:
        return None
    if person.habit == "story":
        kind, size, archive = _STORIES.get(person.given or "", (USER, 5, False))
        return Mailbox(person, kind, size * GB, archive)
    luck = number(tenant.settings.seed, "mailbox", person.id[:24], person.id[28:])  # as the prototype
    kind = _OTHERS[luck // 100 % len(_OTHERS)] if luck % 100 < _SHARE else USER
    return Mailbox(person, kind, luck // 400 % 60 * GB, luck // 24_000 % 6 == 0)


def mailboxes(tenant: Tenant, at: int | None = None) -> Iterator[Mailbox]:
    """The lines of the report as read at an instant (seconds since 1970; None is now), under the names of its day."""
    if tenant.reports_empty:
        return
    day = refreshed(tenant, tenant.tick() if at is None else at) // DAY
    for person in tenant.directory.everybody((day + 1) * DAY - 1):
        if found := mailbox_of(tenant, person):
            yield found


def told(tenant: Tenant, at: int) -> Iterator[dict[str, Any]]:
    """The same for the truth: of those that are nobody's own."""
    for person, kind, size, archive in mailboxes(tenant, at):
        if kind != USER:
            yield {"user_id": person.upn, "object_id": person.id, "kind": kind, "size": size, "archive": archive}
