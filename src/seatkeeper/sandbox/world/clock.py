"""Instants as text and back; inside the sandbox they are whole seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(seconds: int) -> str:
    """An instant as Graph writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> float:
    """An ISO time in seconds since 1970; ValueError says what one looks like."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"now: {text!r} is not an ISO time such as 2026-08-01T06:00:00Z") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
