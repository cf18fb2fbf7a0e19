from __future__ import annotations

from django.db import models

from seatkeeper.store.models.organization import Organization


class Employee(models.Model):
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
