from __future__ import annotations

from django.conf import settings
from django.db import models

from seatkeeper.model import TICKS, Instant
from seatkeeper.store.models.organization import Organization


class Membership(models.Model):
    """A member of Seatkeeper in an organization, with the role there."""

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="membership", help_text="Who it is."
    )
    organization = models.ForeignKey(Organization, models.CASCADE, help_text="The organization whose data is seen.")
    role = models.TextField(help_text="One of the four roles, in words.")
    created = models.BigIntegerField(help_text="When the member was let in.")

    @property
    def last_sign_in(self) -> Instant | None:
        """When the member signed in last, in the form of all our times."""
        last = self.member.last_login
        return None if last is None else int(last.timestamp()) * TICKS

    def __str__(self) -> str:
        return f"{self.role} {self.member_id}"
