"""What machines ask: is the process alive, can it work, how much does it do.

A probe asks by the address of a pod, and Prometheus by that of a service: names that are no public ones. So whoever may
ask is answered before the host of the request is looked at; everybody else is treated like a caller of any page.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from seatkeeper.services import health, tokens
from seatkeeper.services import metrics as figures
from seatkeeper.services.members import May
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.networks import contains
from seatkeeper.web.forwarded import PASSED_ON
from seatkeeper.web.frame.errors import not_found


def before_the_host_check(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware outside of whatever looks at the host."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path in _PROBES and contains(SEATKEEPER.operation.probes_from, _caller(request)):
            response = _PROBES[request.path](request)
        elif request.path == "/metrics" and _may_scrape(request):
            response = metrics(request)
        else:
            return get_response(request)
        response["Content-Length"] = str(len(response.content))  # else the connection is closed after it
        return response

    return answer


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nobody, so that a slow database does not get it killed."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """It can work: the database is there and has today's shape, there is room, and the scheduler works."""
    found = health.look()
    return JsonResponse(found, status=200 if all(found.values()) else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For an administrator's token and for whomever the operator let in; to others it is not there."""
    if SEATKEEPER.operation.metrics == "no":
        return not_found(request)
    who = None
    if not (_may_scrape(request) or (SEATKEEPER.operation.metrics == "local" and _is_at_the_machine(request))):
        who = tokens.who_has(token, _caller(request)) if (token := _token(request)) else None
        if who is None or May.MEMBERS not in who.may:
            return not_found(request)
    return HttpResponse(figures.text(who), content_type=CONTENT_TYPE_LATEST)


_PROBES: Final = {"/healthz": healthz, "/readyz": readyz}


def _may_scrape(request: HttpRequest) -> bool:
    """Whether the operator let the caller in: by network, or by the token that is for nothing else."""
    secret = SEATKEEPER.operation.metrics_token
    if secret is not None and hmac.compare_digest(_token(request).encode(), secret.reveal().encode()):
        return True
    return contains(SEATKEEPER.operation.metrics_from, _caller(request)) and not _is_passed_on(request)


def _token(request: HttpRequest) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _caller(request: HttpRequest) -> str:
    address: str = request.META.get("REMOTE_ADDR", "")
    return address


def _is_passed_on(request: HttpRequest) -> bool:
    """Whether a proxy that nobody trusts stands between: then nobody knows whose question it is."""
    return any(header in request.META for header in PASSED_ON)


def _is_at_the_machine(request: HttpRequest) -> bool:
    """Whether the caller sits at the machine itself, as far as can be told: a proxy on it may pass others on."""
    if not SEATKEEPER.address.is_loopback or _is_passed_on(request):
        return False
    try:
        return ipaddress.ip_address(_caller(request)).is_loopback
    except ValueError:
        return False
