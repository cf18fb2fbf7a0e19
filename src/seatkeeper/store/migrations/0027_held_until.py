"""Who used a product without a seat is told when the last one was gone; the next refresh fills it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0026_price_by_sku")]

    operations = [
        migrations.AddField(
            "unlicenseduser",
            "held_until",
            models.BigIntegerField(null=True, help_text="When their last seat was gone; null where none was known."),
        ),
    ]
