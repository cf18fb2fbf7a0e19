"""Groups: the names of the groups that give licences, so that advice says where to take a seat away.

Only groups that a licence assignment names are asked for, and of them nothing but the name: not who is in them
(learn.microsoft.com, api/group-list; GroupMember.Read.All is the least permission). By ids and with GET: no more than
15 expressions are taken by `in` (concepts/filter-query-parameter).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final
from urllib.parse import quote

import msgspec

from seatkeeper.connectors.base import Group, Permission, RecordPage, TaskKind
from seatkeeper.connectors.microsoft.records import to_records
from seatkeeper.connectors.microsoft.roster import DIRECTORY
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import Id, read_pages, to_row
from seatkeeper.model import NOBODY, Key, to_id, to_key

TASK: Final = TaskKind(
    "groups",
    "Groups",
    "groups that give licences are shown by their ids alone",
    Permission(
        "GroupMember.Read.All",
        DIRECTORY | {"Group.Read.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All"},
        usual="Directory.Read.All",
    ),
    optional=True,
    hint="Groups reads the names of the groups that give licences, so that lists, advice and plans say from which "
    "group to take somebody. It needs the permission GroupMember.Read.All, and reads nobody's membership.",
)
GROUPS: Final = "/v1.0/groups"
TOGETHER: Final = 15  # ids in one question
LONGEST: Final = 256  # characters of a name, which is what Microsoft allows


class GroupRow(msgspec.Struct, rename="camel", gc=False):
    """The fields of a group that we keep; this list is also what `$select` asks for."""

    ONCE: ClassVar = ("id", "displayName")

    id: Id
    display_name: str | None = None


SELECT: Final = ",".join(field.encode_name for field in msgspec.structs.fields(GroupRow))


def read(client: Client, keys: Sequence[Key]) -> Iterator[RecordPage[Group]]:
    """Those of these ids that are there, in pieces. Finishes or raises. What is no GUID is no group of Microsoft's."""
    asked = [key for key in keys if len(key) == len(NOBODY)]
    for start in range(0, len(asked), TOGETHER):
        yield _read_some(client, frozenset(asked[start : start + TOGETHER]), last=start + TOGETHER >= len(asked))


def _read_some(client: Client, asked: frozenset[Key], *, last: bool) -> RecordPage[Group]:
    """As one page. A group that the answer leaves out is gone, unless it has a row that cannot be understood."""
    ids = ",".join(f"'{to_id(key)}'" for key in sorted(asked))
    question = f"{GROUPS}?$filter={quote(f'id in ({ids})')}&$select={SELECT}"
    found: RecordPage[Group] = RecordPage([], [], link=None if last else question)
    for page in read_pages(client, question, path=GROUPS, row=GroupRow, family="directory", units=1):
        read = to_records(page, to_group)
        found.records += [group for group in read.records if group.key in asked]
        found.left_out += sum(group.key not in asked for group in read.records)
        found.bad += read.bad
    if not found.bad:
        found.removed = sorted(asked - {group.key for group in found.records})
    return found


def read_again(raw: bytes) -> Group:
    """A row that was set aside. Raises ValueError with the reason."""
    return to_group(to_row(raw, GroupRow))


def to_group(row: GroupRow) -> Group:
    """Raises ValueError for a row without a usable id."""
    return Group(to_key(row.id), " ".join((row.display_name or "").split())[:LONGEST])
