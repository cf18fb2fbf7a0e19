"""What somebody should know, where it is sent, and what became of that."""

from __future__ import annotations

from django.db import models

from seatkeeper.store.models.organizations import Organization
from seatkeeper.store.models.owned import Owned


class NoticeTarget(Owned):
    """Where notices go: an address that Apprise understands, or a webhook of ours. It may hold a password."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="Whose notices.")
    name = models.TextField(help_text="What people call it.")
    kind = models.TextField(help_text="apprise or webhook.")
    address = models.BinaryField(default=b"", help_text="The address, sealed.")
    secret = models.BinaryField(default=b"", help_text="What webhooks are signed with, sealed; empty otherwise.")
    conditions = models.TextField(
        default="", blank=True, help_text="Kinds of condition it wants, comma separated; empty for all."
    )
    active = models.BooleanField(default=True, help_text="Whether notices are sent to it.")
    trouble = models.TextField(default="", blank=True, help_text="Why the last one could not be sent; empty if it was.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="one_target_a_name")]

    def __str__(self) -> str:
        return self.name


class Notice(Owned):
    """Something that somebody should know. One is open for each condition, and it ends when the condition does."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="Whose notice.")
    condition = models.TextField(help_text="What it is about, as a key such as run-failed:3:roster.")
    kind = models.TextField(help_text="Kind of the condition: run-failed, zero-rows, quarantine, gap and others.")
    title = models.TextField(help_text="One line.")
    body = models.TextField(help_text="What happened and what to do.")
    opened = models.BigIntegerField(help_text="When the condition was first seen.")
    told = models.BigIntegerField(null=True, help_text="When it was sent; null until it is.")
    closed = models.BigIntegerField(null=True, help_text="When the condition was gone; null while it is not.")
    level = models.IntegerField(default=0, help_text="How urgent it has become: a nearer date is told once more.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "condition"], condition=models.Q(closed=None), name="one_open_notice_a_cause"
            )
        ]

    def __str__(self) -> str:
        return self.condition


class NoticeDelivery(Owned):
    """A notice on its way to a target: until it is sent, it is tried again, each time after a longer wait."""

    owner = "notice__organization_id"

    notice = models.ForeignKey(Notice, models.CASCADE, help_text="What is told.")
    target = models.ForeignKey(NoticeTarget, models.CASCADE, help_text="To whom.")
    event = models.TextField(help_text="opened, closed, or closer with the level that was reached.")
    due = models.BigIntegerField(help_text="When it is tried next; whoever tries it puts this off first.")
    tries = models.IntegerField(default=0, help_text="How often it was tried.")
    sent = models.BigIntegerField(null=True, help_text="When it was sent; null while it is not.")

    class Meta:
        verbose_name_plural = "notice deliveries"
        constraints = [models.UniqueConstraint(fields=["notice", "target", "event"], name="one_delivery_an_event")]
        indexes = [models.Index(fields=["due"], condition=models.Q(sent=None), name="delivery_to_do")]

    def __str__(self) -> str:
        return self.event
