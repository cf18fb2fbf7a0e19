"""C7 to C10: throttling and server errors."""

from __future__ import annotations

import re
import time
from datetime import datetime
from email.utils import formatdate
from typing import Final
from urllib.parse import unquote_plus

from seatkeeper.sandbox.faults.fault import Call, Reply, fault, raw
from seatkeeper.sandbox.graph import refusals

_BOUND: Final = re.compile(r"createdDateTime (ge|le) (\S+?)(?:\.\d+)?Z?(?:\)|\s|$)")
_STATUSES: Final = ("500", "502", "503", "504", "509")


def _too_many(call: Call, reply: Reply) -> None:
    if call.endpoint.startswith("/auditlogs"):
        reply.refuse(refusals.throttled(1, call.id()))
    else:
        message = "Please retry again later."
        reply.refuse(refusals.Refusal(429, "TooManyRequests", message, {"Retry-After": "1"}))


@fault("C7", "retry-after", "429 the first time each page is asked for, with a Retry-After of this kind",
       "obey; without one back off at random; beyond a cap put the task aside", on="graph", where="once",
       variants=("1", "0", "30", "3600", "1000000000", "date", "past-date", "fraction", "negative", "absent", "two",
                 "words"))  # fmt: skip
def _retry_after(call: Call, reply: Reply) -> None:
    _too_many(call, reply)
    reply.headers = [(k, v) for k, v in reply.headers if k != b"retry-after"]
    now = time.time()
    values = {
        "date": [formatdate(now + 2, usegmt=True)], "past-date": [formatdate(now - 3600, usegmt=True)],
        "fraction": ["1.5"], "negative": ["-5"], "absent": [], "two": ["1", "30"], "words": ["soon"],
    }.get(call.variant, [call.variant])  # fmt: skip
    reply.headers += [(b"retry-after", value.encode()) for value in values]


@fault("C8", "wide-window", "the sign-in log answers 429 for ever to a window of more than N hours",
       "halve the window until it passes, report when none does", on="graph", number="24")  # fmt: skip
def _wide_window(call: Call, reply: Reply) -> None:
    if call.endpoint != "/auditlogs/signins":
        return
    found = dict(_BOUND.findall(unquote_plus(call.query)))
    try:
        begin, end = (datetime.fromisoformat(found[word]) for word in ("ge", "le"))
    except (KeyError, ValueError):
        _too_many(call, reply)
        return
    if (end - begin).total_seconds() > int(call.variant) * 3600:
        _too_many(call, reply)


@fault("C9", "noisy-neighbour", "another app uses up the quota: a share of requests to reports answers 429",
       "go on at what is left, and starve no other tenant", on="graph", where="0.5")  # fmt: skip
def _noisy(call: Call, reply: Reply) -> None:
    if call.endpoint.startswith("/auditlogs"):
        _too_many(call, reply)


@fault("B21 C10", "server-error", "after so many answers everything is 503 for ever",
       "retry within a budget, keep what it has, retire nobody", on="graph", number="0")  # fmt: skip
def _server_error(call: Call, reply: Reply) -> None:
    if call.memory["answered"] > int(call.variant):
        reply.refuse(refusals.unavailable())


@fault("C10", "error-burst", "a share of answers is a server error, of one kind or (mixed) of any",
       "retry within a budget and finish later without a loss", on="graph", where="0.5",
       variants=("mixed", *_STATUSES))  # fmt: skip
def _error_burst(call: Call, reply: Reply) -> None:
    status = call.variant if call.variant != "mixed" else _STATUSES[int(call.roll("status") * len(_STATUSES))]
    reply.refuse(refusals.Refusal(int(status), "ServiceUnavailable", refusals.unavailable().message))
    if status == "509":
        reply.way = raw  # a status that the HTTP library has no words for
