from __future__ import annotations

from django.db import models

from seatkeeper.store.models.fields import bulk_connection


class SignInApp(models.Model):
    """A client application that people sign in to; its id stands in for its GUID in a million sign-ins."""

    id = models.SmallAutoField(primary_key=True, help_text="Number of the application.")
    guid = models.TextField(unique=True, help_text="The vendor's id of the client application.")

    def __str__(self) -> str:
        return self.guid


class SignIn(models.Model):
    """One sign-in event; fields are those of `seatkeeper.model.SignIn`.

    The time comes before the event in the key: sign-ins are read in the order of time, so a page of them lands on
    a few neighbouring pages of the database. Sorted by event, or with an index by account, each row would touch
    pages of its own, at six times the cost. That an event is kept once although its time is in the key is seen to
    when it is saved (bulk/sign_ins.py).
    """

    pk = models.CompositePrimaryKey("connection_id", "created", "event")
    connection = bulk_connection()
    created = models.BigIntegerField(help_text="When it happened, by the vendor's clock.")
    event = models.BinaryField(help_text="The vendor's id of the event, compact.")
    account = models.BinaryField(help_text="Key of the account that signed in.")
    app = models.ForeignKey(
        SignInApp,
        models.PROTECT,
        db_constraint=False,  # for the reason given in fields.bulk_connection
        db_index=False,
        related_name="+",
        help_text="The application that was signed in to.",
    )
    error_code = models.IntegerField(help_text="0 when the person got in, else the vendor's number for why not.")
    upn = models.TextField(help_text="The name that was signed in with, as it was then.")

    def __str__(self) -> str:
        return self.upn
