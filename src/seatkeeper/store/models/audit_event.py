from __future__ import annotations

from django.db import models

from seatkeeper.store.models.organization import Organization


class AuditEvent(models.Model):
    """Something that somebody did, or a page about a person that was read. Saved with the change, or not at all."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="Where it was done.")
    at = models.BigIntegerField(help_text="When.")
    who = models.TextField(help_text="Who: a member's address, a token's name, the command line or the scheduler.")
    action = models.TextField(help_text="What was done, as a verb and a noun: application.added, person.read.")
    subject = models.TextField(help_text="What it was done to, by name.")
    detail = models.TextField(default="", blank=True, help_text="What changed. Never a secret.")

    class Meta:
        indexes = [models.Index(fields=["organization", "-at"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
