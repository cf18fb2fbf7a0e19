from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class ProductActivity(models.Model):
    """A row of the admin centre's activity report of the product, as uploaded last: when a person used it, and how."""

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Which application.")
    user_id = models.TextField(help_text="User principal name in lower case.")
    web = models.BigIntegerField(null=True, help_text="Last use on the web; null for none in the period.")
    desktop = models.BigIntegerField(null=True, help_text="Last use on the desktop; null for none in the period.")
    period_days = models.IntegerField(help_text="How many days the report looks back.")
    until = models.BigIntegerField(help_text="The day the report was refreshed.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "user_id"], name="one_activity_a_person")]

    def __str__(self) -> str:
        return self.user_id
