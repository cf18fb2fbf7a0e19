from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connection import Connection
from seatkeeper.store.models.run import Run


class Quarantine(models.Model):
    """A row that we did not understand, kept once however often the vendor sends it."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, db_index=False, help_text="The connection that it was read with."
    )
    task = models.TextField(help_text="Key of the task that read it.")
    run = models.ForeignKey(Run, models.CASCADE, help_text="The last run that met it.")
    raw = models.BinaryField(help_text="The row as it came, at most its first 64 KiB.")
    reason = models.TextField(help_text="What we did not understand.")
    digest = models.BinaryField(help_text="SHA-256 of the whole row: the same row is the same digest.")
    first_seen = models.BigIntegerField(help_text="When we first met it.")
    last_seen = models.BigIntegerField(help_text="When we last met it.")
    resolved = models.BooleanField(
        default=False, help_text="Whether it was dealt with: understood since, or the vendor sends it no more."
    )
    tried_with = models.TextField(
        default="", help_text="The program's version and product data that failed to understand it last."
    )

    class Meta:
        verbose_name_plural = "quarantine"
        constraints = [models.UniqueConstraint(fields=["connection", "task", "digest"], name="one_quarantine_a_row")]

    def __str__(self) -> str:
        return self.reason

    @property
    def row(self) -> str:
        """The row as text, whatever it holds."""
        return bytes(self.raw).decode(errors="backslashreplace")
