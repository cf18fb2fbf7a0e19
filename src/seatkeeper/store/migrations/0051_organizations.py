"""A member may belong to several organizations, an organization may be archived, and operators run the installation.

Whoever was deactivated stays so: it is said of the membership now, because the sign-in may open others.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations, models


def deactivate(apps: Any, _editor: Any) -> None:
    apps.get_model("store", "Membership").objects.filter(member__is_active=False).update(active=False)


class Migration(migrations.Migration):
    dependencies = [("store", "0050_queue_engine"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            "Operator",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created", models.BigIntegerField(help_text="When the member became an operator.")),
                (
                    "member",
                    models.OneToOneField(
                        settings.AUTH_USER_MODEL, models.CASCADE, related_name="operator", help_text="Who it is."
                    ),
                ),
            ],
        ),
        migrations.AddField(
            "organization",
            "archived",
            models.BigIntegerField(
                null=True,
                help_text="When it was archived: since then nothing is read, and nobody gets in; null for never.",
            ),
        ),
        migrations.AddField(
            "apitoken",
            "operates",
            models.BooleanField(
                default=False,
                help_text="Whether it may also do what its member may as an operator of the installation.",
            ),
        ),
        migrations.AlterField(
            "auditevent",
            "organization",
            models.ForeignKey(
                "store.organization",
                models.CASCADE,
                null=True,
                help_text="Where it was done; null for the installation as a whole.",
            ),
        ),
        migrations.AlterField(
            "membership", "created", models.BigIntegerField(help_text="When the member was invited.")
        ),
        migrations.AlterField(
            "membership",
            "member",
            models.ForeignKey(
                settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", help_text="Who it is."
            ),
        ),
        migrations.AddField(
            "membership",
            "invited",
            models.BooleanField(default=False, help_text="Whether the invitation was not accepted yet."),
        ),
        migrations.AddField(
            "membership",
            "active",
            models.BooleanField(default=True, help_text="Whether it opens the organization; else it is deactivated."),
        ),
        migrations.AddConstraint(
            "membership",
            models.UniqueConstraint(fields=["member", "organization"], name="one_membership_a_member"),
        ),
        migrations.RunPython(deactivate, migrations.RunPython.noop),
    ]
