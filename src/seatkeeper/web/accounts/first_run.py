"""Before there is a member, every page leads to the one that makes the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from seatkeeper.services import setup

# What machines ask for answers for itself.
OPEN: Final = ("/setup", "/api/v1/", "/healthz", "/readyz", "/metrics", settings.STATIC_URL)


def set_up_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware after the one that knows the user: somebody who is signed in costs no query."""

    def lead(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated or request.path.startswith(OPEN) or not setup.is_needed():
            return get_response(request)
        return redirect("/setup")

    return lead
