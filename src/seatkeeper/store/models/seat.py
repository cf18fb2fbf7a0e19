from __future__ import annotations

from django.db import models

from seatkeeper.store.models.fields import RowId, bulk_connection


class Seat(models.Model):
    """A version of an assignment of a SKU that carries a managed product, with the fields of `model.Seat`."""

    id = RowId(primary_key=True, help_text="Number of the row.")
    connection = bulk_connection()
    since = models.IntegerField(help_text="The generation in which this version began.")
    until = models.IntegerField(
        help_text="The first generation in which it no longer holds; 2147483647 while it is current."
    )
    account = models.BinaryField(help_text="Key of the account that holds the seat.")
    sku = models.BinaryField(help_text="Key of the SKU that was assigned.")
    product = models.TextField(help_text="Key of the product that the SKU carries.")
    kind = models.TextField(help_text="Why it counts: seat, unlisted, or other-product (listed apart).")
    plans = models.TextField(help_text="Names of the product's plans in force, comma separated.")
    active = models.BigIntegerField(null=True, help_text="Active Date; null when no date of the vendor's says it.")
    active_source = models.TextField(
        help_text="Its ground: plan assigned, licence state changed, account created, or empty."
    )
    assigned_by = models.TextField(help_text="direct, group, both, or empty when the vendor did not say.")
    state = models.TextField(help_text="The vendor's word on the assignment: Active, Disabled, Error, … or empty.")
    error = models.TextField(help_text="The vendor's word on what is wrong with the assignment, or empty.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "account", "sku", "product", "since"], name="seat_version")
        ]
        # Every question about a product's seats in a generation is answered from here, without a look at the rows.
        indexes = [
            models.Index(
                fields=["connection", "product", "account", "sku", "since", "until", "kind"], name="seat_by_product"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product} seat {self.pk}"
