from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connection import Connection


class Renewal(models.Model):
    """One commercial subscription of the tenant, with the day on which it renews or ends."""

    connection = models.ForeignKey(Connection, models.CASCADE, help_text="Whose tenant.")
    subscription = models.TextField(help_text="The vendor's id of the subscription.")
    sku = models.BinaryField(help_text="Key of the SKU.")
    part_number = models.TextField(help_text="Its part number.")
    status = models.TextField(help_text="The vendor's word: Enabled, Warning, Suspended and others.")
    total = models.IntegerField(help_text="Seats bought with it.")
    trial = models.BooleanField(help_text="Whether it is a trial.")
    next_lifecycle = models.BigIntegerField(null=True, help_text="When it renews or ends; null when nobody says.")
    read_at = models.BigIntegerField(help_text="When it was read.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "subscription"], name="one_renewal_a_subscription")
        ]

    def __str__(self) -> str:
        return self.part_number
