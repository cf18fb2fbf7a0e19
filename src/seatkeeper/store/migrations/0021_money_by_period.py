"""Money is kept as amounts by currency, a year, instead of as text of which every reader had to know the period."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.db import migrations, models

from seatkeeper.amounts import Money
from seatkeeper.store.models.fields import MoneyField

# Model, column, and by what its text is multiplied to be a year's.
KEPT_AS_TEXT = (
    ("DailySummary", "annual_cost", 1),
    ("DailySummary", "idle_cost", 12),
    ("DailySummary", "potential", 12),
    ("DailySummary", "saved", 12),
    ("SeatHolder", "monthly_cost", 12),
    ("Finding", "monthly_cost", 12),
    ("ReclaimItem", "monthly_cost", 12),
)


def convert(apps: Any, _schema: Any) -> None:
    """Few different texts stand in many rows."""
    for name, column, factor in KEPT_AS_TEXT:
        rows = apps.get_model("store", name).objects
        for text in rows.exclude(**{column: ""}).values_list(column, flat=True).distinct().order_by():
            rows.filter(**{column: text}).update(**{column: to_json(text, factor)})


def to_json(text: str, factor: int) -> str:
    """ "1,250.00 EUR + 55.00 USD" of a year or a month as a year's amounts."""
    parts = (part.rsplit(" ", 1) for part in text.split(" + "))
    return json.dumps({c: f"{(Decimal(a.replace(',', '')) * factor).normalize():f}" for a, c in parts})


class Migration(migrations.Migration):
    dependencies = [("store", "0020_signals")]

    operations = [
        migrations.RunPython(convert, migrations.RunPython.noop),
        migrations.RenameField("dailysummary", "annual_cost", "bought_cost"),
        migrations.RenameField("dailysummary", "potential", "could_save"),
        migrations.RenameField("seatholder", "monthly_cost", "cost"),
        migrations.RenameField("finding", "monthly_cost", "cost"),
        migrations.RenameField("reclaimitem", "monthly_cost", "cost"),
        migrations.AlterField(
            "dailysummary", "bought_cost", MoneyField(default=Money, help_text="What the seats bought cost.")
        ),
        migrations.AlterField(
            "dailysummary", "could_save", MoneyField(default=Money, help_text="What findings could save.")
        ),
        migrations.AlterField(
            "dailysummary", "idle_cost", MoneyField(default=Money, help_text="What the idle ones of them cost.")
        ),
        migrations.AlterField(
            "dailysummary", "saved", MoneyField(default=Money, help_text="What was given back so far.")
        ),
        migrations.AlterField(
            "finding", "cost", MoneyField(default=Money, help_text="What the seats cost that it is about.")
        ),
        migrations.AlterField(
            "reclaimitem",
            "cost",
            MoneyField(default=Money, help_text="What the seat costs; of one that is gone, what it cost that day."),
        ),
        migrations.AlterField(
            "seatholder", "cost", MoneyField(default=Money, help_text="What the person's seats cost.")
        ),
        migrations.AddField("finding", "could_save", MoneyField(default=Money, help_text="What they cost.")),
        migrations.AddField(
            "finding",
            "frees",
            models.TextField(default="", help_text="Ids of the SKUs of which following it gives a seat back."),
        ),
        migrations.AddField(
            "finding",
            "seats",
            models.IntegerField(default=0, help_text="How many seats that are; each is at its surest finding only."),
        ),
        migrations.AddField(
            "seatholder",
            "idle_skus",
            models.TextField(default="", help_text="Ids of those of the SKUs whose seat is idle, with spaces."),
        ),
        migrations.AlterField(
            "dailysummary",
            "skus",
            models.TextField(help_text="The same counts for each SKU, with the parts of its seats, as JSON."),
        ),
    ]
