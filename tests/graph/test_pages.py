"""A read finishes or raises."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from seatkeeper.errors import BrokenAnswer, DeltaExpired, PageTokenExpired, Unavailable, UntrustedLink
from seatkeeper.graph.pages import Budget, Page, read_pages

from .conftest import Door
from .test_origin import HOSTILE
from .vendor import TENANT, Reply, grant, jwt, page, refusal, zipped

USERS = "/v1.0/users"
DELTA = "/v1.0/users/delta"


class Person(msgspec.Struct):
    id: str


def people(*names: str) -> list[dict[str, str]]:
    return [{"id": name} for name in names]


def read(door: Door, path: str = USERS, **options: Any) -> Iterator[Page[Person]]:
    start = options.pop("start", f"{path}?$top=999")
    return read_pages(door.client, start, path=path, row=Person, family="directory", units=1, **options)


def ids(pages: list[Page[Person]]) -> list[str]:
    return [person.id for page in pages for person in page.rows]


def link(door: Door, token: str, path: str = USERS) -> str:
    return f"{door.graph.url}{path}?$skiptoken={token}"


def test_a_list_is_read_to_its_end_and_an_empty_page_is_no_end(door: Door) -> None:
    door.graph.on(
        USERS,
        zipped(page(people("a", "b"), next=link(door, "1"))),
        page([], next=link(door, "2")),
        page([], next=link(door, "3")),
        page(people("c")),
    )
    pages = list(read(door))
    assert ids(pages) == ["a", "b", "c"]
    assert [one.number for one in pages] == [1, 2, 3, 4]
    assert [one.link for one in pages] == [link(door, "1"), link(door, "2"), link(door, "3"), None]
    assert all(one.size > 0 and one.delta is None for one in pages)
    assert [seen.target for seen in door.graph.seen[1:]] == [f"{USERS}?$skiptoken={number}" for number in "123"]


def test_a_null_link_ends_a_list(door: Door) -> None:
    door.graph.on(USERS, page(people("a"), next=None))
    assert ids(list(read(door))) == ["a"]


@pytest.mark.parametrize("bad", ["", 7, [], {}, False])
def test_a_link_that_is_no_link_is_no_end(door: Door, bad: object) -> None:
    door.graph.on(USERS, page(people("a"), next=bad))
    with pytest.raises(BrokenAnswer):
        list(read(door))


def test_changes_end_with_a_changes_link_only(door: Door) -> None:
    delta = f"{door.graph.url}{DELTA}?$deltatoken=d"
    door.graph.on(DELTA, page([], next=link(door, "1", DELTA)), page(people("a"), delta=delta))
    pages = list(read(door, DELTA, wants_delta=True))
    assert ids(pages) == ["a"]
    assert [one.delta for one in pages] == [None, delta]


def test_changes_that_stop_or_contradict_themselves_are_not_finished(door: Door) -> None:
    delta = f"{door.graph.url}{DELTA}?$deltatoken=d"
    for links in ({}, {"next": None}, {"delta": None}, {"delta": ""}, {"delta": delta, "next": link(door, "1", DELTA)}):
        door.graph.on(DELTA, page(people("a"), **links))
        with pytest.raises(BrokenAnswer):
            list(read(door, DELTA, wants_delta=True))


def test_a_kept_link_goes_on_where_it_was(door: Door) -> None:
    start = f"{door.graph.url}{DELTA}?$deltatoken=kept"
    door.graph.on(DELTA, page(people("a"), delta=f"{door.graph.url}{DELTA}?$deltatoken=new"))
    pages = list(read(door, DELTA, start=start, wants_delta=True))
    assert door.graph.seen[0].target == f"{DELTA}?$deltatoken=kept"
    assert pages[-1].delta is not None


@pytest.mark.parametrize(
    "reply",
    [
        refusal(410, "syncStateNotFound", Location="https://evil.example/v1.0/users/delta?$deltatoken="),
        refusal(400, "Request_UnsupportedQuery", "DeltaLink older than 30 days is not supported."),
        refusal(404, "resyncRequired"),
    ],
)
def test_a_changes_link_that_is_too_old_says_so(door: Door, reply: Reply) -> None:
    door.graph.on(DELTA, reply)
    with pytest.raises(DeltaExpired):
        list(read(door, DELTA, start=f"{door.graph.url}{DELTA}?$deltatoken=old", wants_delta=True))
    assert len(door.graph.seen) == 1


def test_a_page_token_that_is_too_old_says_so(door: Door) -> None:
    door.graph.on(USERS, page(people("a"), next=link(door, "1")), refusal(400, "Directory_ExpiredPageToken"))
    pages = read(door)
    assert next(pages).number == 1
    with pytest.raises(PageTokenExpired):
        next(pages)


@pytest.mark.parametrize("loop", [["1", "1"], ["1", "2", "1"], ["1", "2", "3", "2"]])
def test_a_circle_of_links_is_noticed(door: Door, loop: list[str]) -> None:
    door.graph.on(USERS, *(page(people("a"), next=link(door, token)) for token in loop))
    with pytest.raises(BrokenAnswer, match="circle"):
        list(read(door))
    assert len(door.graph.seen) == len(loop)


def test_a_list_that_never_ends_is_ended(door: Door) -> None:
    door.graph.on(USERS, *(page(people("same"), next=link(door, str(number))) for number in range(20)))
    with pytest.raises(BrokenAnswer, match="within 7 pages"):
        list(read(door, budget=Budget(pages=7)))
    assert len(door.graph.seen) == 7


def test_the_same_rows_behind_ever_new_links_are_a_circle(door: Door) -> None:
    door.graph.on(USERS, *(page(people("a", "b"), next=link(door, str(number))) for number in range(20)))
    with pytest.raises(BrokenAnswer, match="circle"):
        list(read(door))
    assert len(door.graph.seen) == 10


def test_many_empty_pages_and_a_few_equal_ones_are_no_circle(door: Door) -> None:
    names = [()] * 15 + [("a",)] * 9 + [("b",)] + [("a",)] * 9
    door.graph.on(
        USERS, *(page(people(*some), next=link(door, str(n))) for n, some in enumerate(names)), page(people("c"))
    )
    assert ids(list(read(door))) == [*"a" * 9, "b", *"a" * 9, "c"]


def test_a_list_that_takes_too_long_is_ended(door: Door) -> None:
    door.graph.on(USERS, *(page(people("a"), next=link(door, str(number))) for number in range(50)))
    pages = read(door, budget=Budget(seconds=0.2))
    assert next(pages).link is not None
    time.sleep(0.3)
    with pytest.raises(Unavailable, match="time it may take"):
        next(pages)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", ["next", "delta"])
def test_a_hostile_link_in_an_answer_gets_nothing(door: Door, hostile: str, kind: str) -> None:
    made = hostile.format(port=door.twin.port, own=door.graph.port).replace(USERS, DELTA)
    if made.endswith(f"{door.graph.port}{DELTA}/delta"):
        made = made.removesuffix("/delta") + "x"
    door.graph.on(DELTA, page(people("a"), **{kind: made}))
    with pytest.raises(UntrustedLink):
        list(read(door, DELTA, wants_delta=True))
    assert door.twin.connections == 0
    assert len(door.graph.seen) == 1


def test_a_token_that_ends_in_the_middle_is_renewed_and_the_read_goes_on(door: Door) -> None:
    door.login.login(*(grant(jwt(tid=TENANT, n=number)) for number in range(3)))
    door.graph.on(
        USERS,
        page(people("a"), next=link(door, "1")),
        refusal(401, "InvalidAuthenticationToken"),
        page(people("b"), next=link(door, "2")),
        page(people("c")),
    )
    assert ids(list(read(door))) == ["a", "b", "c"]
    assert [seen.target.partition("=")[2] for seen in door.graph.seen] == ["999", "1", "1", "2"]


@pytest.mark.parametrize("damaged", [b'{"value":[{"id":"a"}', b'{"value":[{"id":NaN}]}', b"", b"\xff"])
def test_a_damaged_page_is_asked_for_again(door: Door, damaged: bytes) -> None:
    door.graph.on(USERS, Reply(body=damaged), Reply(body=damaged), page(people("a")))
    assert ids(list(read(door))) == ["a"]
    assert door.client.counters.retried == 2


def test_a_page_that_stays_damaged_is_refused(door: Door) -> None:
    door.graph.on(USERS, Reply(body=b'{"value":['))
    with pytest.raises(BrokenAnswer, match="not whole"):
        list(read(door))
    assert len(door.graph.seen) == 3


def test_one_bad_row_stays_beside_the_good_ones(door: Door) -> None:
    rows: list[Any] = [*people(*map(str, range(998))), {"id": 7}]
    door.graph.on(USERS, zipped(page(rows, next=link(door, "1"))), page([]))
    first = next(read(door))
    assert len(first.rows) == 998
    assert [json.loads(bad.raw) for bad in first.bad] == [{"id": 7}]
    assert first.link == link(door, "1")


def test_a_read_that_fails_at_its_second_page_has_not_finished(door: Door) -> None:
    door.graph.on(USERS, page(people("a"), next=link(door, "1")), Reply(500))
    pages = read(door)
    assert next(pages).link is not None
    with pytest.raises(Unavailable):
        next(pages)
