from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class Holding(models.Model):
    """A person on an application's roster, as the last reading and its evidence show them.

    Drawn anew after each run (services/drawing.py), so that a page of a large roster is one indexed query.
    """

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Whose roster.")
    account = models.BinaryField(help_text="Key of the account.")
    object_id = models.TextField(help_text="The vendor's id of the account, as text.")
    user_id = models.TextField(help_text="User principal name.")
    email = models.TextField(help_text="Mail address, or empty.")
    first_name = models.TextField(help_text="First name, or empty.")
    last_name = models.TextField(help_text="Last name, or empty.")
    department = models.TextField(help_text="Department, or empty.")
    location = models.TextField(help_text="Country the account is used in, two letters, or empty.")
    cost_center = models.TextField(default="", help_text="Cost centre by the list of employees, or empty.")
    blocked = models.BooleanField(help_text="Whether the account may not sign in.")
    guest = models.BooleanField(help_text="Whether the person is a guest of the tenant.")
    plans = models.TextField(help_text="Titles of the SKUs held, separated by semicolons.")
    skus = models.TextField(help_text="Ids of the SKUs held, separated by spaces.")
    assigned_by = models.TextField(help_text="direct, group, both, or empty.")
    active_date = models.BigIntegerField(null=True, help_text="Active Date.")
    active_date_source = models.TextField(help_text="What the Active Date stands on.")
    last_login = models.BigIntegerField(null=True, help_text="Newest success at the product itself.")
    last_reported = models.BigIntegerField(null=True, help_text="Last day of activity, by the vendor's own report.")
    last_possible = models.BigIntegerField(null=True, help_text="Newest success at an ambiguous application.")
    last_in_tenant = models.BigIntegerField(null=True, help_text="Newest success anywhere in the tenant, if read.")
    evidence = models.TextField(help_text="confirmed, possible, none seen or not observable yet.")
    observed_since = models.BigIntegerField(null=True, help_text="From when on a sign-in would have been seen.")
    status = models.TextField(help_text="active, possibly active, inactive, never seen or not observable.")
    monthly_cost = models.TextField(default="", help_text="What the person's seats cost a month, with currency.")
    words = models.TextField(help_text="Names and addresses in lower case, to search in.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "account"], name="one_holding_a_person")]
        # Rows are written in this order, so the index leads through the table from its beginning to its end: what
        # has to look at every row of an application does so at a third of the cost of another index.
        indexes = [models.Index(fields=["application", "user_id"], name="holding_by_user")]

    def __str__(self) -> str:
        return self.user_id
