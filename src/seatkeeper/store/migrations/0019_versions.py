"""What people edit has a version, so that of two who edit at once the second is told."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0018_tenant_identity")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="version",
            field=models.IntegerField(default=0, help_text="Grows with each change by a person."),
        )
        for model in ("application", "connection")
    ]
