"""A finding that cannot be said for a while keeps its place and what was decided on it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0016_coverage_by_application")]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="returns_to",
            field=models.TextField(
                blank=True,
                default="",
                help_text="While it is unproven: the state it had, and has again once it is found.",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="last_use",
            field=models.BigIntegerField(
                null=True, help_text="Newest use, sure or possible, that was known when it was found last."
            ),
        ),
        migrations.AlterField(
            model_name="finding",
            name="state",
            field=models.TextField(help_text="open, accepted, excepted, unproven or resolved."),
        ),
    ]
