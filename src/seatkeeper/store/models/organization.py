from __future__ import annotations

from django.db import models


class Organization(models.Model):
    """Whose data it is. A managed service provider keeps many."""

    name = models.TextField(unique=True, help_text="What people call the organization.")
    created = models.BigIntegerField(help_text="When the organization was added here.")

    def __str__(self) -> str:
        return self.name
