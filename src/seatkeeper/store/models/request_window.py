from __future__ import annotations

from django.db import models


class RequestWindow(models.Model):
    """The requests of the last seconds under one of the vendor's limits, shared by all processes."""

    client_id = models.TextField(help_text="The app registration that the limit is for.")
    tenant_id = models.TextField(help_text="The tenant that the limit is for; empty for the limit over all tenants.")
    spent = models.TextField(
        default="[]", help_text="Requests that still count, as JSON: when each was answered (or sent), and whether."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client_id", "tenant_id"], name="one_window_a_limit")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.tenant_id}"
