from __future__ import annotations

from django.db import models

from seatkeeper.store.models.finding import Finding


class FindingEvent(models.Model):
    """A step in the life of a finding: found, accepted, excepted, open again, resolved."""

    finding = models.ForeignKey(Finding, models.CASCADE, help_text="Which finding.")
    at = models.BigIntegerField(help_text="When.")
    by = models.TextField(help_text="Who, or the run that showed it.")
    state = models.TextField(help_text="The state it went to.")
    note = models.TextField(default="", blank=True, help_text="Why, where somebody said so.")

    def __str__(self) -> str:
        return self.state
