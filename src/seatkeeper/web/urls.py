"""Every address of the application. What is not here does not exist."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

handler404 = "seatkeeper.web.errors.not_found"
handler403 = "seatkeeper.web.errors.forbidden"
handler500 = "seatkeeper.web.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/applications")),
]
