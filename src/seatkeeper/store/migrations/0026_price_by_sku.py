"""A price may name its SKU by id, and so does what was saved: several SKUs may share a part number."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0025_log_since")]

    operations = [
        migrations.RemoveConstraint("price", "one_price_a_day"),
        migrations.RenameField("price", "part_number", "sku"),
        migrations.AlterField(
            "price",
            "sku",
            models.TextField(
                help_text="Its part number; the SKU's id, where several share that or it has none.",
            ),
        ),
        migrations.AddConstraint(
            "price",
            models.UniqueConstraint(fields=["organization", "sku", "valid_from"], name="one_price_a_day"),
        ),
        migrations.AddField(
            "saving",
            "sku",
            models.TextField(default="", help_text="The SKU's id; empty where an earlier version noted none."),
        ),
        migrations.AlterField(
            "application",
            "refresh_wanted_since",
            models.BigIntegerField(
                null=True,
                help_text="When something was changed that its figures do not show yet; null when they show all.",
            ),
        ),
        migrations.AlterField(
            "unlicenseduser",
            "state",
            models.TextField(help_text="open, former holder, other licence or recognized."),
        ),
    ]
