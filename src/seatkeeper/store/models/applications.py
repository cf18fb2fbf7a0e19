"""A managed application, and what people said about it: recognized activities and exceptions."""

from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connections import Connection, Versioned
from seatkeeper.store.models.organizations import Organization
from seatkeeper.store.models.owned import Owned


class Application(Owned, Versioned):
    """A managed SaaS application: one product of one connection."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, help_text="The organization that manages the application."
    )
    connection = models.ForeignKey(
        Connection, models.CASCADE, help_text="The connection that the application is read through."
    )
    product = models.TextField(help_text="Key of the product, such as microsoft-project.")
    name = models.TextField(help_text="What people call the application; unique in the organization.")
    threshold_days = models.IntegerField(
        default=60, help_text="A person with a sign-in within so many days counts as active."
    )
    grace_days = models.IntegerField(
        default=30, help_text="A seat is not judged unused for so many days after it was given."
    )
    tags = models.TextField(default="", blank=True, help_text="The operator's own words for it, comma separated.")
    active = models.BooleanField(default=True, help_text="Whether it is read and counted.")
    created = models.BigIntegerField(help_text="When the application was added here.")
    refresh_wanted_since = models.BigIntegerField(
        null=True, help_text="When something was changed that its figures do not show yet; null when they show all."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_application_a_name"),
            models.UniqueConstraint(fields=["connection", "product"], name="one_application_a_product"),
        ]

    def __str__(self) -> str:
        return self.name


class Recognition(Owned):
    """An operator's word that an account may use an application without being on its roster or in the HR list."""

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, help_text="Which application.")
    account = models.BinaryField(help_text="Key of the account.")
    reason = models.TextField(help_text="Why, in the operator's words.")
    until = models.BigIntegerField(null=True, help_text="When it lapses; null for never.")
    by = models.TextField(help_text="Who said so.")
    at = models.BigIntegerField(help_text="When.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "account"], name="one_recognition_an_account")]

    def __str__(self) -> str:
        return self.reason


class FindingException(Owned):
    """An operator's word that findings about somebody or something are not to be followed up, and until when."""

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, help_text="Which application.")
    finding = models.TextField(default="", blank=True, help_text="Key of the insight; empty for every one.")
    scope = models.TextField(help_text="What is excepted: person, sku or department.")
    value = models.TextField(help_text="The account's id, the SKU's part number, or the department.")
    label = models.TextField(default="", help_text="How people know it: the user id or the SKU's title.")
    reason = models.TextField(help_text="Why, in the operator's words.")
    until = models.BigIntegerField(null=True, help_text="When it lapses; null for never.")
    by = models.TextField(help_text="Who said so.")
    at = models.BigIntegerField(help_text="When.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "finding", "scope", "value"], name="one_exemption_a_value")
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.label}"
