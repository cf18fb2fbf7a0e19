from __future__ import annotations

from django.db import models

from seatkeeper.store.models.organization import Organization


class Price(models.Model):
    """What an organization pays for one seat of a SKU, from a day on."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="Whose price.")
    part_number = models.TextField(help_text="The SKU, by its part number.")
    amount = models.DecimalField(max_digits=14, decimal_places=4, help_text="For one seat and one period.")
    currency = models.TextField(help_text="Three letters of ISO 4217.")
    period = models.TextField(help_text="month or year.")
    valid_from = models.IntegerField(help_text="First day it holds, in days since 1970-01-01.")
    valid_until = models.IntegerField(null=True, help_text="Last day it holds; null while it does.")
    example = models.BooleanField(default=False, help_text="Whether it is from the example list: not a real price.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "part_number", "valid_from"], name="one_price_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.part_number} {self.amount} {self.currency}"
