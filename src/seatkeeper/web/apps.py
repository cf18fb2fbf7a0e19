from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "seatkeeper.web"
    label = "web"

    def ready(self) -> None:
        from seatkeeper.web import signals  # noqa: PLC0415 - models can be imported only now

        signals.connect()
