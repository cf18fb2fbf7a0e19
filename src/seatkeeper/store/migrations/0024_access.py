"""A token that a token made ends with it, and failed tries are counted for all processes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0023_report_by_account")]

    operations = [
        migrations.AddField(
            "apitoken",
            "parent",
            models.ForeignKey(
                "store.apitoken",
                models.CASCADE,
                null=True,
                help_text="The token that made it, and that it ends with; null for a page.",
            ),
        ),
        migrations.CreateModel(
            "Attempt",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.TextField(unique=True, help_text="What was tried, and the SHA-256 of who tried it.")),
                ("count", models.IntegerField(default=0, help_text="Failures since the source was last forgotten.")),
                ("last", models.BigIntegerField(help_text="When it tried last.")),
                ("until", models.BigIntegerField(default=0, help_text="When it may try again; 0 for now.")),
            ],
        ),
    ]
