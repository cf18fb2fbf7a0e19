from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0006_insight"),
    ]

    operations = [
        migrations.AddField(
            model_name="task",
            name="asked_by",
            field=models.TextField(blank=True, default="", help_text="Who wants it run now; empty for nobody."),
        ),
        migrations.AddField(
            model_name="task",
            name="asked_full",
            field=models.BooleanField(default=False, help_text="Whether that run shall read everybody again."),
        ),
    ]
