from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connection import Connection


class Task(models.Model):
    """What we read of a connection, who is at it now, and where to go on."""

    connection = models.ForeignKey(Connection, models.CASCADE, help_text="The connection that is read.")
    key = models.TextField(help_text="Which task: roster, access, licenses or activity.")
    enabled = models.BooleanField(default=True, help_text="Whether the operator ticked the task.")
    fence = models.BigIntegerField(
        default=0, help_text="Grows with each claim; a writer that holds an older number may not save."
    )
    lease_owner = models.TextField(
        default="",
        blank=True,
        help_text="The process that runs the task (machine, process, start); empty for none.",
    )
    lease_until = models.BigIntegerField(
        null=True,
        help_text="When the claim lapses unless it is renewed, by this machine's clock; null for none.",
    )
    generation = models.IntegerField(default=0, help_text="The last published generation; 0 before the first.")
    enumeration = models.IntegerField(
        default=0, help_text="Number of the last full enumeration that was begun; never used twice."
    )
    checkpoint = models.TextField(
        null=True,
        help_text="Where the next run goes on, as JSON; saved with the rows it follows. Null at the start.",
    )
    full_read_at = models.BigIntegerField(
        null=True,
        help_text="When the last complete full read began, by the vendor's clock; null before the first.",
    )

    every_hours = models.IntegerField(default=24, help_text="How often the scheduler runs it, in hours.")
    paused = models.BooleanField(default=False, help_text="Whether the scheduler leaves it alone for now.")
    due = models.BigIntegerField(null=True, help_text="When the scheduler runs it next; null for as soon as it can.")
    asked_by = models.TextField(default="", blank=True, help_text="Who wants it run now; empty for nobody.")
    asked_full = models.BooleanField(default=False, help_text="Whether that run shall read everybody again.")
    failures = models.IntegerField(default=0, help_text="Runs in a row that failed: the wait grows with them.")
    stop_asked = models.BooleanField(default=False, help_text="Whether somebody wants the run under way to stop.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="one_task_a_key")]

    def __str__(self) -> str:
        return self.key
