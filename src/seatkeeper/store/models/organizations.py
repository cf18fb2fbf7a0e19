"""An organization with its members, what they may use, and the trail of what they did."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from seatkeeper.model import TICKS, Instant
from seatkeeper.store.models.owned import Owned


class Organization(Owned):
    """Whose data it is. A managed service provider keeps many."""

    owner = "pk"

    name = models.TextField(unique=True, help_text="What people call the organization.")
    created = models.BigIntegerField(help_text="When the organization was added here.")
    archived = models.BigIntegerField(
        null=True, help_text="When it was archived: since then nothing is read, and nobody gets in; null for never."
    )

    def __str__(self) -> str:
        return self.name


class Operator(models.Model):
    """A member who runs the installation: sees how every organization stands, and nobody in it."""

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="operator", help_text="Who it is."
    )
    created = models.BigIntegerField(help_text="When the member became an operator.")

    def __str__(self) -> str:
        return str(self.member_id)


class Membership(Owned):
    """A member of Seatkeeper in an organization, with the role there. One sign-in may open several."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", help_text="Who it is."
    )
    organization = models.ForeignKey(Organization, models.CASCADE, help_text="The organization whose data is seen.")
    role = models.TextField(help_text="One of the four roles, in words.")
    created = models.BigIntegerField(help_text="When the member was invited.")
    invited = models.BooleanField(default=False, help_text="Whether the invitation was not accepted yet.")
    active = models.BooleanField(default=True, help_text="Whether it opens the organization; else it is deactivated.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "organization"], name="one_membership_a_member")]

    @property
    def last_sign_in(self) -> Instant | None:
        """When the member signed in last, in the form of all our times."""
        last = self.member.last_login
        return None if last is None else int(last.timestamp()) * TICKS

    def __str__(self) -> str:
        return f"{self.role} {self.member_id}"


class ApiToken(Owned):
    """A key for scripts. It may do what its member may, or less, and it ends."""

    owner = "membership__organization_id"

    membership = models.ForeignKey(Membership, models.CASCADE, help_text="The member in whose name it acts.")
    name = models.TextField(help_text="What the member calls it.")
    role = models.TextField(help_text="What it may do at most: one of the four roles.")
    prefix = models.TextField(help_text="Its first characters, so that it can be recognized.")
    digest = models.BinaryField(unique=True, help_text="SHA-256 of the token; the token itself is kept nowhere.")
    created = models.BigIntegerField(help_text="When it was made.")
    expires = models.BigIntegerField(help_text="When it ends.")
    last_used = models.BigIntegerField(null=True, help_text="When it was used last, to the hour; null for never.")
    revoked = models.BooleanField(default=False, help_text="Whether it was ended before its time.")
    operates = models.BooleanField(
        default=False, help_text="Whether it may also do what its member may as an operator of the installation."
    )
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, help_text="The token that made it, and that it ends with; null for a page."
    )

    def __str__(self) -> str:
        return self.prefix


class AuditEvent(Owned):
    """Something that somebody did, or a page about a person that was read. Saved with the change, or not at all."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, help_text="Where it was done; null for the installation as a whole."
    )
    at = models.BigIntegerField(help_text="When.")
    who = models.TextField(help_text="Who: a member's address, a token's name, the command line or the scheduler.")
    action = models.TextField(help_text="What was done, as a verb and a noun: application.added, person.read.")
    subject = models.TextField(help_text="What it was done to, by name.")
    detail = models.TextField(default="", blank=True, help_text="What changed. Never a secret.")

    class Meta:
        indexes = [models.Index(fields=["organization", "-at"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class SavedView(Owned):
    """A question to a listing that a member wants to ask again."""

    owner = "membership__organization_id"

    membership = models.ForeignKey(Membership, models.CASCADE, help_text="Whose view it is.")
    listing = models.TextField(help_text="Key of the listing that is asked.")
    name = models.TextField(help_text="What the member calls it.")
    query = models.TextField(help_text="The question, as the query of an address.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "listing", "name"], name="one_view_a_name")]

    def __str__(self) -> str:
        return self.name


class Employee(Owned):
    """Somebody on the organization's list of employees (HR list), as imported last."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="Whose employee.")
    email = models.TextField(help_text="Mail address or user principal name in lower case: how accounts are matched.")
    first_name = models.TextField(default="", help_text="First name, or empty.")
    last_name = models.TextField(default="", help_text="Last name, or empty.")
    active = models.BooleanField(default=True, help_text="Whether the person works there today.")
    department = models.TextField(default="", help_text="Department, or empty.")
    location = models.TextField(default="", help_text="Location, or empty.")
    cost_center = models.TextField(default="", help_text="Cost centre, or empty.")
    imported = models.BigIntegerField(help_text="When the list was imported.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "email"], name="one_employee_an_address")]

    def __str__(self) -> str:
        return self.email
