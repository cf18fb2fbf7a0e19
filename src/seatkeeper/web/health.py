"""What machines ask: is the process alive, can it work, how much does it do."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from seatkeeper.services import health, tokens
from seatkeeper.services.members import May
from seatkeeper.settings import SEATKEEPER
from seatkeeper.web.frame.errors import not_found


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
    """For an administrator's token and, if the operator set it, for this machine or for nobody; else not there."""
    if SEATKEEPER.metrics == "no":
        return not_found(request)
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    who = tokens.who_has(token.strip(), request.META.get("REMOTE_ADDR", "")) if kind.lower() == "bearer" else None
    if who is not None and May.MEMBERS not in who.may:
        who = None
    if who is None and not (SEATKEEPER.metrics == "local" and _is_at_the_machine(request)):
        return not_found(request)
    return HttpResponse(health.metrics(who), content_type=CONTENT_TYPE_LATEST)


def _is_at_the_machine(request: HttpRequest) -> bool:
    """Whether the caller sits at the machine itself, as far as can be told: a proxy on it may pass others on."""
    headers = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
    if not SEATKEEPER.address.is_loopback or any(name in request.META for name in headers):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
