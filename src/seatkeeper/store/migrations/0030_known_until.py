"""A signal may say itself up to when it knows: a usage report is days behind when it is read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0029_last_uses")]

    operations = [
        migrations.AddField(
            "lastuse",
            "until",
            models.BigIntegerField(help_text="Up to when the vendor knew, where its answer said so.", null=True),
        ),
        migrations.AlterField(
            "lastuse",
            "used",
            models.TextField(
                help_text="What was used, in the vendor's words; empty for anything that the signal is about."
            ),
        ),
    ]
