"""Who may ask for what: every address there is, by every kind of caller, against one table.

The table is authorization.toml. An address that is not in it fails the first test, which prints the lines to add.
`form` is what a page must be sent to do anything at all; a new kind of id needs an example in world.py.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import stamina
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from seatkeeper.clock import system_clock
from seatkeeper.services.members import DEFAULT_ORGANIZATION, ROLES, May, Role
from seatkeeper.store.models import Organization

from ..conftest import connected
from .conftest import to_let_in
from .world import EXAMPLES, MISSING, OF_ONE, World, populate

TABLE: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "authorization.toml").read_text())
ELSEWHERE = "/api/"  # REST has a matrix of its own, operation by operation, beside its tests
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
REFUSED = (401, 403, 404, 405)


class Address(NamedTuple):
    path: str  # as in urls.py
    view: Any

    def fill(self, world: World, role: Role = Role.ADMINISTER, chosen: Mapping[str, str] = MappingProxyType({})) -> str:
        """With the ids of the world as a member with the role sees them, or those that are chosen."""
        return ARGUMENT.sub(lambda found: chosen.get(found[1]) or EXAMPLES[found[1]](world, role), self.whole)

    @property
    def whole(self) -> str:
        """With the form that the table gives it, as a query; a form that is posted takes it from there, too."""
        form = TABLE.get(self.path, {}).get("form", "")
        return f"{self.path}?{form}" if form else self.path

    @property
    def arguments(self) -> list[str]:
        return ARGUMENT.findall(self.whole)


def addresses(patterns: list[Any], before: str = "/") -> Iterator[Address]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, before + str(each.pattern))
        elif isinstance(each, URLPattern) and not before.startswith(ELSEWHERE):
            yield Address(before + str(each.pattern), each.callback)


ALL = [each for each in addresses(get_resolver().url_patterns) if not each.path.startswith(ELSEWHERE)]
GUARDED = [each for each in ALL if TABLE.get(each.path, {}).get("may") in set(May)]
CASES = [(each, method) for each in GUARDED for method in TABLE[each.path]["methods"]]
OWNED = [case for case in CASES if OF_ONE & set(case[0].arguments)]


def names(cases: list[tuple[Address, str]]) -> list[str]:
    return [f"{method} {each.path}" for each, method in cases]


def test_every_address_is_in_the_table_and_the_table_has_no_other() -> None:
    lines = [
        f'["{each.path}"]\nmay = "{getattr(each.view, "may", "open")}"\n'
        f"methods = {list(getattr(each.view, 'methods', ()))}".replace("'", '"')
        for each in ALL
        if each.path not in TABLE
    ]
    assert not lines, "add to tests/web/authorization.toml, after thinking about it:\n" + "\n".join(lines)
    assert TABLE.keys() == {each.path for each in ALL}


def test_the_table_says_what_the_pages_say() -> None:
    for each in ALL:
        row = TABLE[each.path]
        if hasattr(each.view, "may"):
            assert (each.view.may, list(each.view.methods)) == (row["may"], row["methods"]), each.path
        else:
            assert row["may"] in ("open", "signed in"), f"{each.path} has no @page"
            assert row["why"], each.path


@pytest.fixture(scope="module")
def shared_world(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[World]:
    """One world for all: what a caller changes is undone."""
    file = tmp_path_factory.mktemp("authorization") / "seatkeeper.sqlite3"
    shutil.copyfile(sqlite_template, file)
    with django_db_blocker.unblock(), connected(f"sqlite://{file}"):
        mine, other = (
            Organization.objects.create(name=name, created=system_clock())
            for name in (DEFAULT_ORGANIZATION, "Somebody else")
        )
        yield populate(mine, other, to_let_in(mine))


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    cache.clear()
    with stamina.set_testing(True, attempts=1):  # nobody answers where its application leads, and nobody waits for it
        yield shared_world


def ask(client: Client, method: str, path: str) -> tuple[int, bytes, str]:
    """Status, body and where to; what it changed is undone."""
    with transaction.atomic():
        form = path.partition("?")[2].encode()
        answer: HttpResponseBase = client.generic(method, path, form, "application/x-www-form-urlencoded")
        body = b"" if answer.streaming else getattr(answer, "content", b"")
        answer.close()
        transaction.set_rollback(True)
    return (
        answer.status_code,
        re.sub(rb'csrfmiddlewaretoken" value="\w+"', b"", body),
        answer.headers.get("Location", ""),
    )


@pytest.mark.parametrize(("address", "method"), CASES, ids=names(CASES))
def test_a_page_answers_exactly_those_whose_role_allows_it(world: World, address: Address, method: str) -> None:
    may = May(TABLE[address.path]["may"])
    for role in Role:
        status, body, _ = ask(world.browser(role), method, address.fill(world, role))
        if may in ROLES[role]:
            assert status not in REFUSED, (role, status, body[-500:])
            assert status != 500, (role, body)
        else:
            assert status == 403, (role, status)


@pytest.mark.parametrize(("address", "method"), CASES, ids=names(CASES))
def test_nobody_and_a_disabled_member_are_asked_to_sign_in(world: World, address: Address, method: str) -> None:
    path = address.fill(world)
    for client in (Client(), world.disabled):
        status, _, to = ask(client, method, path)
        assert (status, to.partition("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize(("address", "method"), OWNED, ids=names(OWNED))
def test_what_is_foreign_and_what_is_missing_look_the_same(world: World, address: Address, method: str) -> None:
    stranger = world.stranger
    foreign = ask(stranger, method, address.fill(world))
    assert foreign[0] == 404
    for missing in MISSING:
        path = address.fill(world, Role.ADMINISTER, dict.fromkeys(OF_ONE, missing))
        assert ask(stranger, method, path) == foreign, missing


@pytest.mark.parametrize("address", GUARDED, ids=[each.path for each in GUARDED])
def test_any_other_method_is_refused(world: World, address: Address) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(TABLE[address.path]["methods"]):
        assert ask(world.browser(Role.ADMINISTER), method, address.fill(world))[0] == 405, method


def test_pages_for_whoever_is_signed_in_ask_others_to_sign_in(world: World) -> None:
    for each in ALL:
        if TABLE[each.path]["may"] == "signed in":
            for client in (Client(), world.disabled):
                status, _, to = ask(client, "GET", each.fill(world))
                assert (status, to.partition("?")[0]) == (302, "/accounts/login/"), each.path


def test_open_pages_fail_for_nobody(world: World) -> None:
    for each in ALL:
        if TABLE[each.path]["may"] == "open":
            for client in (Client(), world.browser(Role.VIEWER), world.disabled):
                assert ask(client, "GET", each.fill(world))[0] != 500, each.path


def test_the_size_of_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    callers = len(Role) + 3
    with capsys.disabled():
        print(f"\nauthorization: {len(ALL)} addresses, {len(CASES)} operations x {callers} callers")  # noqa: T201 - it is asked for
    assert len(CASES) >= 20
