"""What seats cost, and the plans to take seats back."""

from __future__ import annotations

from django.db import models

from seatkeeper.amounts import Money
from seatkeeper.store.models.applications import Application
from seatkeeper.store.models.fields import MoneyField
from seatkeeper.store.models.organizations import Organization
from seatkeeper.store.models.owned import Owned


class Price(Owned):
    """What an organization pays for one seat of a SKU, from a day on."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="Whose price.")
    sku = models.TextField(help_text="Its part number; the SKU's id, where several share that or it has none.")
    amount = models.DecimalField(max_digits=14, decimal_places=4, help_text="For one seat and one period.")
    currency = models.TextField(help_text="Three letters of ISO 4217.")
    period = models.TextField(help_text="month or year.")
    valid_from = models.IntegerField(help_text="First day it holds, in days since 1970-01-01.")
    valid_until = models.IntegerField(null=True, help_text="Last day it holds; null while it does.")
    example = models.BooleanField(default=False, help_text="Whether it is from the example list: not a real price.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "sku", "valid_from"], name="one_price_a_day")]

    def __str__(self) -> str:
        return f"{self.sku} {self.amount} {self.currency}"


class ReclaimPlan(Owned):
    """A reviewed list of seats to take back. We write nothing at the vendor: an administrator runs its script."""

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, help_text="Whose seats.")
    name = models.TextField(help_text="What people call it.")
    state = models.TextField(help_text="draft, approved or closed.")
    by = models.TextField(help_text="Who made it.")
    created = models.BigIntegerField(help_text="When.")
    approved_by = models.TextField(default="", blank=True, help_text="Who approved it; empty until then.")
    approved = models.BigIntegerField(null=True, help_text="When it was approved.")

    def __str__(self) -> str:
        return self.name


class ReclaimItem(Owned):
    """One seat of a plan, with the answer of its holder and what became of it."""

    owner = "plan__application__organization_id"

    plan = models.ForeignKey(ReclaimPlan, models.CASCADE, related_name="items", help_text="Which plan.")
    object_id = models.TextField(help_text="The vendor's id of the account.")
    user_id = models.TextField(help_text="User principal name.")
    email = models.TextField(default="", blank=True, help_text="Mail address, or empty.")
    sku = models.TextField(help_text="The vendor's id of the SKU.")
    title = models.TextField(help_text="Its title.")
    finding = models.TextField(help_text="Key of the finding that proposed it.")
    evidence = models.TextField(help_text="What the finding stood on when the plan was made.")
    cost = MoneyField(default=Money, help_text="What the seat costs; of one that is gone, what it cost that day.")
    assigned_by = models.TextField(default="", help_text="direct or group: a group's seat is taken back at the group.")
    groups = models.TextField(default="", help_text="Titles of the groups that give it, separated by semicolons.")
    state = models.TextField(help_text="proposed, dropped, kept, gone.")
    answer = models.TextField(default="", blank=True, help_text="What the holder said: needed, not needed, or empty.")
    gone = models.BigIntegerField(null=True, help_text="When a later roster showed the seat no more.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "object_id", "sku"], name="one_item_a_seat")]

    def __str__(self) -> str:
        return self.user_id

    @property
    def monthly_cost(self) -> str:
        return self.cost.a_month
