"""What somebody should know of the machine: told to the first organization, whose operator it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Min

from seatkeeper.clock import hours
from seatkeeper.model import Instant
from seatkeeper.notices.kinds import Condition, day_of
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.measures import look_at_disk
from seatkeeper.store.models import Backup, Organization


def find_full_disk(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """Told to the first organization, the operator's: it concerns the machine, not whose tenants are read."""
    disk, least = look_at_disk(), SEATKEEPER.operation.disk_warning
    if disk.free < least and organization_id == Organization.objects.order_by("pk").values_list("pk", flat=True)[0]:
        title = "The disk of Seatkeeper is almost full"
        body = (
            f"The disk of {disk.folder} has less than {least / 1e9:,.1f} GB left (SEATKEEPER_DISK_WARNING). Make room: "
            "when it is full, runs stop at the page that no longer fits, and go on once there is room."
        )
        yield Condition("disk", "disk", title, body)


def find_missing_backups(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Of the backups that are made by themselves; told to the first organization, whose the machine is."""
    plan, first = SEATKEEPER.backups, Organization.objects.order_by("pk").values_list("pk", flat=True).first()
    if plan is None or organization_id != first:
        return
    rows = Backup.objects.filter(scheduled=True).order_by("-started")
    made = rows.filter(ended__isnull=False, trouble="").first()
    failed = rows.filter(started__gt=made.started if made else 0).exclude(trouble="").first()
    old = now - (made.started if made else rows.aggregate(first=Min("started"))["first"] or now) > hours(2 * plan.every)
    if failed is None and not old:
        return
    since = f"The last one that was made and read back is of {day_of(made.started)}." if made else "There is none yet."
    why = f"{failed.trouble} " if failed else ""
    body = f"{why}{since} Older ones are kept. `seatkeeper backups` lists them; SEATKEEPER_BACKUP_FOLDER is the folder."
    yield Condition("backup", "backup", "The last backup failed" if failed else "The last backup is too old", body)
