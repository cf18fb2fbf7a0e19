"""When a session ends by itself: after a time without use, and after a time in any case."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

IDLE: Final = 12 * 3600  # seconds
AT_LONGEST: Final = 7 * 86_400
NOTED_EVERY: Final = 600  # so that not every page writes to the database

BEGAN: Final = "began"
SEEN: Final = "seen"


def ending_sessions(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware after the one that knows the user."""

    def look(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            _look(request, int(time.time()))
        return get_response(request)

    return look


def _look(request: HttpRequest, now: int) -> None:
    began, seen = request.session.get(BEGAN), request.session.get(SEEN)
    if began is None or seen is None:
        request.session.update({BEGAN: now, SEEN: now})
    elif now - seen > IDLE or now - began > AT_LONGEST:
        logout(request)
    elif now - seen > NOTED_EVERY:
        request.session[SEEN] = now
