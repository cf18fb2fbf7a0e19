"""The log: lines for people, JSON for machines, and libraries' records like ours."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
from structlog.contextvars import bound_contextvars

from seatkeeper.settings.log import to_logging


@pytest.fixture(name="log_to")
def a_log() -> Iterator[io.StringIO]:
    """What the handler writes, whatever the process logs otherwise."""
    stream = io.StringIO()
    yield stream
    for name in ("seatkeeper.test", "library.test"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def set_up(stream: io.StringIO, *, as_json: bool) -> None:
    """The handler as Django makes it, on two loggers of the test's own."""
    settings = to_logging("INFO", as_json=as_json)
    settings["handlers"]["stderr"]["stream"] = stream
    theirs = {"level": "INFO", "handlers": ["stderr"], "propagate": False}
    logging.config.dictConfig(
        {key: settings[key] for key in ("version", "disable_existing_loggers", "formatters", "handlers")}
        | {"loggers": {"seatkeeper.test": theirs, "library.test": theirs}}
    )


def test_a_line_says_when_who_and_what_and_whose_it_is(log_to: io.StringIO) -> None:
    set_up(log_to, as_json=False)
    with bound_contextvars(run=7, task="roster"):
        logging.getLogger("library.test").warning("lost %s", "a connection", extra={"ms": 12})
    logging.getLogger("seatkeeper.test").info("on its own")
    logging.getLogger("library.test").warning("not found", extra={"request": "GET /people?search=Ada"})
    first, second, third = log_to.getvalue().splitlines()
    assert first[20:] == "WARNING library.test lost a connection ms=12 run=7 task=roster"
    assert second[20:] == "INFO seatkeeper.test on its own"
    assert third[20:] == "WARNING library.test not found", "a library's own facts may be anybody's name"


def test_for_machines_each_line_is_one_json_object_also_with_a_trace(log_to: io.StringIO) -> None:
    set_up(log_to, as_json=True)
    with bound_contextvars(request="abc"):
        try:
            int("two\nlines")
        except ValueError:
            logging.getLogger("library.test").exception("it broke")
    (line,) = log_to.getvalue().splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("it broke", "error", "library.test")
    assert told["request"] == "abc"
    assert told["timestamp"].endswith("Z")
    assert "ValueError: invalid literal" in told["exception"]


def test_what_a_caller_sends_makes_no_second_line_for_machines(log_to: io.StringIO) -> None:
    set_up(log_to, as_json=True)
    logging.getLogger("seatkeeper.test").info("%s", 'a\n{"level": "forged"}')
    assert len(log_to.getvalue().splitlines()) == 1
