from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connection import Connection
from seatkeeper.store.models.organization import Organization


class Application(models.Model):
    """A managed SaaS application: one product of one connection."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, help_text="The organization that manages the application."
    )
    connection = models.ForeignKey(
        Connection, models.CASCADE, help_text="The connection that the application is read through."
    )
    product = models.TextField(help_text="Key of the product, such as microsoft-project.")
    name = models.TextField(help_text="What people call the application; unique in the organization.")
    threshold_days = models.IntegerField(
        default=60, help_text="A person with a sign-in within so many days counts as active."
    )
    grace_days = models.IntegerField(
        default=30, help_text="A seat is not judged unused for so many days after it was given."
    )
    tags = models.TextField(default="", blank=True, help_text="The operator's own words for it, comma separated.")
    active = models.BooleanField(default=True, help_text="Whether it is read and counted.")
    created = models.BigIntegerField(help_text="When the application was added here.")
    undrawn_since = models.BigIntegerField(
        null=True, help_text="When something was changed that its drawing does not show yet; null when it shows all."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_application_a_name"),
            models.UniqueConstraint(fields=["connection", "product"], name="one_application_a_product"),
        ]

    def __str__(self) -> str:
        return self.name
