"""Who is calling: a script with a token, or a page of ours with its session."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth
from structlog.contextvars import bind_contextvars

from seatkeeper.errors import NotAllowed
from seatkeeper.services.members import SESSION_KEY, Who, who_asks
from seatkeeper.services.tokens import who_has


class Called(HttpRequest):
    """A request with whom it comes from."""

    auth: Who


class Token(HttpBearer):
    """`Authorization: Bearer sk_…`: what the token's role allows."""

    def authenticate(self, request: HttpRequest, token: str) -> Who | None:
        return _noted(who_has(token, request.META.get("REMOTE_ADDR", "")))


class Session(SessionAuth):
    """The session of the pages, with their CSRF token on whatever changes something."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:  # noqa: ARG002 - ninja's signature
        if not request.user.is_authenticated or request.user.pk is None:
            return None
        try:
            return _noted(who_asks(request.user.pk, request.session.get(SESSION_KEY)))
        except NotAllowed:
            return None


def _noted(who: Who | None) -> Who | None:
    """The log says whose organization is at work."""
    if who is not None:
        bind_contextvars(organization=who.organization_id)
    return who
