from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class Saving(models.Model):
    """A seat that was given back after a finding spoke of it, as a later roster showed: what was saved, measured."""

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Whose seat.")
    day = models.IntegerField(help_text="When the roster showed it no more, in days since 1970-01-01.")
    object_id = models.TextField(help_text="The vendor's id of the account that had it.")
    user_id = models.TextField(help_text="User principal name.")
    part_number = models.TextField(help_text="The SKU, by its part number.")
    finding = models.TextField(help_text="Key of the finding that spoke of it.")

    class Meta:
        indexes = [models.Index(fields=["application", "day"], name="saving_by_day")]

    def __str__(self) -> str:
        return f"{self.part_number} of {self.user_id}"
