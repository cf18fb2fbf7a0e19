from __future__ import annotations

from django.db import models

from seatkeeper.store.models.fields import bulk_connection


class NewestUse(models.Model):
    """The newest success of an account at an application, of all days that were counted (UseDay)."""

    pk = models.CompositePrimaryKey("connection_id", "account", "app_id")
    connection = bulk_connection()
    account = models.BinaryField(help_text="Key of the account.")
    app_id = models.SmallIntegerField(help_text="Number of the application that was signed in to.")
    newest = models.BigIntegerField(help_text="When that was.")

    def __str__(self) -> str:
        return bytes(self.account).hex()
