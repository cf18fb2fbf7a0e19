from __future__ import annotations

from django.db import models

from seatkeeper.store.models.fields import RowId, bulk_connection


class Account(models.Model):
    """A version of a person's (or machine's) account in the tenant, with the fields of `model.Account`.

    A text is null when the vendor sent none, and empty when it sent an empty one.
    """

    id = RowId(primary_key=True, help_text="Number of the row.")
    connection = bulk_connection()
    key = models.BinaryField(help_text="The vendor's id of the account, compact.")
    since = models.IntegerField(help_text="The generation in which this version began.")
    until = models.IntegerField(
        help_text="The first generation in which it no longer holds; 2147483647 while it is current."
    )
    seen = models.IntegerField(help_text="Number of the last full enumeration that saw this version.")
    first_seen = models.BigIntegerField(
        help_text="When we first read this version; the earliest of an account says when we first saw it."
    )
    upn = models.TextField(null=True, help_text="User principal name: the name a person signs in with (User ID).")
    mail = models.TextField(null=True, help_text="E-mail address.")
    given_name = models.TextField(null=True, help_text="First name.")
    surname = models.TextField(null=True, help_text="Last name.")
    display_name = models.TextField(null=True, help_text="The name shown in address books.")
    enabled = models.BooleanField(null=True, help_text="Whether the account may sign in; false is a blocked user.")
    user_type = models.TextField(null=True, help_text="Member or Guest.")
    created = models.BigIntegerField(null=True, help_text="When the vendor made the account.")
    department = models.TextField(null=True, help_text="Department.")
    usage_location = models.TextField(null=True, help_text="Country the licences are used in, two letters.")
    licensing = models.TextField(
        null=True, help_text="What the vendor said of the plans and SKUs that we manage, as compact JSON."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key", "since"], name="account_version")]

    def __str__(self) -> str:
        return self.upn or f"account {self.pk}"
