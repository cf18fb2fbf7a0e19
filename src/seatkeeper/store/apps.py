from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from seatkeeper.store.missing import write_as_null


class StoreConfig(AppConfig):
    name = "seatkeeper.store"
    label = "store"

    def ready(self) -> None:
        connection_created.connect(write_as_null)
