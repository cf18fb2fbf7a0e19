"""The list of employees (HR list): looked at before anything is saved, then replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput
from seatkeeper.services import audit, redrawing, uploads
from seatkeeper.services.applications import list_applications
from seatkeeper.services.employee_lists import LARGEST_FILE, EmployeeList, read_list
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Employee, Organization


def keep_upload(who: Who, data: bytes) -> str:
    """Put the file aside until somebody has looked at it; the name that is given back finds it again."""
    who.require(May.USERS)
    return uploads.keep(who, data, LARGEST_FILE)


def preview(who: Who, name: str, encoding: str = "", mapping: Mapping[str, int] | None = None) -> EmployeeList:
    """What the file would bring, and everything that is wrong in it. Nothing is saved."""
    who.require(May.USERS)
    return read_list(uploads.read(who, name), encoding, mapping)


def import_list(who: Who, name: str, encoding: str = "", mapping: Mapping[str, int] | None = None) -> int:
    """Put the file's people in the place of those there are, without the rows that are wrong; says how many."""
    found = preview(who, name, encoding, mapping)
    if not found.people:
        raise BadInput("file", "Not one row of the file is right, so the list stays as it was.")
    now = system_clock()
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=who.organization_id)  # of two at once, one list is left
        Employee.objects.filter(organization_id=who.organization_id).delete()
        people = (
            Employee(organization_id=who.organization_id, imported=now, **person._asdict())
            for person in found.people.values()
        )
        Employee.objects.bulk_create(people, batch_size=1000)
        left_out = len({wrong.row for wrong in found.wrong})
        audit.record(who, "employees.imported", f"{len(found.people):,} employees", f"{left_out:,} rows left out")
        redrawing.want(who, list_applications(who))
    uploads.forget(who, name)
    return len(found.people)
