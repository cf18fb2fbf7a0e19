import django.db.models.deletion
from django.db import migrations, models

# What was read before there was a count is to be counted.
UNCOUNTED = """
INSERT INTO store_uncountedday (connection_id, day)
SELECT DISTINCT connection_id, created / 864000000000 FROM store_signin
"""


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0007_asked"),
    ]

    operations = [
        migrations.CreateModel(
            name="UncountedDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "connection_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.IntegerField(help_text="Days since 1970-01-01.")),
                (
                    "connection",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The connection that these rows were read with.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="store.connection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProductDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "connection_id", "product", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("product", models.TextField(help_text="Key of the product.")),
                ("day", models.IntegerField(help_text="Days since 1970-01-01.")),
                ("sign_ins", models.IntegerField(help_text="Successes at the product itself.")),
                ("people", models.IntegerField(help_text="Accounts that they were of.")),
                ("possible", models.IntegerField(help_text="Successes at applications that several products share.")),
                (
                    "connection",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The connection that these rows were read with.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="store.connection",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="useday",
            name="oldest",
            field=models.BigIntegerField(default=0, help_text="The oldest of them."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="standing",
            name="coverage",
            field=models.BigIntegerField(
                default=0, help_text="Number of the newest reading of sign-ins that it shows."
            ),
        ),
        migrations.AddField(
            model_name="standing",
            name="digest",
            field=models.TextField(default="", help_text="Short name of all it was drawn from."),
        ),
        migrations.AddField(
            model_name="standing",
            name="licenses",
            field=models.IntegerField(default=0, help_text="The generation of the licences that it shows."),
        ),
        migrations.RemoveIndex(model_name="holding", name="holding_by_status"),
        migrations.RunSQL(UNCOUNTED, migrations.RunSQL.noop),
    ]
