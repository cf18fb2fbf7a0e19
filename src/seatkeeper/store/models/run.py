from __future__ import annotations

from django.db import models

from seatkeeper.store.models.organization import Organization
from seatkeeper.store.models.task import Task


class Run(models.Model):
    """One execution of a task, and the one word it ended as."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="The organization whose data was read.")
    task = models.ForeignKey(Task, models.CASCADE, help_text="The task that was run.")
    word = models.TextField(
        help_text="How it stands: running, held, or ended as complete, interrupted, refused or failed."
    )
    started = models.BigIntegerField(help_text="When it began.")
    ended = models.BigIntegerField(null=True, help_text="When it ended; null while it has not.")
    generation = models.IntegerField(default=0, help_text="The generation that it wrote; 0 when it writes none.")
    full = models.BooleanField(default=False, help_text="Whether it read everything, not only what changed.")
    share = models.FloatField(null=True, help_text="How much of the whole is done, 0 to 1; null when nobody can say.")
    asked_by = models.TextField(default="", help_text="Who asked for it: a member, the command line or the scheduler.")
    pages = models.BigIntegerField(default=0, help_text="Pages that were read and saved.")
    rows = models.BigIntegerField(default=0, help_text="Rows that the vendor sent.")
    kept = models.BigIntegerField(default=0, help_text="Rows that we keep.")
    quarantined = models.BigIntegerField(default=0, help_text="Rows that we did not understand and put aside.")
    requests = models.BigIntegerField(default=0, help_text="Requests that were sent to the vendor.")
    throttled = models.BigIntegerField(default=0, help_text="Answers that told us to slow down.")
    waited_ms = models.BigIntegerField(default=0, help_text="Milliseconds spent waiting for the vendor's limits.")
    added = models.BigIntegerField(default=0, help_text="Rows that were new.")
    changed = models.BigIntegerField(default=0, help_text="Rows that had changed.")
    gone = models.BigIntegerField(default=0, help_text="Rows that were there before and are not any more.")
    message = models.TextField(
        default="", blank=True, help_text="What an administrator is told: what, and how to mend it."
    )
    detail = models.TextField(
        default="",
        blank=True,
        help_text="What support needs: status, code, request id. Never a secret or a body.",
    )

    class Meta:
        indexes = [models.Index(fields=["task", "-started"], name="run_newest_of_a_task")]

    def __str__(self) -> str:
        return f"{self.word} run {self.pk}"
