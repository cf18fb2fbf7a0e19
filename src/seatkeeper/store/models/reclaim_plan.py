from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class ReclaimPlan(models.Model):
    """A reviewed list of seats to take back. We write nothing at the vendor: an administrator runs its script."""

    application = models.ForeignKey(Application, models.CASCADE, help_text="Whose seats.")
    name = models.TextField(help_text="What people call it.")
    state = models.TextField(help_text="draft, approved or closed.")
    by = models.TextField(help_text="Who made it.")
    created = models.BigIntegerField(help_text="When.")
    approved_by = models.TextField(default="", blank=True, help_text="Who approved it; empty until then.")
    approved = models.BigIntegerField(null=True, help_text="When it was approved.")

    def __str__(self) -> str:
        return self.name


class ReclaimItem(models.Model):
    """One seat of a plan, with the answer of its holder and what became of it."""

    plan = models.ForeignKey(ReclaimPlan, models.CASCADE, related_name="items", help_text="Which plan.")
    object_id = models.TextField(help_text="The vendor's id of the account.")
    user_id = models.TextField(help_text="User principal name.")
    email = models.TextField(default="", blank=True, help_text="Mail address, or empty.")
    sku = models.TextField(help_text="The vendor's id of the SKU.")
    title = models.TextField(help_text="Its title.")
    finding = models.TextField(help_text="Key of the finding that proposed it.")
    evidence = models.TextField(help_text="What the finding stood on when the plan was made.")
    monthly_cost = models.TextField(default="", help_text="What the seat costs a month, with currency.")
    assigned_by = models.TextField(default="", help_text="direct or group: a group's seat is taken back at the group.")
    state = models.TextField(help_text="proposed, dropped, kept, gone.")
    answer = models.TextField(default="", blank=True, help_text="What the holder said: needed, not needed, or empty.")
    gone = models.BigIntegerField(null=True, help_text="When a later roster showed the seat no more.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "object_id", "sku"], name="one_item_a_seat")]

    def __str__(self) -> str:
        return self.user_id
