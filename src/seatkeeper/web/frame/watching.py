"""Each request is measured, logged and traced: by its route and status, never by its words, which can be names."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from seatkeeper import telemetry

log = logging.getLogger("seatkeeper.access")

HEADER: Final = "X-Request-Id"
PROBES: Final = ("/healthz", "/readyz", "/metrics")
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_NUMBER: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def watched(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware around all others. A proxy may give the request's id; the answer carries it back."""

    def answer(request: HttpRequest) -> HttpResponse:
        given, began = request.headers.get(HEADER, ""), time.perf_counter()
        number = given if _NUMBER.fullmatch(given) else uuid.uuid4().hex
        method = request.method if request.method in METHODS else "other"
        bind_contextvars(request=number)
        try:
            with telemetry.span(f"{method}", **{"http.request.method": f"{method}"}) as span:
                response = get_response(request)
                took, route = time.perf_counter() - began, to_route(request)
                if span is not None:
                    span.update_name(f"{method} {route}")
                    span.set_attributes({"http.route": route, "http.response.status_code": response.status_code})
            telemetry.HTTP.labels(method, route, response.status_code).observe(took)
            level = logging.DEBUG if route in PROBES else logging.INFO
            facts = {"status": response.status_code, "ms": round(took * 1000)}
            log.log(level, "%s %s", method, route, extra=facts)
        finally:
            clear_contextvars()
        response[HEADER] = number
        return response

    return answer


def to_route(request: HttpRequest) -> str:
    """The template of the address: without ids, and one for all that does not exist."""
    if request.path in PROBES:
        return request.path
    if request.path.startswith(settings.STATIC_URL):
        return settings.STATIC_URL
    return f"/{request.resolver_match.route}" if request.resolver_match else "none"
