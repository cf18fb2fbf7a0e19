from __future__ import annotations

from django.db import models

from seatkeeper.store.models.fields import bulk_connection


class ProductDay(models.Model):
    """How much a product was used on a day (UTC), by how many people; counted together with UseDay."""

    pk = models.CompositePrimaryKey("connection_id", "product", "day")
    connection = bulk_connection()
    product = models.TextField(help_text="Key of the product.")
    day = models.IntegerField(help_text="Days since 1970-01-01.")
    sign_ins = models.IntegerField(help_text="Successes at the product itself.")
    people = models.IntegerField(help_text="Accounts that they were of.")
    possible = models.IntegerField(help_text="Successes at applications that several products share.")

    def __str__(self) -> str:
        return f"{self.product} {self.day}"
