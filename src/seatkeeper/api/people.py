"""Who holds seats, who signs in without one, and who is an employee, over REST."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS, offer, to_moment, to_row, to_row_schema, to_time
from seatkeeper.model import to_text
from seatkeeper.services import coverage
from seatkeeper.services import employees as employee_list
from seatkeeper.services import suspicious as activities
from seatkeeper.services.listings import activity, employees, findings, licenses, person, suspicious, users

TAG = "People and licences"
router = Router()

DAY = 864_000_000_000  # ticks
UserRow: Any = to_row_schema(users.LISTING)
FindingRow: Any = to_row_schema(findings.LISTING)
Moment = Annotated[str, Field(max_length=40, description="ISO 8601 in UTC; null for never")]


class HeldOut(Schema):
    """A plan that was held from one reading to another; `until` is null while it is."""

    plan: str
    kind: str
    since: str | None
    until: str | None
    assigned_by: str


class UseOut(Schema):
    """A sign-in; `direct` is one to the product itself."""

    when: str
    app: str
    direct: bool


class DayOut(Schema):
    """What was used on a day (UTC)."""

    day: str
    sign_ins: int
    people: int
    possible: int


class PartOut(Schema):
    """The newest use of what a signal tells apart."""

    used: str
    last: str


class SignalOut(Schema):
    """What one signal says of the use: the newest it saw, up to when it knows, and what can follow from it."""

    key: str
    title: str
    last: str | None
    until: str | None
    proves: str
    parts: list[PartOut]


class PersonOut(Schema):
    """All that is known of a person; `why` says in sentences what the verdict stands on. Reading it is audited."""

    object_id: str
    user_id: str
    seat_holder: UserRow | None
    holding: Annotated[UserRow | None, Field(deprecated=True, description="Use seat_holder")]
    timeline: list[HeldOut]
    signals: list[SignalOut]
    sign_ins: list[UseOut]
    findings: list[FindingRow]
    why: list[str]


class StretchOut(Schema):
    """A stretch of time for which sign-ins are complete, provisional, lost or not yet read."""

    start: str
    end: str
    state: str


class RecognitionIn(Schema, extra="forbid"):
    """Why somebody may use the application without being on its roster, and until when."""

    reason: Annotated[str, Field(max_length=500)]
    until: Moment | None = None


class ImportedOut(Schema):
    """How many people are on the list now, and how many rows of the file are not."""

    employees: int
    left_out: int


offer(router, "/applications/{application_id}/users", users.LISTING, users.rows)
offer(router, "/applications/{application_id}/licenses", licenses.LISTING, licenses.rows)
offer(router, "/applications/{application_id}/suspicious", suspicious.LISTING, suspicious.rows)
offer(router, "/suspicious", suspicious.LISTING, suspicious.rows, scope="")
offer(router, "/employees", employees.LISTING, employees.rows, scope="")


@router.get("/applications/{application_id}/users/{object_id}", response={200: PersonOut, **REFUSALS}, summary="Person")
def read_person(request: Called, application_id: int, object_id: str) -> Any:
    found = person.read(request.auth, application_id, object_id)
    holder = to_row(found.holder, users.LISTING.columns) if found.holder else None
    return {
        "object_id": found.object_id,
        "user_id": found.user_id,
        "seat_holder": holder,
        "holding": holder,
        "timeline": [
            {**held._asdict(), "since": to_time(held.since), "until": to_time(held.until)} for held in found.timeline
        ],
        "signals": [
            {
                "key": s.key,
                "title": s.title,
                "last": to_time(s.last),
                "until": to_time(s.until),
                "proves": s.proves,
                "parts": [{"used": part.used, "last": to_text(part.last)} for part in s.parts],
            }
            for s in found.signals
        ],
        "sign_ins": [{**use._asdict(), "when": to_text(use.when)} for use in found.sign_ins],
        "findings": [to_row(finding, findings.LISTING.columns) for finding in found.findings],
        "why": list(found.why),
    }


@router.get("/applications/{application_id}/activity", response={200: list[DayOut], **REFUSALS}, summary="Use by day")
def read_activity(request: Called, application_id: int) -> Any:
    days = activity.list_days(request.auth, application_id)
    return [{**use._asdict(), "day": to_text(use.day * DAY)[:10]} for use in days]


@router.get("/applications/{application_id}/coverage", response={200: list[StretchOut], **REFUSALS}, summary="Coverage")
def read_coverage(request: Called, application_id: int) -> Any:
    stretches = coverage.sign_in_coverage(request.auth, application_id).stretches
    return [{"start": to_text(start), "end": to_text(end), "state": state} for start, end, state in stretches]


@router.put(
    "/applications/{application_id}/suspicious/{object_id}/recognition",
    response={204: None, **REFUSALS},
    summary="Mark an activity as recognized",
)
def recognize(request: Called, application_id: int, object_id: str, said: RecognitionIn) -> Any:
    until = None if said.until is None else to_moment("until", said.until)
    activities.recognize(request.auth, application_id, object_id, said.reason, until)
    return Status(204, None)


@router.delete(
    "/applications/{application_id}/suspicious/{object_id}/recognition",
    response={204: None, **REFUSALS},
    summary="Withdraw a recognition",
)
def unrecognize(request: Called, application_id: int, object_id: str) -> Any:
    activities.unrecognize(request.auth, application_id, object_id)
    return Status(204, None)


@router.post("/employees", response={200: ImportedOut, **REFUSALS}, summary="Import the list of employees")
def import_employees(request: Called, file: Annotated[UploadedFile, File()]) -> Any:
    """A CSV or XLSX whose columns are guessed by their names; its right rows replace the current list."""
    kept = employee_list.keep_upload(request.auth, file.read())
    found = employee_list.import_list(request.auth, kept)
    return {"employees": len(found.people), "left_out": len({wrong.row for wrong in found.wrong})}
