"""A finding about a renewal is known by its subscription, so that what was decided on it stays with it.

Of those that live, which one was meant is told by the day that their advice names. Where that fits none that is left,
the next of its part number is taken, in the order in which they were numbered.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import migrations

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def name_subscriptions(apps: Any, _editor: Any) -> None:
    findings, renewals = apps.get_model("store", "Finding"), apps.get_model("store", "Renewal")
    living = findings.objects.filter(key="renewal", resolved=None).select_related("application")
    left: dict[tuple[int, str], list[Any]] = {}
    for finding in living.order_by("application", "subject"):
        number, _, place = finding.subject.partition(" #")
        if place and not place.isdigit():
            continue
        mine = (finding.application_id, number)
        if mine not in left:
            link = finding.application.connection_id
            rows = renewals.objects.filter(connection=link, part_number=number).exclude(next_lifecycle=None)
            left[mine] = list(rows.order_by("next_lifecycle", "pk"))
        fitting = [row for row in left[mine] if _to_day(row.next_lifecycle) in finding.advice] or left[mine]
        if fitting:
            left[mine].remove(fitting[0])
            finding.subject = f"{number} {fitting[0].subscription}"
            finding.save(update_fields=["subject"])


def _to_day(ticks: int) -> str:
    try:
        return (EPOCH + timedelta(microseconds=ticks // 10)).date().isoformat()
    except OverflowError:
        return "no day"


class Migration(migrations.Migration):
    dependencies = [("store", "0030_known_until")]

    operations = [migrations.RunPython(name_subscriptions, migrations.RunPython.noop)]
