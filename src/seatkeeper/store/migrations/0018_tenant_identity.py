"""The tenant's own id beside the name that it was typed in by; what was typed as a GUID is that id."""

from __future__ import annotations

import re

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    for connection in apps.get_model("store", "Connection").objects.only("tenant_id"):
        if GUID.fullmatch(connection.tenant_id):
            connection.directory_id = connection.tenant_id
            connection.save(update_fields=["directory_id"])


class Migration(migrations.Migration):
    dependencies = [("store", "0017_unproven_findings")]

    operations = [
        migrations.AlterField(
            model_name="connection",
            name="tenant_id",
            field=models.TextField(help_text="The tenant as it was typed in: its id, or one of its names (a domain)."),
        ),
        migrations.AddField(
            model_name="connection",
            name="directory_id",
            field=models.TextField(
                blank=True,
                default="",
                help_text="The tenant's own id, whatever name it was typed in by; empty until the vendor has told it.",
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="duplicate_of",
            field=models.ForeignKey(
                help_text="The connection that reads the same tenant; null for none.",
                null=True,
                on_delete=models.SET_NULL,
                to="store.connection",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                condition=~models.Q(directory_id=""),
                fields=("organization", "vendor", "directory_id"),
                name="one_connection_a_directory",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
