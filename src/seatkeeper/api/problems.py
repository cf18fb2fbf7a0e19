"""Errors as problem documents (RFC 9457): what is wrong, the way out, and nothing of the inside."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from seatkeeper.errors import ActAtMicrosoft, BadInput, NotAllowed, NotFound, SeatkeeperError, TooOften, TryLater

log = logging.getLogger("seatkeeper.api")

MEDIA_TYPE = "application/problem+json"


class Problem(Schema):
    """RFC 9457. `field` names the field that is wrong, where it is one."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None


_STATUS = ((NotFound, 404), (NotAllowed, 403), (BadInput, 422), (ActAtMicrosoft, 409), (TooOften, 429), (TryLater, 503))


def to_status(error: SeatkeeperError) -> int:
    """The status that says who acts next."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 409)


def to_problem(status: int, detail: str, field: str | None = None) -> HttpResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if field:
        body["field"] = field
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def answer_with_problems(api: NinjaAPI) -> None:
    """Every error of the API becomes a problem document."""

    @api.exception_handler(SeatkeeperError)
    def _ours(_request: HttpRequest, error: SeatkeeperError) -> HttpResponse:
        return to_problem(to_status(error), str(error), getattr(error, "field", None))

    @api.exception_handler(ValidationError)
    def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        first = error.errors[0]
        field = ".".join(str(part) for part in first["loc"][-1:])
        return to_problem(422, f"{field}: {first['msg']}", field)

    @api.exception_handler(AuthenticationError)
    def _nobody(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        answer = to_problem(401, "Send a token that still holds as `Authorization: Bearer sk_…`.")
        answer["WWW-Authenticate"] = "Bearer"
        return answer

    @api.exception_handler(Http404)
    def _not_there(_request: HttpRequest, _error: Http404) -> HttpResponse:
        return to_problem(404, str(NotFound()))

    @api.exception_handler(HttpError)
    def _refused(_request: HttpRequest, error: HttpError) -> HttpResponse:
        return to_problem(error.status_code, error.message)

    @api.exception_handler(Exception)
    def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("%s %s", request.method, request.path, exc_info=error)
        return to_problem(500, "This is a fault in Seatkeeper; nothing was changed. The server's log says more.")
