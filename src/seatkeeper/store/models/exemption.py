from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class Exemption(models.Model):
    """An operator's word that findings about somebody or something are not to be followed up, and until when."""

    application = models.ForeignKey(Application, models.CASCADE, help_text="Which application.")
    finding = models.TextField(default="", blank=True, help_text="Key of the insight; empty for every one.")
    scope = models.TextField(help_text="What is excepted: person, sku or department.")
    value = models.TextField(help_text="The account's id, the SKU's part number, or the department.")
    label = models.TextField(default="", help_text="How people know it: the user id or the SKU's title.")
    reason = models.TextField(help_text="Why, in the operator's words.")
    until = models.BigIntegerField(null=True, help_text="When it lapses; null for never.")
    by = models.TextField(help_text="Who said so.")
    at = models.BigIntegerField(help_text="When.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "finding", "scope", "value"], name="one_exemption_a_value")
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.label}"
