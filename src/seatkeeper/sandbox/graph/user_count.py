"""Counts the accounts that pass a filter: one by one in a small tenant, by prototypes in a large one, which is fast."""

from __future__ import annotations

from typing import Final

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.graph.filters import Node, leaves
from seatkeeper.sandbox.graph.user_filters import Test
from seatkeeper.sandbox.world.crowd import ROWS, SHEETS
from seatkeeper.sandbox.world.tenant import Tenant

MANY: Final = 50_000
# What no two people share, so that a prototype does not tell it.
_OWN: Final = frozenset(
    {
        "id", "userPrincipalName", "mail", "mailNickname", "proxyAddresses", "identities", "securityIdentifier",
        "signInActivity",
    }
)  # fmt: skip


def count(tenant: Tenant, node: Node | None, search: str, test: Test, now: int) -> int:
    """The accounts that pass `test`, which is made of a filter and a search."""
    directory = tenant.directory
    if directory.total <= MANY:
        people = (directory.at(number, now) for number in range(directory.total))
        return sum(1 for person in people if person and test(person))
    names = {leaf.path.partition("/")[0] for leaf in leaves(node)} if node else set()
    if names & _OWN or any(f'"{name}:' in search for name in _OWN) or tenant.concealed:
        raise refusals.unsupported("Count is not supported for current query.")
    total = sum(map(test, directory.stories)) + _crowd(tenant, test)
    for number in directory.changed:
        person = directory.at(number, now)
        total += person is not None and test(person)
        total -= number < directory.people and test(directory.original(number))
    return total


def _crowd(tenant: Tenant, test: Test) -> int:
    """The crowd of the first day: each prototype counts as often as a block repeats it."""
    directory = tenant.directory
    blocks, rest = divmod(directory.people - directory.base, ROWS)
    total = 0
    for sheet in range(min(SHEETS, blocks + 1)):
        whole = len(range(sheet, blocks, SHEETS))
        last = sheet == blocks % SHEETS
        passed = [row for row, person in enumerate(directory.crowd.sheet(sheet)) if test(person)]
        total += whole * len(passed) + (sum(1 for row in passed if row < rest) if last else 0)
    return total
