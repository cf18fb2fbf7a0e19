from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connection import Connection


class Subscription(models.Model):
    """A version of what was bought of a SKU; fields are those of `seatkeeper.model.Subscription`."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, db_index=False, help_text="The connection that it was read with."
    )
    since = models.IntegerField(help_text="The generation in which this version began.")
    until = models.IntegerField(
        help_text="The first generation in which it no longer holds; 2147483647 while it is current."
    )
    sku = models.BinaryField(help_text="Key of the SKU.")
    part_number = models.TextField(help_text="The vendor's short name of the SKU, such as PROJECTPROFESSIONAL.")
    status = models.TextField(help_text="The vendor's word on it: Enabled, Warning, Suspended, Deleted, LockedOut.")
    enabled = models.BigIntegerField(help_text="Units bought and in force.")
    warning = models.BigIntegerField(help_text="Units in the grace period after their end.")
    suspended = models.BigIntegerField(help_text="Units that were cancelled and can still be taken up again.")
    locked_out = models.BigIntegerField(help_text="Units that the vendor locked.")
    consumed = models.BigIntegerField(help_text="Units that are assigned.")
    plans = models.TextField(help_text="Ids of the service plans it carries, comma separated.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "sku", "since"], name="subscription_version")]

    def __str__(self) -> str:
        return self.part_number
