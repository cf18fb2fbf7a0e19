"""What is done again and again for the whole installation."""

from __future__ import annotations

from django.db import models


class RecurringJob(models.Model):
    """A job that comes back, such as looking for notices: whichever process finds it due first puts it off, and does it
    once.
    """

    name = models.TextField(primary_key=True, help_text="Which job.")
    due = models.BigIntegerField(default=0, help_text="When it is done next; 0 for at once.")

    def __str__(self) -> str:
        return self.name
