from __future__ import annotations

from django.db import models

from seatkeeper.store.models.organization import Organization


class Connection(models.Model):
    """One vendor tenant with the credential we read it with."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="The organization whose tenant this is.")
    vendor = models.TextField(default="microsoft", help_text="Which vendor: microsoft.")
    tenant_id = models.TextField(help_text="The vendor's id of the tenant.")
    client_id = models.TextField(help_text="The id of the app registration that we read the tenant as.")
    cloud = models.TextField(default="global", help_text="Which of the vendor's clouds: global, usgov, dod or china.")
    login_url = models.TextField(help_text="Origin of the service that gives out tokens.")
    graph_url = models.TextField(help_text="Origin of the service that we read; the token goes nowhere else.")
    ca_file = models.TextField(
        default="",
        blank=True,
        help_text="File of certificates to trust instead of the public ones; empty for those.",
    )
    credential_kind = models.TextField(help_text="What the credential is: secret or certificate.")
    credential = models.BinaryField(
        default=b"",
        help_text="The credential, sealed for this organization and connection; empty until it is saved.",
    )
    credential_expires = models.BigIntegerField(
        null=True, help_text="When the vendor stops taking the credential; null when nobody told us."
    )
    created = models.BigIntegerField(help_text="When the connection was added here.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "vendor", "tenant_id"], name="one_connection_a_tenant")
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.tenant_id}"
