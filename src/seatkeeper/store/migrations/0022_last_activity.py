"""Seat holders have their last activity in one column; the next refresh, which this version asks for, fills it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0021_money_by_period")]

    operations = [
        migrations.AddField(
            "seatholder",
            "last_activity",
            models.BigIntegerField(help_text="The newest of these four.", null=True),
        ),
        migrations.AddField(
            "dailysummary",
            "signals",
            models.TextField(default="", help_text="Which uploaded report and account activity it shows."),
        ),
    ]
