"""What every page function shares: who is asking, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from structlog.contextvars import bind_contextvars

from seatkeeper.services.members import May, Who, who_is

View = Callable[..., HttpResponseBase]


class Asked(HttpRequest):
    """A request of somebody who is signed in."""

    who: Who


def page(may: May = May.SEE, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """A page for members whose role allows it; others are asked to sign in, or told whom to ask.

    The service that the page calls checks again: this only spares people a form that would be refused.
    The mark on the function is what the authorization matrix reads.
    """

    def decorate(function: View) -> View:
        @wraps(function)
        def answer(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in ("HEAD", *methods):
                return HttpResponse(status=405, headers={"Allow": ", ".join(methods)})
            request.who = to_who(request)
            request.who.require(may)
            return function(request, *args, **kwargs)

        signed_in: Any = login_required(answer)
        signed_in.may, signed_in.methods = may, methods
        return signed_in  # type: ignore[no-any-return]

    return decorate


def to_who(request: HttpRequest) -> Who:
    """The member behind the session. Raises NotAllowed for somebody who is in no organization."""
    assert request.user.pk is not None
    who = who_is(request.user.pk)
    bind_contextvars(organization=who.organization_id)  # for the log
    return who
