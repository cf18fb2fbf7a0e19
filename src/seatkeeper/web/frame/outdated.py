"""Middleware of a process that runs on: it takes up new keys, and answers no more once a newer program has come."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from seatkeeper.services import process

HEALTH = ("/healthz", "/readyz")  # which say so themselves


def up_to_date(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def look(request: HttpRequest) -> HttpResponse:
        if process.is_outdated() and request.path not in HEALTH:
            return _outdated(request)
        process.follow_keys()  # sessions may be signed with a key that another process has begun to use
        return get_response(request)

    return look


def _outdated(request: HttpRequest) -> HttpResponse:
    """It asks nothing of the database, whose shape it does not know."""
    told = "A newer version of Seatkeeper has changed the database, and this process is of the old version."
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": told}
        answer: HttpResponse = JsonResponse(problem, status=503, content_type="application/problem+json")
    else:
        answer = HttpResponse(
            "<!doctype html><html lang=en><title>Being upgraded</title><h1>Seatkeeper is being upgraded</h1>"
            f"<p>{told} Whoever runs this server starts the new version; then reload this page.</p></html>",
            status=503,
        )
    answer["Retry-After"] = "30"
    return answer
