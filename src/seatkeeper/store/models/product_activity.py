from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class ProductActivity(models.Model):
    """A row of the admin centre's activity report of the product, as uploaded last: when a person used it, and how."""

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Which application.")
    user_id = models.TextField(help_text="User principal name in lower case.")
    last = models.BigIntegerField(null=True, help_text="Last activity date; null for none in the period.")
    desktop = models.IntegerField(help_text="Projects opened in the desktop client.")
    web = models.IntegerField(help_text="Projects visited, and tasks created or edited, on the web.")
    other = models.BooleanField(help_text="Whether there was activity of another kind.")
    period_days = models.IntegerField(help_text="How many days the report looks back.")
    until = models.BigIntegerField(help_text="The last day that the report covers.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "user_id"], name="one_activity_a_person")]

    def __str__(self) -> str:
        return self.user_id
