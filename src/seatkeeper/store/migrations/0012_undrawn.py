from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0011_account_activity"),
    ]

    operations = [
        migrations.AddField(
            model_name="application",
            name="undrawn_since",
            field=models.BigIntegerField(
                null=True,
                help_text="When something was changed that its drawing does not show yet; null when it shows all.",
            ),
        ),
    ]
