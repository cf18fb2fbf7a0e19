"""What each signal says of a seat holder is kept with its row; the next refresh fills it in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0019_versions")]

    operations = [
        migrations.AddField(
            "seatholder",
            "signals",
            models.JSONField(
                default=dict,
                help_text="What each signal says, by its key: the newest use (last), and up to when it knows.",
            ),
        ),
    ]
