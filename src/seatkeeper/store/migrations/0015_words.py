"""Tables and columns take the field's own words; no row changes."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0014_newest_use")]

    operations = [
        migrations.RenameModel("Holding", "SeatHolder"),
        migrations.RenameModel("Stranger", "UnlicensedUser"),
        migrations.RenameModel("Standing", "DailySummary"),
        migrations.RenameModel("Exemption", "FindingException"),
        migrations.RenameField("run", "word", "status"),
        migrations.RenameField("application", "undrawn_since", "refresh_wanted_since"),
        migrations.RenameField("dailysummary", "drawn", "refreshed"),
        # A constraint's fields are not renamed with the column.
        migrations.RemoveConstraint("notice", "one_open_notice_a_cause"),
        migrations.RenameField("notice", "cause", "condition"),
        migrations.RenameField("noticetarget", "causes", "conditions"),
        migrations.AlterField(
            model_name="dailysummary",
            name="digest",
            field=models.TextField(default="", help_text="Short name of all that it was computed from."),
        ),
        migrations.AlterField(
            model_name="dailysummary",
            name="refreshed",
            field=models.BigIntegerField(help_text="When it was refreshed last."),
        ),
        migrations.AlterField(
            model_name="notice",
            name="closed",
            field=models.BigIntegerField(help_text="When the condition was gone; null while it is not.", null=True),
        ),
        migrations.AlterField(
            model_name="notice",
            name="condition",
            field=models.TextField(help_text="What it is about, as a key such as run-failed:3:roster."),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.TextField(
                help_text="Kind of the condition: run-failed, zero-rows, quarantine, gap and others."
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="opened",
            field=models.BigIntegerField(help_text="When the condition was first seen."),
        ),
        migrations.AlterField(
            model_name="noticetarget",
            name="conditions",
            field=models.TextField(
                blank=True, default="", help_text="Kinds of condition it wants, comma separated; empty for all."
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed", None)),
                fields=("organization", "condition"),
                name="one_open_notice_a_cause",
            ),
        ),
    ]
