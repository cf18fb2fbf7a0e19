from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0003_late_arrivals"),
    ]

    operations = [
        migrations.AddField(
            model_name="quarantine",
            name="tried_with",
            field=models.TextField(
                default="", help_text="The program's version and product data that failed to understand it last."
            ),
        ),
        migrations.AlterField(
            model_name="quarantine",
            name="resolved",
            field=models.BooleanField(
                default=False, help_text="Whether it was dealt with: understood since, or the vendor sends it no more."
            ),
        ),
    ]
