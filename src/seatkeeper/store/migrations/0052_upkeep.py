"""Backups by themselves, the keys that processes know, and up to when sign-ins were pruned."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0051_organizations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Backup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.TextField(help_text="Where it was written.")),
                (
                    "scheduled",
                    models.BooleanField(help_text="Whether it was made by itself, and is removed by itself."),
                ),
                ("started", models.BigIntegerField(help_text="When it was begun.")),
                (
                    "ended",
                    models.BigIntegerField(
                        help_text="When it was written and read back; null while it is not.", null=True
                    ),
                ),
                ("size", models.BigIntegerField(default=0, help_text="Bytes of the file; 0 while there is none.")),
                (
                    "trouble",
                    models.TextField(
                        blank=True, default="", help_text="Why there is none; empty when nothing is wrong."
                    ),
                ),
                ("removed", models.BooleanField(default=False, help_text="Whether it was too old to be kept.")),
            ],
        ),
        migrations.CreateModel(
            name="ProcessKeys",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("process", models.TextField(help_text="The process (machine, process, start).", unique=True)),
                (
                    "keys",
                    models.TextField(
                        help_text="Ids of the keys, the one that it seals with first, separated by spaces."
                    ),
                ),
                ("seen", models.BigIntegerField(help_text="When the process last said so.")),
            ],
            options={
                "verbose_name_plural": "keys of processes",
            },
        ),
        migrations.AddField(
            model_name="connection",
            name="pruned_until",
            field=models.BigIntegerField(
                help_text="Up to when sign-ins are kept as counts by day only, as the retention says; null for none yet.",
                null=True,
            ),
        ),
    ]
