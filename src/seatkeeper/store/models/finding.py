from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class Finding(models.Model):
    """What an insight says of a seat or a purchase, from the run that first showed it to the one that no longer did."""

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Whose seat.")
    key = models.TextField(help_text="Which insight: unused, never-seen and others.")
    subject = models.TextField(help_text="What it is about: the account's id and the SKU's, as far as there are any.")
    object_id = models.TextField(default="", help_text="The vendor's id of the account, or empty.")
    user_id = models.TextField(default="", help_text="User principal name, or empty.")
    plan = models.TextField(help_text="Title of the SKU or SKUs.")
    evidence = models.TextField(default="", help_text="How sure we are of the use of the seat.")
    observed_since = models.BigIntegerField(null=True, help_text="From when on a sign-in would have been seen.")
    last_login = models.BigIntegerField(null=True, help_text="Newest success at the product itself.")
    monthly_cost = models.TextField(default="", help_text="What the seat costs a month, with currency.")
    advice = models.TextField(help_text="What to do.")
    state = models.TextField(help_text="open, accepted, excepted or resolved.")
    first_seen = models.BigIntegerField(help_text="When it was found first.")
    last_seen = models.BigIntegerField(help_text="When it was found last.")
    resolved = models.BigIntegerField(null=True, help_text="When a later roster showed it no more.")
    words = models.TextField(help_text="Names in lower case, to search in.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "key", "subject"],
                condition=models.Q(resolved=None),
                name="one_open_finding_a_subject",
            )
        ]
        indexes = [models.Index(fields=["application", "state", "key"], name="finding_by_state")]

    def __str__(self) -> str:
        return f"{self.key} {self.user_id}"
