"""Rows of an uploaded activity report are joined to the directory's id, so that a later rename loses nothing.

Those that are there are joined by the roster that is shown: by their names, as until now.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def join_to_accounts(apps: Any, _editor: Any) -> None:
    activities, holders = apps.get_model("store", "ProductActivity"), apps.get_model("store", "SeatHolder")
    for application in activities.objects.values_list("application", flat=True).distinct().order_by("application"):
        named = holders.objects.filter(application=application).values_list("user_id", "account")
        accounts = {name.casefold(): bytes(key) for name, key in named.iterator(2000)}
        joined = []
        for row in activities.objects.filter(application=application).iterator(2000):
            row.account = accounts.get(row.user_id)
            joined.append(row)
        activities.objects.bulk_update(joined, ["account"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("store", "0022_last_activity")]

    operations = [
        migrations.AddField(
            "productactivity",
            "account",
            models.BinaryField(
                help_text="Key of the account that had the name when it was uploaded; null for none on the roster.",
                null=True,
            ),
        ),
        migrations.AlterField(
            "connection",
            "ca_file",
            models.TextField(
                blank=True,
                default="",
                help_text="Certificates to trust instead of the public ones, as PEM text (once: their file's path).",
            ),
        ),
        migrations.RunPython(join_to_accounts, migrations.RunPython.noop),
    ]
