"""What every test of the pages starts from: an organization, and a browser in which one of its members is signed in.

A test that asks for `database` runs on both engines; any other test runs on SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Protocol

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoDbBlocker

from seatkeeper.clock import system_clock
from seatkeeper.services.members import DEFAULT_ORGANIZATION, Role
from seatkeeper.store.models import Membership, Organization

from ..conftest import connected, end_preflights

PASSWORD = "correct horse battery staple"
_numbers = count(1)


class NewMember(Protocol):
    def __call__(
        self, role: Role = ..., organization: Organization | None = ..., password: str | None = ...
    ) -> User: ...


class SignedIn(Protocol):
    def __call__(self, role: Role = ..., organization: Organization | None = ...) -> Client: ...


@pytest.fixture
def empty_store(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A migrated database without anybody in it: the first start."""
    with ExitStack() as stack:
        if "database" in request.fixturenames:
            request.getfixturevalue("database")
        else:
            stack.enter_context(django_db_blocker.unblock())
            stack.enter_context(connected(request.getfixturevalue("sqlite_database")))
        yield
        end_preflights()  # while there is a database


@pytest.fixture
def no_counts(empty_store: None) -> Iterator[None]:
    """Nothing was tried before, and what the test counts is forgotten after it."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def organization(empty_store: None) -> Organization:
    """The organization that the command line works in, too."""
    return Organization.objects.create(name=DEFAULT_ORGANIZATION, created=system_clock())


@pytest.fixture
def other_organization(organization: Organization) -> Organization:
    """Somebody else's, in the same database: nothing of it may ever be seen."""
    return Organization.objects.create(name="Somebody else", created=system_clock())


def to_let_in(mine: Organization) -> NewMember:
    """Lets somebody in. Without a password there is none, which spares the test a slow hash."""

    def make(
        role: Role = Role.ADMINISTER, organization: Organization | None = None, password: str | None = None
    ) -> User:
        address = f"member{next(_numbers)}@example.com"
        member = User.objects.create_user(username=address, email=address, password=password)
        Membership.objects.create(
            member=member, organization=organization or mine, role=role.value, created=system_clock()
        )
        return member

    return make


@pytest.fixture
def new_member(organization: Organization) -> NewMember:
    return to_let_in(organization)


@pytest.fixture
def signed_in(new_member: NewMember) -> SignedIn:
    """The browser of a new member with the role. `signed_in(role, other_organization)` is a stranger's."""

    def sign_in(role: Role = Role.ADMINISTER, organization: Organization | None = None) -> Client:
        client = Client()
        client.force_login(new_member(role, organization))
        return client

    return sign_in


@pytest.fixture
def client(organization: Organization) -> Client:
    """A browser in which nobody is signed in."""
    return Client()
