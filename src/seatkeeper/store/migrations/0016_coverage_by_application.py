"""Each reading names the applications that it asked for, where it named a digest of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

# What every version before this one asked for: the applications of Microsoft Project, the only product there was.
PROJECT = (
    "00000003-0000-0ff1-ce00-000000000000",
    "09abbdfd-ed23-44ee-a2d9-a627aa1c90f3",
    "5c8081f1-46af-4077-a0e2-b12ad052a0cb",
    "66375f6b-983f-4c2c-9701-d680650f588f",
    "75f31797-37c9-498e-8dc9-53c16a36afca",
    "9ac8c0b3-2c30-497c-b4bc-cadfe9bd6eed",
    "d3590ed6-52b3-4102-aeff-aad2292ab01c",
    "f53895d3-095d-408f-8e93-8f94b391404e",
)
STREAM = "v1.0 interactive "  # begins the name of a question; the digest of its applications follows
MANY = 14  # applications whose subsets are still few enough to try them all


def name_applications(apps: Any, _editor: Any) -> None:
    """Give each reading the set of applications whose digest it names.

    What data of one's own may have asked for is found among the applications that sign-ins were kept of: a digest that
    fits is certain. Where none does, the set is empty: such readings stay, and prove nothing.
    """
    coverage, sets = apps.get_model("store", "Coverage"), apps.get_model("store", "ApplicationSet")
    seen = sorted(apps.get_model("store", "SignInApp").objects.values_list("guid", flat=True))
    for stream in list(coverage.objects.order_by().values_list("stream", flat=True).distinct()):
        asked = next((some for some in _guesses(seen) if STREAM + _digest(some) == stream), [])
        members = json.dumps([[app, "interactive", "client"] for app in asked], separators=(",", ":"))
        digest = hashlib.blake2b(members.encode(), digest_size=16).hexdigest()
        found, _made = sets.objects.get_or_create(digest=digest, defaults={"members": members})
        coverage.objects.filter(stream=stream).update(asked=found)


def _guesses(seen: Sequence[str]) -> Iterator[list[str]]:
    yield list(PROJECT)
    for number in range(len(seen) + 1 if len(seen) <= MANY else 0):
        for some in combinations(seen, number):
            yield list(some)
            yield sorted({*PROJECT, *some})


def _digest(asked: list[str]) -> str:
    return hashlib.blake2b(repr(asked).encode(), digest_size=8).hexdigest()


class Migration(migrations.Migration):
    dependencies = [("store", "0015_words")]

    operations = [
        migrations.CreateModel(
            name="ApplicationSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "digest",
                    models.TextField(
                        help_text="Short name of the members: the set may be too long for an index.", unique=True
                    ),
                ),
                (
                    "members",
                    models.TextField(
                        help_text="The applications as JSON, sorted: each a list of its id, the kind of sign-in and "
                        "the side of it."
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="coverage",
            name="asked",
            field=models.ForeignKey(
                db_index=False,
                help_text="The applications whose sign-ins were asked for.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="store.applicationset",
            ),
        ),
        migrations.RunPython(name_applications),
        migrations.AlterField(
            model_name="coverage",
            name="asked",
            field=models.ForeignKey(
                db_index=False,
                help_text="The applications whose sign-ins were asked for.",
                on_delete=django.db.models.deletion.PROTECT,
                to="store.applicationset",
            ),
        ),
        migrations.RemoveIndex(model_name="coverage", name="coverage_in_order"),
        migrations.RemoveField(model_name="coverage", name="stream"),
        migrations.AddIndex(
            model_name="coverage", index=models.Index(fields=["connection", "start"], name="coverage_in_order")
        ),
    ]
