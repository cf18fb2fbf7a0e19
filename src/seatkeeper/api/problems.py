"""Errors as problem documents (RFC 9457): what is wrong, the way out, and nothing of the inside."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from seatkeeper import errors
from seatkeeper.errors import (
    ActAtVendor,
    BadInput,
    ChangedMeanwhile,
    NotAllowed,
    NotFound,
    SeatkeeperError,
    TooOften,
    TryLater,
)
from seatkeeper.services import setup

log = logging.getLogger("seatkeeper.api")

MEDIA_TYPE = "application/problem+json"


class FieldProblem(Schema):
    """What is wrong in one field: its name, what people call it, and the message without either."""

    field: str
    title: str
    message: str


class Problem(Schema):
    """RFC 9457. `detail` says everything; `errors` says it field by field, and `field` names the first of them."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[FieldProblem] | None = None


_STATUS = (
    (NotFound, 404), (NotAllowed, 403), (BadInput, 422), (ChangedMeanwhile, 412), (ActAtVendor, 409),
    (TooOften, 429), (TryLater, 503),
)  # fmt: skip


def to_status(error: SeatkeeperError) -> int:
    """The status that says who acts next."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 409)


def to_problem(status: int, detail: str, found: Sequence[errors.Problem] = ()) -> HttpResponse:
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body["detail"] = detail
    if found:
        body |= {"field": found[0].field, "errors": [each._asdict() for each in found]}
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def nobody() -> HttpResponse:
    """The caller is not known, or nobody is yet."""
    if setup.is_needed():
        return to_problem(503, "Nobody is a member yet. Open /setup in a browser and make the first one.")
    answer = to_problem(401, "Send a token that still holds as `Authorization: Bearer sk_…`.")
    answer["WWW-Authenticate"] = "Bearer"
    return answer


def answer_with_problems(api: NinjaAPI) -> None:
    """Every error of the API becomes a problem document."""

    @api.exception_handler(SeatkeeperError)
    def _ours(_request: HttpRequest, error: SeatkeeperError) -> HttpResponse:
        answer = to_problem(to_status(error), str(error), error.problems if isinstance(error, BadInput) else ())
        if isinstance(error, TooOften):
            answer["Retry-After"] = str(error.retry_after)
        return answer

    @api.exception_handler(ValidationError)
    def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        found = [
            errors.Problem(field := "".join(map(str, each["loc"][-1:])), each["msg"], title=field)
            for each in error.errors
        ]
        return to_problem(422, "\n".join(map(str, found)), found)

    @api.exception_handler(AuthenticationError)
    def _nobody(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        return nobody()

    @api.exception_handler(Http404)
    def _not_there(_request: HttpRequest, _error: Http404) -> HttpResponse:
        return to_problem(404, str(NotFound()))

    @api.exception_handler(SuspiciousOperation)
    def _unreadable(_request: HttpRequest, _error: SuspiciousOperation) -> HttpResponse:
        return to_problem(400, "The request is too large, or has more parameters than any of ours.")

    @api.exception_handler(HttpError)
    def _refused(_request: HttpRequest, error: HttpError) -> HttpResponse:
        return to_problem(error.status_code, error.message)

    @api.exception_handler(Exception)
    def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("%s %s", request.method, request.path, exc_info=error)
        return to_problem(500, "This is a fault in Seatkeeper; nothing was changed. The server's log says more.")
