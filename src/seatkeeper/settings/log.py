"""The log as Django's LOGGING: lines for people, or JSON for machines; libraries' records look the same as ours.

What a record belongs to (request, run, task, tenant, organization) is bound where the work begins, by
structlog.contextvars, and stands on every line until its end.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from functools import cached_property
from typing import Any, Final

# What else stands beside a message is not told: Django puts the request there, and search words can be names.
FACTS: Final = ("status", "ms")


def to_logging(level: str, *, as_json: bool) -> dict[str, Any]:
    """Everything a person or a script reads is on stdout; the log is for whoever runs the machine, on stderr."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": {"()": Formatter, "as_json": as_json}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},  # of Django and the server: what a page could not do
        "loggers": {
            "seatkeeper": {"level": level, "handlers": ["stderr"], "propagate": False},
            "waitress.queue": {"level": "ERROR"},  # a line for each request that waits would let anybody fill the disk
            "stamina": {"level": "ERROR"},  # that something is tried again is told by the run, with what it waits for
        },
    }


class Formatter(logging.Formatter):
    """structlog's, made for the first record: most commands log nothing, and it takes a while to load."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        return self._chosen.format(record)

    @cached_property
    def _chosen(self) -> logging.Formatter:
        from structlog.contextvars import merge_contextvars  # noqa: PLC0415
        from structlog.processors import JSONRenderer, TimeStamper, format_exc_info  # noqa: PLC0415
        from structlog.stdlib import (  # noqa: PLC0415
            ExtraAdder,
            ProcessorFormatter,
            add_log_level,
            add_logger_name,
        )

        as_json = self._as_json
        time = TimeStamper(fmt="iso", utc=True) if as_json else TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False)
        shared: list[Any] = [merge_contextvars, add_log_level, add_logger_name, ExtraAdder(FACTS), time]
        ending = [format_exc_info, JSONRenderer() if as_json else to_line]
        return ProcessorFormatter(
            foreign_pre_chain=shared, processors=[ProcessorFormatter.remove_processors_meta, *ending]
        )


def to_line(_logger: object, _method: str, record: MutableMapping[str, Any]) -> str:
    """Time, level, logger and message, then what the record belongs to, then the trace of an error."""
    begin = f"{record.pop('timestamp')} {record.pop('level').upper()} {record.pop('logger')} {record.pop('event')}"
    trace = record.pop("exception", "")
    return " ".join([begin, *(f"{name}={value}" for name, value in sorted(record.items()))]) + (
        f"\n{trace}" if trace else ""
    )
