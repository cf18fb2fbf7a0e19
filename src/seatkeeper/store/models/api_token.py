from __future__ import annotations

from django.db import models

from seatkeeper.store.models.membership import Membership


class ApiToken(models.Model):
    """A key for scripts. It may do what its member may, or less, and it ends."""

    membership = models.ForeignKey(Membership, models.CASCADE, help_text="The member in whose name it acts.")
    name = models.TextField(help_text="What the member calls it.")
    role = models.TextField(help_text="What it may do at most: one of the four roles.")
    prefix = models.TextField(help_text="Its first characters, so that it can be recognized.")
    digest = models.BinaryField(unique=True, help_text="SHA-256 of the token; the token itself is kept nowhere.")
    created = models.BigIntegerField(help_text="When it was made.")
    expires = models.BigIntegerField(help_text="When it ends.")
    last_used = models.BigIntegerField(null=True, help_text="When it was used last, to the hour; null for never.")
    revoked = models.BooleanField(default=False, help_text="Whether it was ended before its time.")

    def __str__(self) -> str:
        return self.prefix
