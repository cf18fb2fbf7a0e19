"""How often somebody tried what must not be guessed."""

from __future__ import annotations

from django.db import models


class Attempt(models.Model):
    """The failures of one source: an address, or an account as seen from it. Shared by all processes."""

    key = models.TextField(unique=True, help_text="What was tried, and the SHA-256 of who tried it.")
    count = models.IntegerField(default=0, help_text="Failures since the source was last forgotten.")
    last = models.BigIntegerField(help_text="When it tried last.")
    until = models.BigIntegerField(default=0, help_text="When it may try again; 0 for now.")

    def __str__(self) -> str:
        return self.key
