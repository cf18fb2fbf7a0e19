from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class Stranger(models.Model):
    """Somebody who signed in to a product without a seat on its roster, or who should not have. Drawn anew each run."""

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Which application.")
    account = models.BinaryField(help_text="Key of the account.")
    object_id = models.TextField(help_text="The vendor's id of the account, as text.")
    user_id = models.TextField(help_text="User principal name, or the id when nobody knows a name.")
    first_name = models.TextField(default="", help_text="First name, or empty.")
    last_name = models.TextField(default="", help_text="Last name, or empty.")
    type = models.TextField(help_text="Unknown, Unrecognized, Unauthorized or Recognized.")
    sign_ins = models.IntegerField(help_text="How many successes were seen.")
    first_seen = models.BigIntegerField(help_text="The first of them.")
    last_seen = models.BigIntegerField(help_text="The newest of them.")
    state = models.TextField(help_text="open, former holder or recognized.")
    words = models.TextField(help_text="Names in lower case, to search in.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "account"], name="one_stranger_an_account")]

    def __str__(self) -> str:
        return self.user_id
