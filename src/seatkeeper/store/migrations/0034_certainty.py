"""How sure a finding is, and what it could save as a number, so that the surest and dearest stand first.

Of what is there, both are written by the next refresh; until then they stand by their keys.
"""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0033_sku_lists")]

    operations = [
        migrations.AddField(
            "finding",
            "certainty",
            models.IntegerField(default=0, help_text="1 certain, 2 ask first, 3 possible; 0 of an earlier version."),
        ),
        migrations.AddField(
            "finding",
            "saves",
            models.FloatField(default=0, help_text="What could be saved a year as a number, only to sort by."),
        ),
    ]
