from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class Recognition(models.Model):
    """An operator's word that an account may use an application without being on its roster or in the HR list."""

    application = models.ForeignKey(Application, models.CASCADE, help_text="Which application.")
    account = models.BinaryField(help_text="Key of the account.")
    reason = models.TextField(help_text="Why, in the operator's words.")
    until = models.BigIntegerField(null=True, help_text="When it lapses; null for never.")
    by = models.TextField(help_text="Who said so.")
    at = models.BigIntegerField(help_text="When.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "account"], name="one_recognition_an_account")]

    def __str__(self) -> str:
        return self.reason
