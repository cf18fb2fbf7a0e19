from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connection import Connection


class AccountActivity(models.Model):
    """When an account last got in anywhere in the tenant, as the directory told it last."""

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False, help_text="Whose tenant.")
    account = models.BinaryField(help_text="Key of the account.")
    last = models.BigIntegerField(help_text="Its newest success anywhere; where that is not told, its newest try.")
    read_at = models.BigIntegerField(help_text="When the run began that was told so, by the vendor's clock.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "account"], name="one_activity_an_account")]

    def __str__(self) -> str:
        return bytes(self.account).hex()
