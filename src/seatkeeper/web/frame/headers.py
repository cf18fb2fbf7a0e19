"""What every answer carries, errors and files included, so that a page cannot be framed, injected into or kept."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from seatkeeper.settings import SEATKEEPER

# No script or style outside our own files, no other host at all. The QR code of a second factor is a data: image.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
)

SIGN_OUT = "/accounts/logout/"


def security_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware around all others."""
    policy = POLICY.format(forms=" ".join(["'self'", *settings.FORM_TARGETS]))

    def dress(request: HttpRequest) -> HttpResponse:
        answer = get_response(request)
        answer.headers.setdefault("Content-Security-Policy", policy)
        answer["X-Content-Type-Options"] = "nosniff"
        answer["X-Frame-Options"] = "DENY"
        answer["Referrer-Policy"] = "same-origin"
        answer["Cross-Origin-Opener-Policy"] = "same-origin"
        answer["Cross-Origin-Resource-Policy"] = "same-origin"
        answer["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        if not request.path.startswith(settings.STATIC_URL):
            answer["Cache-Control"] = "no-store"
        if settings.SECURE_HSTS_SECONDS:
            answer["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        if request.path == SIGN_OUT and request.method == "POST" and not SEATKEEPER.address.folder:
            # Nothing that was seen stays in the browser. In a folder, the site is somebody else's, too.
            answer["Clear-Site-Data"] = '"cache", "cookies"'
        return answer

    return dress
