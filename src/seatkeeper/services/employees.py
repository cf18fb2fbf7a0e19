"""The list of employees (HR list): previewed before anything is saved, then replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput
from seatkeeper.services import audit, refreshes, uploads
from seatkeeper.services.applications import list_applications
from seatkeeper.services.listings import employees as listed
from seatkeeper.services.listings.base import Question
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Employee, Organization
from seatkeeper.tabular.employee_lists import FIELDS, HEAD, TITLES, EmployeeList, to_list
from seatkeeper.tabular.sheets import ENCODINGS, read_lines
from seatkeeper.tabular.sheets import LARGEST as LARGEST_FILE
from seatkeeper.tabular.tables import Table

__all__ = ["ENCODINGS", "FIELDS", "LARGEST_FILE", "TITLES"]


def keep_upload(who: Who, data: bytes) -> str:
    """Keep the file for the preview; the returned name finds it again."""
    who.require(May.USERS)
    return uploads.keep(who, data, LARGEST_FILE)


def preview(who: Who, name: str, encoding: str = "", mapping: Mapping[str, int] | None = None) -> EmployeeList:
    """What the file would import, and everything that is wrong in it. Nothing is saved."""
    who.require(May.USERS)
    return read_list(who, uploads.read(who, name), "The file", encoding, mapping)


def read_list(
    who: Who, body: bytes, name: str, encoding: str = "", mapping: Mapping[str, int] | None = None
) -> EmployeeList:
    """The same of a file that was not kept."""
    who.require(May.USERS)
    return to_list(read_lines(body, name, encoding), mapping)


def import_list(who: Who, name: str, encoding: str = "", mapping: Mapping[str, int] | None = None) -> EmployeeList:
    """Replace the list with the people of a file that was kept; see `save`."""
    found = preview(who, name, encoding, mapping)
    save(who, found)
    uploads.forget(who, name)
    return found


def save(who: Who, found: EmployeeList) -> None:
    """Replace the list with the people that were read, without the rows that are wrong."""
    who.require(May.USERS)
    if unclear := next((wrong for wrong in found.wrong if wrong.row == HEAD), None):
        raise BadInput("file", f"{unclear.field}: {unclear.message} The list stays as it was.")
    if not found.people:
        raise BadInput("file", "Not one row of the file is right, so the list stays as it was.")
    now = system_clock()
    with transaction.atomic():
        Organization.objects.of(who).select_for_update().get()  # of two at once, one list is left
        Employee.objects.of(who).delete()
        people = (
            Employee(organization_id=who.organization_id, imported=now, **person._asdict())
            for person in found.people.values()
        )
        Employee.objects.bulk_create(people, batch_size=1000)
        left_out = len({wrong.row for wrong in found.wrong})
        audit.record(who, "employees.imported", f"{len(found.people):,} employees", f"{left_out:,} rows left out")
        refreshes.request(who, list_applications(who))


def export(who: Who) -> Table:
    """The whole list with all its columns."""
    return listed.LISTING.export(listed.rows(who), Question())
