from __future__ import annotations

from django.db import models

from seatkeeper.store.models.fields import bulk_connection


class UseDay(models.Model):
    """The successes of an account at an application on a day (UTC), counted from the sign-ins.

    The day comes before the account in the key, so that the days just read lie together; a person's days are found
    by one look-up a day.
    """

    pk = models.CompositePrimaryKey("connection_id", "day", "account", "app_id")
    connection = bulk_connection()
    day = models.IntegerField(help_text="Days since 1970-01-01.")
    account = models.BinaryField(help_text="Key of the account.")
    app_id = models.SmallIntegerField(help_text="Number of the application that was signed in to.")
    sign_ins = models.IntegerField(help_text="How many successes.")
    oldest = models.BigIntegerField(help_text="The oldest of them.")
    newest = models.BigIntegerField(help_text="The newest of them.")

    def __str__(self) -> str:
        return f"{self.day}"
