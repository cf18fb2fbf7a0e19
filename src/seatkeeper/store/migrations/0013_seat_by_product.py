from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0012_undrawn"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="seat",
            index=models.Index(
                fields=["connection", "product", "account", "sku", "since", "until", "kind"], name="seat_by_product"
            ),
        ),
    ]
