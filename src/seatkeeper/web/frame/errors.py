"""One place where an error becomes a page: what is wrong, the way out, and nothing of the inside."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from seatkeeper.errors import ActAtVendor, BadInput, NotAllowed, NotFound, SeatkeeperError, TooOften, TryLater
from seatkeeper.services.members import Who
from seatkeeper.services.organizations import where_is

log = logging.getLogger("seatkeeper.web")

STATUS = (
    (NotFound, 404), (NotAllowed, 403), (BadInput, 422), (ActAtVendor, 409), (TooOften, 429), (TryLater, 503),
)  # fmt: skip


class ErrorsAsPages:
    """Middleware; Django calls `process_exception` with what a page function raised."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "\0" in unquote(request.META.get("QUERY_STRING", "")):
            return self._refuse_nul(request)
        return self.get_response(request)

    def _refuse_nul(self, request: HttpRequest) -> HttpResponse:
        """Nothing is called so, and PostgreSQL takes no such text, not even to compare with."""
        status = 404 if "\0" in request.path else 422
        told = "The address holds a character that no name has (NUL)."
        if request.path.startswith("/api/"):
            return _to_problem(status, told)
        return not_found(request) if status == 404 else show(request, status, "This cannot be done", told)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotFound | Http404):
            return not_found(request)
        if isinstance(error, SeatkeeperError):
            answer = show(request, status_of(error), "This cannot be done", str(error))
            if isinstance(error, TooOften):
                answer["Retry-After"] = str(error.retry_after)
            return answer
        return None  # a bug: Django logs it with its trace and calls server_error


errors_as_pages = ErrorsAsPages


def status_of(error: SeatkeeperError) -> int:
    """The HTTP status that says who acts next."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 409)


def show(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    return render(request, "seatkeeper/error.html", {"title": title, "message": message}, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The same for what is not there and for what belongs to somebody else.

    A member of several organizations is told in which of one's own the thing is.
    """
    told = "There is nothing at this address, or you may not see it."
    if request.path.startswith("/api/"):
        return _to_problem(404, told)
    who: Who | None = getattr(request, "who", None)
    named = request.resolver_match.kwargs if request.resolver_match and request.method == "GET" else {}
    if who is not None and (elsewhere := where_is(who, named)) is not None:
        return render(request, "seatkeeper/elsewhere.html", {"organization": elsewhere}, status=404)
    return show(request, 404, "Not found", told)


def _to_problem(status: int, told: str) -> HttpResponse:
    """For scripts, at addresses at which REST itself has no say."""
    problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": told}
    return JsonResponse(problem, status=status, content_type="application/problem+json")


def too_often(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Somebody tried to sign in too often."""
    answer = show(request, 429, "Too many attempts", "Wait a minute, then try again.")
    answer["Retry-After"] = "60"
    return answer


def forbidden(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The form's secret was missing or old: most often a page that stayed open over a sign-out."""
    return show(request, 403, "Please try again", "This page was open for too long. Go back, reload it and try again.")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Too large, too many fields, or for a name that is not ours. Nothing of it is repeated."""
    return HttpResponse(
        "<!doctype html><html lang=en><title>Bad request</title><h1>This request cannot be answered</h1>"
        '<p>It was too large, or it was not meant for this server. <a href="/">Back to the applications</a></p></html>',
        status=400,
    )


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A bug of ours. The page must not fail a second time, so it asks nothing of the database."""
    return HttpResponse(
        "<!doctype html><html lang=en><title>Something went wrong</title><h1>Something went wrong</h1>"
        "<p>This is a bug in Seatkeeper; nothing was changed. The server's log says more. "
        '<a href="/">Back to the applications</a></p></html>',
        status=500,
    )
