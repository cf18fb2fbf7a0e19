"""What every page function shares: who is asking, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from structlog.contextvars import bind_contextvars

from seatkeeper.errors import ChooseOrganization
from seatkeeper.services.members import SESSION_KEY, May, Who, who_asks

View = Callable[..., HttpResponseBase]
CHOOSE: Final = "/organizations"


class Asked(HttpRequest):
    """A request of somebody who is signed in."""

    who: Who


def page(may: May | None = May.SEE, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """A page for members whose role allows it; others are asked to sign in, or told whom to ask.

    Without `may` it is for every member, also before one of several organizations is chosen.

    The service that the page calls checks again: this only spares people a form that would be refused.
    The mark on the function is what the authorization matrix reads.
    """

    def decorate(function: View) -> View:
        @wraps(function)
        def answer(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in ("HEAD", *methods):
                return HttpResponse(status=405, headers={"Allow": ", ".join(methods)})
            request.who = to_who(request)
            try:
                if may is not None:
                    request.who.require(may)
            except ChooseOrganization:
                if request.method == "POST":
                    raise
                return redirect(CHOOSE)
            return function(request, *args, **kwargs)

        signed_in: Any = login_required(answer)
        if may is not None:
            signed_in.may, signed_in.methods = may, methods
        return signed_in  # type: ignore[no-any-return]

    return decorate


def to_who(request: HttpRequest) -> Who:
    """The member behind the session, in the organization that it remembers.

    Raises NotAllowed for somebody who is in no organization.
    """
    assert request.user.pk is not None
    who = who_asks(request.user.pk, request.session.get(SESSION_KEY))
    bind_contextvars(organization=who.organization_id)  # for the log
    return who
