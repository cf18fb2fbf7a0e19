"""One thing is posted to Graph: what the audit log is to be searched for. It reads, and nothing else is ever posted."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from seatkeeper import graph
from seatkeeper.errors import BrokenAnswer, NotOffered, PermissionMissing, Throttled
from seatkeeper.graph import throttle
from seatkeeper.graph.audit_log import SEARCHES, AuditSearch

from .conftest import Door
from .vendor import Reply, refusal

SEARCH = AuditSearch("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z", ["powerBIAudit", "crm"])
STARTED = Reply(201, b'{"id":"168ec429-084b-a489-90d8-504a87846305","status":"notStarted"}')


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_AUDIT_LOG", (throttle.POLL, 0.0))


def test_a_search_is_posted_with_what_to_look_for_and_nothing_else(door: Door) -> None:
    door.graph.on(SEARCHES, STARTED)
    assert door.client.start_search(SEARCH).body == STARTED.body
    (seen,) = door.graph.seen
    assert (seen.method, seen.target) == ("POST", SEARCHES)
    assert seen.headers["Content-Type"] == "application/json"
    assert json.loads(seen.body) == {
        "filterStartDateTime": "2026-07-01T00:00:00Z",
        "filterEndDateTime": "2026-08-01T00:00:00Z",
        "recordTypeFilters": ["powerBIAudit", "crm"],
        "displayName": "Seatkeeper",
    }
    token = door.tokens.token().value.reveal()
    assert seen.headers["Authorization"] == f"Bearer {token}"
    assert not [request for request in door.login.seen if token in str(request.headers)]
    assert not door.twin.seen


def test_a_search_that_is_redirected_goes_nowhere_else(door: Door) -> None:
    door.graph.on(SEARCHES, Reply(307, b"", {"Location": f"{door.twin.url}{SEARCHES}"}))
    with pytest.raises(BrokenAnswer, match="redirect, which we never follow"):
        door.client.start_search(SEARCH)
    assert len(door.graph.seen) == 1
    assert not door.twin.seen


def test_a_search_is_asked_for_again_only_where_the_trouble_may_pass(door: Door) -> None:
    door.graph.on(
        SEARCHES, refusal(503, "ServiceUnavailable"), refusal(429, "TooManyRequests", Retry_After="0"), STARTED
    )
    door.client.start_search(SEARCH)
    assert len(door.graph.seen) == 3
    door.graph.on(SEARCHES, refusal(429, "TooManyRequests", Retry_After="600"))
    with pytest.raises(Throttled):
        door.client.start_search(SEARCH)
    assert len(door.graph.seen) == 4


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (refusal(403, "Forbidden"), PermissionMissing, "AuditLogsQuery.Read.All"),
        (refusal(404, "ResourceNotFound", "no segment"), NotOffered, "let the audit log be searched"),
        (Reply(201, b"<html>", kind="text/html"), BrokenAnswer, "proxy"),
    ],
)
def test_a_refusal_says_what_to_do(reply: Reply, kind: type[Exception], words: str, door: Door) -> None:
    door.graph.on(SEARCHES, reply)
    with pytest.raises(kind, match=words):
        door.client.start_search(SEARCH)


def test_what_is_read_is_never_taken_for_a_thing_that_was_created(door: Door) -> None:
    door.graph.on("/v1.0/users", Reply(201, b'{"value":[]}'))
    with pytest.raises(BrokenAnswer):
        door.client.get("/v1.0/users", path="/v1.0/users", family="directory")


def test_asking_how_far_a_search_is_takes_the_whole_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_AUDIT_LOG", (throttle.POLL, 10.0))
    now = [0.0]
    pacer = throttle.LocalPacer(clock=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    for _ in range(3):
        pacer.take(throttle.AUDIT_LOG, throttle.POLL)
        pacer.done(throttle.AUDIT_LOG)
    assert 20 < now[0] < 21
    for _ in range(5):  # pages of what was found do not wait for each other
        pacer.take(throttle.AUDIT_LOG, 1)
        pacer.done(throttle.AUDIT_LOG)
    assert now[0] < 31


def test_only_tokens_and_that_search_are_posted() -> None:
    """By the source: what may be posted, and where to."""
    source = {path.name: ast.parse(path.read_text()) for path in sorted(Path(graph.__file__).parent.glob("*.py"))}
    writing = {"POST", "PUT", "PATCH", "DELETE"}
    verbs = [
        (name, node.value)
        for name, tree in source.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in writing
    ]
    assert verbs == [("client.py", "POST"), ("messenger.py", "POST")]
    questions = [ast.unparse(node) for node in ast.walk(source["client.py"]) if _is_question(node)]
    assert [text for text in questions if "body" in text] == [
        "Question(SEARCHES, url, AUDIT_LOG, 1, {'Content-Type': 'application/json'}, body)"
    ]


def _is_question(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Question"
