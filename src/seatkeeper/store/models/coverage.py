from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connection import Connection
from seatkeeper.store.models.run import Run


class Coverage(models.Model):
    """A span of time whose sign-ins were read to the end."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, db_index=False, help_text="The connection that was read."
    )
    stream = models.TextField(
        help_text="What was read, with the version of the question; another question starts a new ledger."
    )
    start = models.BigIntegerField(help_text="First instant of the span, itself included.")
    end = models.BigIntegerField(help_text="Last instant of the span, itself included.")
    read_at = models.BigIntegerField(
        help_text="When the read of the span began, by the vendor's clock: later arrivals are not in it."
    )
    late = models.BigIntegerField(
        default=0,
        help_text="Sign-ins that an earlier reading of the stretch did not hold: they came late.",
    )
    longest_late = models.BigIntegerField(
        default=0, help_text="The longest such delay that this reading proves, in ticks: at least so late did one come."
    )
    run = models.ForeignKey(Run, models.CASCADE, help_text="The run that read it.")

    class Meta:
        verbose_name_plural = "coverage"
        indexes = [models.Index(fields=["connection", "stream", "start"], name="coverage_in_order")]

    def __str__(self) -> str:
        return f"{self.stream} {self.start}-{self.end}"
