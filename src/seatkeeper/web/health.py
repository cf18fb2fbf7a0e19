"""What machines ask: is the process alive, can it work, how much does it do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from seatkeeper.services import health, tokens
from seatkeeper.services.members import May, Who
from seatkeeper.web.errors import not_found
from seatkeeper.web.setup import is_at_the_machine


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nobody, so that a slow database does not get it killed."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """It can work: the database is there and has today's shape, and the scheduler lives."""
    found = health.look()
    return JsonResponse(found, status=200 if all(found.values()) else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For somebody at the machine itself, or with an administrator's token; for anybody else it is not there."""
    who = _by_token(request)
    if who is None and not is_at_the_machine(request):
        return not_found(request)
    return HttpResponse(health.metrics(who), content_type=CONTENT_TYPE_LATEST)


def _by_token(request: HttpRequest) -> Who | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    who = tokens.who_has(token.strip(), request.META.get("REMOTE_ADDR", ""))
    return who if who is not None and May.MEMBERS in who.may else None
