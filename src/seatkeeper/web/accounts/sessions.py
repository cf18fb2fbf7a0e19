"""When a session ends by itself: after a time without use, and after a time in any case.

Somebody who is not signed in needs one while a sign-in goes on (a passkey's challenge, the way to the provider and
back, the second factor): such sessions are short, and an address gets only so many.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from seatkeeper.errors import TooOften
from seatkeeper.services.limits import Budget, to_network
from seatkeeper.web.frame.errors import too_often

IDLE: Final = 12 * 3600  # seconds
AT_LONGEST: Final = 7 * 86_400
NOTED_EVERY: Final = 600  # so that not every page writes to the database
A_SIGN_IN: Final = 900
STRANGERS: Final = Budget("strangers", tries=100, seconds=300)

BEGAN: Final = "began"
SEEN: Final = "seen"


def ending_sessions(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware after the one that knows the user."""

    def look(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            # A session that was idle or open for too long ends; of another one it is noted that it is used.
            now = int(time.time())
            began, seen = request.session.get(BEGAN), request.session.get(SEEN)
            if began is None or seen is None:
                request.session.update({BEGAN: now, SEEN: now})
            elif now - seen > IDLE or now - began > AT_LONGEST:
                logout(request)
            elif now - seen > NOTED_EVERY:
                request.session[SEEN] = now
        answer = get_response(request)
        if request.session.modified and not request.session.is_empty():
            return _bound(request, answer)
        return answer

    return look


def _bound(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """What a stranger's session may hold, and how many an address may open: asked before the session is saved."""
    if request.user.is_authenticated:
        if request.session.get_expiry_age() <= A_SIGN_IN:
            request.session.set_expiry(AT_LONGEST)  # the sign-in is over
        return answer
    request.session.pop(STATE_SESSION_KEY, None)  # a form that is to go on after a sign-in: theirs never does
    if request.session.is_empty():
        return answer
    if request.session.session_key is None:
        try:
            STRANGERS.take(to_network(str(request.META.get("REMOTE_ADDR", ""))))
        except TooOften:
            request.session.clear()  # an empty one is not saved
            return too_often(request)
    request.session.set_expiry(A_SIGN_IN)
    return answer
