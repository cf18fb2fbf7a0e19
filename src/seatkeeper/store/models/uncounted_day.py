from __future__ import annotations

from django.db import models

from seatkeeper.store.models.fields import bulk_connection


class UncountedDay(models.Model):
    """A day whose sign-ins changed since they were counted. Saved with the sign-ins, deleted with the count.

    Between them an interrupted reading, which covers nothing, is counted as well.
    """

    pk = models.CompositePrimaryKey("connection_id", "day")
    connection = bulk_connection()
    day = models.IntegerField(help_text="Days since 1970-01-01.")

    def __str__(self) -> str:
        return f"{self.day}"
