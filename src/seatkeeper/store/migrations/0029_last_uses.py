"""One table for whatever tells when an account was last used: what was read of account activity is its first signal."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0028_authorities_as_text")]

    operations = [
        migrations.RemoveConstraint("accountactivity", "one_activity_an_account"),
        migrations.RenameModel("AccountActivity", "LastUse"),
        migrations.AddField(
            "lastuse",
            "signal",
            models.TextField(default="activity", help_text="Key of the task that reads the signal."),
            preserve_default=False,
        ),
        migrations.AddField(
            "lastuse",
            "used",
            models.TextField(
                default="", help_text="What was used, in the vendor's words; empty for anything in the tenant."
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            "lastuse",
            "last",
            models.BigIntegerField(help_text="When that was; where no success is told, the newest try."),
        ),
        migrations.AddConstraint(
            "lastuse",
            models.UniqueConstraint(fields=["connection", "signal", "account", "used"], name="one_last_use_each"),
        ),
    ]
