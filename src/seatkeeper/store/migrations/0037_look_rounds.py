"""When a tenant that somebody looked round in is forgotten; null for every one that is read regularly."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0036_account_facts")]

    operations = [
        migrations.AddField(
            "connection",
            "forget_at",
            models.BigIntegerField(
                null=True, help_text="When all of it is deleted unless somebody keeps it; null when it is kept."
            ),
        ),
        migrations.AlterField(
            "connection",
            "credential_kind",
            models.TextField(help_text="What the credential is: secret, certificate, federated or delegated."),
        ),
    ]
