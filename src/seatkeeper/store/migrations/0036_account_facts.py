"""What signals tell of accounts besides their use, such as whose mailbox it is: nothing is known before it is read.

The audit log is searched anew as far back as it goes: what was found before does not tell a look from all else.
"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def search_again(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    tasks = apps.get_model("store", "Task").objects.filter(key="audit-events")
    tasks.update(checkpoint=None, full_read_at=None)


class Migration(migrations.Migration):
    dependencies = [("store", "0035_groups")]

    operations = [
        migrations.CreateModel(
            name="AccountFact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("signal", models.TextField(help_text="Key of the task that reads the signal.")),
                ("account", models.BinaryField(help_text="Key of the account.")),
                ("name", models.TextField(help_text="What is told: the name of a Fact.")),
                ("value", models.TextField(help_text="What it is, as text.")),
                (
                    "read_at",
                    models.BigIntegerField(help_text="When the run began that was told so, by the vendor's clock."),
                ),
                (
                    "until",
                    models.BigIntegerField(
                        help_text="Up to when the vendor knew, where its answer said so.", null=True
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Whose tenant.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.connection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "signal", "account", "name"), name="one_fact_each")
                ],
            },
        ),
        migrations.RunPython(search_again, migrations.RunPython.noop),
    ]
