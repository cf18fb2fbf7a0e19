"""The organization's app registration, links for admin consent, and checks of many tenants at once. All begin empty."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0037_look_rounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="AppRegistration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.IntegerField(default=0, help_text="Grows with each change by a person.")),
                ("vendor", models.TextField(default="microsoft", help_text="Which vendor: microsoft.")),
                (
                    "tenant_id",
                    models.TextField(
                        help_text="The tenant as it was typed in: its id, or one of its names (a domain)."
                    ),
                ),
                (
                    "directory_id",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="The tenant's own id, whatever name it was typed in by; empty until the vendor has told it.",
                    ),
                ),
                ("client_id", models.TextField(help_text="The id of the app registration that we read the tenant as.")),
                (
                    "cloud",
                    models.TextField(
                        default="global", help_text="Which of the vendor's clouds: global, usgov, dod or china."
                    ),
                ),
                ("login_url", models.TextField(help_text="Origin of the service that gives out tokens.")),
                (
                    "graph_url",
                    models.TextField(help_text="Origin of the service that we read; the token goes nowhere else."),
                ),
                (
                    "ca_file",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Certificates to trust instead of the public ones, as PEM text.",
                    ),
                ),
                (
                    "credential_kind",
                    models.TextField(help_text="What the credential is: secret, certificate, federated or delegated."),
                ),
                (
                    "credential",
                    models.BinaryField(
                        default=b"",
                        help_text="The credential, sealed for this organization and connection; empty until it is saved.",
                    ),
                ),
                (
                    "credential_expires",
                    models.BigIntegerField(
                        help_text="When the vendor stops taking the credential; null when nobody told us.", null=True
                    ),
                ),
                ("created", models.BigIntegerField(help_text="When the connection was added here.")),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="The organization whose tenant this is.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "vendor"), name="one_registration_a_vendor")
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vendor", models.TextField(default="microsoft", help_text="Which vendor: microsoft.")),
                ("customer", models.TextField(help_text="What the organization calls the customer.")),
                (
                    "tenant_id",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="The only tenant that may answer: its id or a domain; empty for any.",
                    ),
                ),
                ("client_id", models.TextField(help_text="The app registration that the link asks consent for.")),
                (
                    "products",
                    models.JSONField(help_text="Keys of the products that are managed then, one application each."),
                ),
                ("tasks", models.JSONField(help_text="Keys of the tasks that are ticked then.")),
                (
                    "tags",
                    models.TextField(blank=True, default="", help_text="Tags of these applications, comma separated."),
                ),
                (
                    "threshold_days",
                    models.IntegerField(default=60, help_text="Days without use after which a seat counts as idle."),
                ),
                ("made", models.BigIntegerField(help_text="When the link was made.")),
                ("made_by", models.TextField(help_text="Who made it.")),
                ("expires", models.BigIntegerField(help_text="Until when it can be answered.")),
                (
                    "status",
                    models.TextField(
                        help_text="waiting for an answer, declined (and may be answered still), consented (a token is awaited), joined, refused or withdrawn."
                    ),
                ),
                (
                    "directory_id",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="The tenant that answered, as its answer says; unproven until it has joined.",
                    ),
                ),
                ("message", models.TextField(blank=True, default="", help_text="What became of it, in words.")),
                (
                    "due",
                    models.BigIntegerField(help_text="When joining is tried next; null when it is not.", null=True),
                ),
                (
                    "answered",
                    models.BigIntegerField(help_text="When an administrator consented; null before that.", null=True),
                ),
                ("tries", models.IntegerField(default=0, help_text="How often joining was tried.")),
                (
                    "connection",
                    models.ForeignKey(
                        help_text="The connection that came of it; null for none.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="store.connection",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="The organization that reads the tenant.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.organization",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["due"], name="consent_link_due")],
            },
        ),
        migrations.CreateModel(
            name="TenantCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "asked",
                    models.BigIntegerField(
                        help_text="When somebody asked for it; the same for all that were asked at once."
                    ),
                ),
                ("asked_by", models.TextField(help_text="Who asked.")),
                (
                    "due",
                    models.BigIntegerField(help_text="When it is checked next; null when it was checked.", null=True),
                ),
                ("checked", models.BigIntegerField(help_text="When it was checked; null before that.", null=True)),
                (
                    "passed",
                    models.BooleanField(
                        help_text="Whether everything needed holds; null before it was checked.", null=True
                    ),
                ),
                (
                    "message",
                    models.TextField(blank=True, default="", help_text="What does not hold and how to mend it."),
                ),
                (
                    "connection",
                    models.OneToOneField(
                        help_text="The connection that is checked.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.connection",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["due"], name="tenant_check_due")],
            },
        ),
    ]
