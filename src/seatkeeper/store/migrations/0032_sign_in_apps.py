"""A sign-in is to an application and to what it reached; its name stands where the application's id did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0031_renewals_by_subscription")]

    operations = [
        migrations.AlterField(
            "signinapp",
            "guid",
            models.TextField(
                help_text="The vendor's id of the client application, or the name of an AppUse.", unique=True
            ),
        ),
        migrations.AlterField(
            "seatholder",
            "last_activity",
            models.BigIntegerField(help_text="The newest use that any signal shows, be it possible only.", null=True),
        ),
    ]
