"""One account asked for by its id: there, not there, or nothing can be said. Only Microsoft's own word means gone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seatkeeper.connectors.microsoft import roster
from seatkeeper.connectors.microsoft.products import Watched, load_products
from seatkeeper.errors import BrokenAnswer, NotThere, NotUnderstood, PermissionMissing, Throttled, Unavailable
from seatkeeper.model import Account, to_key

from .conftest import Door
from .vendor import Reply, refusal

ADA = "0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a01"
BO = "7c1f3c6e-0d52-4e8f-bb0a-3d9b5b2f9a77"
ASKED = f"/v1.0/users/{ADA}"
WATCHED = Watched(load_products().products, {})


def ask(door: Door, *replies: Reply, key: bytes = to_key(ADA)) -> Account | None:
    door.graph.on(ASKED, *replies)
    return roster.read_account(door.client, WATCHED, key)


def user(**fields: Any) -> Reply:
    return Reply(body=json.dumps({"@odata.context": "x", "id": ADA, "mail": "ada@x.example"} | fields).encode())


def test_who_is_there_comes_with_all_that_a_page_would_say(door: Door) -> None:
    found = ask(door, user())
    assert found is not None
    assert (found.key, found.mail) == (to_key(ADA), "ada@x.example")
    assert door.graph.seen[-1].target == f"{ASKED}?$select={roster.SELECT}"


def test_only_a_word_of_the_vendors_means_gone(door: Door) -> None:
    assert ask(door, refusal(404, "Request_ResourceNotFound")) is None
    assert ask(door, refusal(404, "itemNotFound")) is None
    for other in (Reply(404, b"<html>", kind="text/html"), Reply(404, b"")):
        with pytest.raises(BrokenAnswer) as refused:
            ask(door, other)
        assert not isinstance(refused.value, NotThere | NotUnderstood)


def test_an_account_in_capitals_is_the_same_account(door: Door) -> None:
    found = ask(door, user(id=ADA.upper()))
    assert found is not None
    assert found.key == to_key(ADA)


NOT_UNDERSTOOD = {
    "400": refusal(400, "Request_BadRequest"),
    "501": refusal(501, "NotImplemented"),
    "another account": user(id=BO),
    "number": user(id=7),
    "an id that lost a character": user(id=ADA[:-1] + "\0"),
    "two objects": Reply(body=f'{{"id":"{ADA}"}},{{"id":"{ADA}"}}'.encode()),
    "id twice": Reply(body=f'{{"id":"{BO}","id":"{ADA}"}}'.encode()),
}


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_what_is_not_understood_decides_nothing(door: Door, name: str) -> None:
    with pytest.raises(NotUnderstood):
        ask(door, NOT_UNDERSTOOD[name])


FAILS: dict[str, tuple[Reply, type[Exception]]] = {
    "throttled": (refusal(429, "TooManyRequests", retry_after="4000"), Throttled),
    "server": (refusal(503, "ServiceUnavailable"), Unavailable),
    "permission": (refusal(403, "Authorization_RequestDenied"), PermissionMissing),
    "proxy": (Reply(200, b"<html>", kind="text/html"), BrokenAnswer),
    "damaged": (Reply(body=b'{"id":"0b7d'), BrokenAnswer),
    "error in a success": (Reply(body=b'{"error":{"code":"x"}}'), BrokenAnswer),
    "a list's end": (Reply(body=f'{{"id":"{ADA}"}}],"value":[{{"id":"{ADA}"}}'.encode()), BrokenAnswer),
}


@pytest.mark.parametrize("name", FAILS)
def test_any_other_trouble_is_the_same_as_on_a_page(door: Door, name: str) -> None:
    reply, error = FAILS[name]
    with pytest.raises(error) as refused:
        ask(door, reply)
    assert not isinstance(refused.value, NotThere | NotUnderstood)


def test_an_account_whose_id_is_no_guid_is_not_there_and_never_put_into_an_address(door: Door) -> None:
    for text in ("..", "delta", "me/messages", "é"):
        assert ask(door, key=to_key(text)) is None
    assert door.graph.seen == []
