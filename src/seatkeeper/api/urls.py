"""Where REST lives: everything under /api/v1."""

from __future__ import annotations

from django.urls import path

from seatkeeper.api.docs import description, docs
from seatkeeper.api.rest import api

urlpatterns = [path("docs", docs), path("openapi.json", description), path("", api.urls)]
