"""The tenant's groups: those that give licences, one of which is renamed and one deleted in time, and others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from seatkeeper.sandbox.world.dice import object_guid
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Tenant

# In the order of Crowd.groups. Whoever may name a group is a possible attacker, too.
GIVING: Final = (
    "Project users",
    "Licences: Oslo, Bergen; Trondheim",
    '=HYPERLINK("http://evil.example","Project")',
    "Pilot",
    "Contractors",
    "<b>Finance</b> \u202egnp.exe",
)
HIDDEN: Final = "Project users"  # its members are hidden, and its name is not
RENAMED: Final = {"Contractors": ("External staff", 2 * DAY)}  # the new name, and how long after the first instant
DELETED: Final = {"Pilot": 3 * DAY}
OTHERS: Final = ("All company", "Board", "Football")  # give no licence


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it is at a moment; `hidden` are the members."""

    id: str
    name: str
    hidden: bool = False
    deleted: bool = False


def giving(tenant: Tenant, now: int) -> list[Group]:
    """Those that give licences, also one that is deleted by now."""
    return [
        _group(id_, name, now - tenant.directory.start)
        for id_, name in zip(tenant.directory.crowd.groups, GIVING, strict=True)
    ]


def _group(id_: str, name: str, age: int) -> Group:
    new, after = RENAMED.get(name, ("", 0))
    deleted = name in DELETED and age >= DELETED[name]
    return Group(id_, new if new and age >= after else name, name == HIDDEN, deleted)


def there(tenant: Tenant, now: int) -> list[Group]:
    """All that the directory has."""
    others = [Group(object_guid(tenant.settings.seed, "other group", name), name) for name in OTHERS]
    return [*(group for group in giving(tenant, now) if not group.deleted), *others]


def told(tenant: Tenant, now: int) -> list[dict[str, Any]]:
    """What is true of those that give licences."""
    return [{"id": group.id, "name": group.name, "deleted": group.deleted} for group in giving(tenant, now)]
