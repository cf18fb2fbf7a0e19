"""POST /$batch: up to 20 requests in one. Each is answered, refused and throttled as if it had come alone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

import msgspec

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.graph.answers import encode
from seatkeeper.sandbox.graph.request import JSON, Answer

MOST: Final = 20
_FAILED: Final = 400  # from this status on, whatever depends on a request fails too


class Step(msgspec.Struct):
    """One inner request. `url` is relative to the version of the API, as in /users?$top=5."""

    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    depends_on: list[str] = msgspec.field(default_factory=list, name="dependsOn")
    body: Any = None


class _Batch(msgspec.Struct):
    requests: list[Step]


def run(body: bytes, ask: Callable[[Step], Answer]) -> Answer:
    """Run every step in order; the whole answers 200 whatever the steps answer."""
    steps = _steps(body)
    answers: dict[str, dict[str, Any]] = {}
    for step in steps:
        if any(answers[name]["status"] >= _FAILED for name in step.depends_on):
            # Microsoft documents the status; the words are ours.
            error = {"code": "FailedDependency", "message": "A request that this request depends on failed."}
            headers = {"Content-Type": "application/json"}
            answers[step.id] = {"id": step.id, "status": 424, "headers": headers, "body": {"error": error}}
        else:
            answers[step.id] = _shape(step, ask(step))
    return Answer(encode({"responses": list(answers.values())}))


def _steps(body: bytes) -> list[Step]:
    """The inner requests, checked by the rules for a batch as a whole."""
    try:
        steps = msgspec.json.decode(body, type=_Batch).requests
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refusals.bad_request("Invalid batch payload format.") from error
    if not steps:
        raise refusals.bad_request("Invalid batch payload format.")
    if len(steps) > MOST:
        raise refusals.bad_request(f"Number of requests inside batch exceeds the limit of {MOST}.")
    earlier: set[str] = set()
    for step in steps:
        if not step.id or step.id in earlier:
            raise refusals.bad_request(f"Request Id '{refusals.shown(step.id)}' has to be unique in a batch.")
        if not set(step.depends_on) <= earlier:
            raise refusals.bad_request(
                f"Request '{refusals.shown(step.id)}' depends on a request that is not before it."
            )
        if not step.url.startswith("/") or step.url.lower().startswith("/$batch"):
            raise refusals.bad_request(f"Invalid URL '{refusals.shown(step.url)}' in request '{step.id[:20]}'.")
        earlier.add(step.id)
    return steps


def _shape(step: Step, answer: Answer) -> dict[str, Any]:
    """One inner answer: JSON stays JSON, text is a string, anything else base64."""
    headers = {"Cache-Control": "no-cache", "x-ms-resource-unit": str(answer.cost)}
    if answer.status < _FAILED:
        headers["OData-Version"] = "4.0"
    headers |= {"Content-Type": JSON.decode(), **answer.headers}
    shape: dict[str, Any] = {"id": step.id, "status": answer.status, "headers": headers}
    if answer.body:
        kind = headers["Content-Type"]
        if kind.startswith("application/json"):
            shape["body"] = msgspec.Raw(answer.body)
        elif kind.startswith("text/"):
            shape["body"] = answer.body.decode("utf-8-sig")
        else:
            shape["body"] = base64.b64encode(answer.body).decode()
    return shape
