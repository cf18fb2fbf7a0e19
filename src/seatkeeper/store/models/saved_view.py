from __future__ import annotations

from django.db import models

from seatkeeper.store.models.membership import Membership


class SavedView(models.Model):
    """A question to a listing that a member wants to ask again."""

    membership = models.ForeignKey(Membership, models.CASCADE, help_text="Whose view it is.")
    listing = models.TextField(help_text="Key of the listing that is asked.")
    name = models.TextField(help_text="What the member calls it.")
    query = models.TextField(help_text="The question, as the query of an address.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "listing", "name"], name="one_view_a_name")]

    def __str__(self) -> str:
        return self.name
