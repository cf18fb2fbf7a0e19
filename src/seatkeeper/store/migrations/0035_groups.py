"""Names of the groups that give licences, and by which of them a seat is given: written by the next refresh."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0034_certainty"),
    ]

    operations = [
        migrations.AddField(
            model_name="reclaimitem",
            name="groups",
            field=models.TextField(default="", help_text="Titles of the groups that give it, separated by semicolons."),
        ),
        migrations.AddField(
            model_name="seatholder",
            name="group_ids",
            field=models.TextField(default="", help_text="Ids of these groups, each between spaces."),
        ),
        migrations.AddField(
            model_name="seatholder",
            name="groups",
            field=models.TextField(
                default="", help_text="Titles of the groups that give them, separated by semicolons."
            ),
        ),
        migrations.CreateModel(
            name="LicenseGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.BinaryField(help_text="Key of the group.")),
                ("name", models.TextField(help_text="Its name; empty when the vendor told none.")),
                ("deleted", models.BooleanField(help_text="Whether the vendor did not know it any more.")),
                ("read_at", models.BigIntegerField(help_text="When it was read.")),
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
                "constraints": [models.UniqueConstraint(fields=("connection", "key"), name="one_row_a_group")],
            },
        ),
    ]
