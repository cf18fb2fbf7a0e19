from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "seatkeeper.web"
    label = "web"

    def ready(self) -> None:
        from seatkeeper.web.accounts import signals  # noqa: PLC0415 - models must be loaded first

        signals.connect()
