"""How many tenants join: the organization's own app registration, links for admin consent, and checks of all."""

from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connections import Connection, Door
from seatkeeper.store.models.organizations import Organization
from seatkeeper.store.models.owned import Owned


class AppRegistration(Door):
    """The organization's own multi-tenant app registration, in its own tenant; customers consent to it."""

    sealed_as = "app registration"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "vendor"], name="one_registration_a_vendor")]

    def __str__(self) -> str:
        return self.client_id


class ConsentLink(Owned):
    """A link by which a customer's administrator lets the organization's app registration into their tenant."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="The organization that reads the tenant.")
    vendor = models.TextField(default="microsoft", help_text="Which vendor: microsoft.")
    customer = models.TextField(help_text="What the organization calls the customer.")
    tenant_id = models.TextField(
        default="", blank=True, help_text="The only tenant that may answer: its id or a domain; empty for any."
    )
    client_id = models.TextField(help_text="The app registration that the link asks consent for.")
    products = models.JSONField(help_text="Keys of the products that are managed then, one application each.")
    tasks = models.JSONField(help_text="Keys of the tasks that are ticked then.")
    tags = models.TextField(default="", blank=True, help_text="Tags of these applications, comma separated.")
    threshold_days = models.IntegerField(default=60, help_text="Days without use after which a seat counts as idle.")
    made = models.BigIntegerField(help_text="When the link was made.")
    made_by = models.TextField(help_text="Who made it.")
    expires = models.BigIntegerField(help_text="Until when it can be answered.")
    status = models.TextField(
        help_text="waiting for an answer, declined (and may be answered still), consented (a token is awaited), "
        "joined, refused or withdrawn."
    )
    directory_id = models.TextField(
        default="", blank=True, help_text="The tenant that answered, as its answer says; unproven until it has joined."
    )
    message = models.TextField(default="", blank=True, help_text="What became of it, in words.")
    due = models.BigIntegerField(null=True, help_text="When joining is tried next; null when it is not.")
    answered = models.BigIntegerField(null=True, help_text="When an administrator consented; null before that.")
    tries = models.IntegerField(default=0, help_text="How often joining was tried.")
    connection = models.ForeignKey(
        Connection, models.SET_NULL, null=True, help_text="The connection that came of it; null for none."
    )

    class Meta:
        indexes = [models.Index(fields=["due"], name="consent_link_due")]

    def __str__(self) -> str:
        return self.customer


class TenantCheck(Owned):
    """What Authorize found last in a tenant, where it was asked of many at once."""

    owner = "connection__organization_id"

    connection = models.OneToOneField(Connection, models.CASCADE, help_text="The connection that is checked.")
    asked = models.BigIntegerField(help_text="When somebody asked for it; the same for all that were asked at once.")
    asked_by = models.TextField(help_text="Who asked.")
    due = models.BigIntegerField(null=True, help_text="When it is checked next; null when it was checked.")
    checked = models.BigIntegerField(null=True, help_text="When it was checked; null before that.")
    passed = models.BooleanField(null=True, help_text="Whether everything needed holds; null before it was checked.")
    message = models.TextField(default="", blank=True, help_text="What does not hold and how to mend it.")

    class Meta:
        indexes = [models.Index(fields=["due"], name="tenant_check_due")]

    def __str__(self) -> str:
        return f"check of {self.connection_id}"
