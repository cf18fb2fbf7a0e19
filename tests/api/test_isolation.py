"""Every operation with the ids of one organization, by every role of that one and of another: the other gets nothing.

The ids are those of rows that there are, so that a 404 is about whose they are and not about whether they exist.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest
import stamina
from django.core.cache import cache
from django.db import transaction

from seatkeeper.services.members import ROLES, May, Role
from seatkeeper.store.models import Organization
from tests.conftest import end_preflights
from tests.web.conftest import NewMember
from tests.web.world import World, populate

from .conftest import Caller, Calls
from .test_matrix import CHANGES, _needed, operations
from .test_trail import fill

# By what an address names it, those that belong to nobody: a word of the catalogue, or an operator's own business.
SHARED = {"task", "object_id", "organization_id", "operator_id"}
NAMED = [operation for operation in operations() if set(re.findall(r"{(\w+)}", operation)) - SHARED]

LESSER = [role for role in Role if role is not Role.ADMINISTER]


@pytest.fixture
def world(organization: Organization, other_organization: Organization, new_member: NewMember) -> Iterator[World]:
    cache.clear()
    with stamina.set_testing(True, attempts=1):
        yield populate(organization, other_organization, new_member)


def answer(caller: Caller, operation: str, path: str) -> int:
    """The status that it is answered with; what it changed is undone."""
    method = operation.partition(" ")[0]
    body = None if method == "GET" else CHANGES[operation][1]
    if operation.endswith("/authorize"):  # it works in a thread of its own, which no transaction may keep out
        status, _ = caller.call(method, path, body)
        end_preflights()
        return status
    with transaction.atomic():
        status, _ = caller.call(method, path, body)
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize("role", [Role.ADMINISTER, *(pytest.param(role, marks=pytest.mark.deep) for role in LESSER)])
def test_what_an_address_names_is_there_for_its_own_organization_alone(
    world: World, calls: Calls, other_organization: Organization, role: Role
) -> None:
    own, stranger = calls(role), calls(role, other_organization)
    for operation in NAMED:
        allowed, path = _needed(operation) in ROLES[role], fill(operation.partition(" ")[2], world)
        if not is_ones_own(operation):
            assert (answer(own, operation, path) in (403, 404)) != allowed, operation
        assert answer(stranger, operation, path) == (404 if allowed else 403), operation
    sys.stdout.write(f"{role}: {len(NAMED)} operations x 2 organizations\n")


def is_ones_own(operation: str) -> bool:
    """Tokens are a member's own: this caller is another member than the one that the id is of."""
    return "{token_id}" in operation


def test_an_operator_gets_nothing_that_an_address_names_either(
    world: World, calls: Calls, other_organization: Organization
) -> None:
    stranger = calls(Role.ADMINISTER, other_organization, operates=True)
    for operation in NAMED:
        assert _needed(operation) is not May.OPERATE, operation
        assert answer(stranger, operation, fill(operation.partition(" ")[2], world)) == 404, operation
