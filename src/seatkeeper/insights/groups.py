"""The groups that give seats: a vendor takes such a seat away in the group, and never from the person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from seatkeeper.model import LOST


class Group(NamedTuple):
    """A group that gives a seat; one whose name nobody read goes by its id.

    Somebody in the tenant chose the name: in a sentence of ours it cannot turn the direction of what follows.
    """

    id: str
    name: str
    deleted: bool = False

    @property
    def title(self) -> str:
        shown = "".join(sign if sign.isprintable() else LOST for sign in self.name) or self.id
        return f"{shown} (deleted group)" if self.deleted else shown


def to_titles(groups: Iterable[Group]) -> str:
    """Each once, separated as plans are: a name may have a comma in it."""
    return "; ".join(sorted({group.title for group in groups}, key=str.casefold))


def advise(groups: Iterable[Group], *, direct: bool) -> str:
    """Where seats that these groups give are taken away; `direct` says that they are assigned to the person, too."""
    some = set(groups)
    here, gone = {group for group in some if not group.deleted}, {group for group in some if group.deleted}
    said = []
    if here:
        noun, also = "group" if len(here) == 1 else "groups", "also " if direct else ""
        said.append(f"To take it away, {also}take them out of the {noun} {to_titles(here)}.")
    if gone:
        noun = "A group that gave it is deleted" if len(gone) == 1 else "Groups that gave it are deleted"
        said.append(f"{noun}: {to_titles(group._replace(deleted=False) for group in gone)}.")
    return " ".join(said)
