"""Tasks and their runs over REST."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field

from seatkeeper.api.access import Called
from seatkeeper.api.listings import NO_FLAG, REFUSALS, offer, to_row, to_row_schema
from seatkeeper.model import to_text
from seatkeeper.services import runs, tasks
from seatkeeper.services.listings import quarantine, queue
from seatkeeper.services.listings import runs as listed

TAG = "Tasks and runs"
router = Router()

TaskKey: Any = Literal[tuple(tasks.list_keys())]
RunOut: Any = to_row_schema(listed.LISTING)


class TaskOut(Schema):
    """A task with how it stands; `due` is null while it is not scheduled."""

    task: str
    title: str
    enabled: bool
    paused: bool
    running: bool
    every_hours: int
    due: str | None
    last_run: int | None


class ScheduleIn(Schema, extra="forbid"):
    """What is to change; what is left out stays as it is."""

    every_hours: Annotated[int, Field(ge=1, le=tasks.MOST_HOURS), NO_FLAG] | None = None
    paused: bool | None = None


class RunIn(Schema, extra="forbid"):
    """`full` reads everybody again, not only what changed."""

    full: bool = False


offer(router, "/applications/{application_id}/quarantine", quarantine.LISTING, quarantine.rows)
offer(router, "/applications/{application_id}/runs", listed.LISTING, listed.rows)
offer(router, "/runs", listed.LISTING, listed.rows, scope="")
offer(router, "/queue", queue.LISTING, queue.rows, scope="")


@router.get("/applications/{application_id}/tasks", response={200: list[TaskOut], **REFUSALS}, summary="Tasks")
def list_tasks(request: Called, application_id: int) -> Any:
    return [
        {
            "task": state.task.key,
            "title": state.title,
            "enabled": state.task.enabled,
            "paused": state.task.paused,
            "running": state.running,
            "every_hours": state.task.every_hours,
            "due": None if state.task.due is None else to_text(state.task.due),
            "last_run": state.run.pk if state.run else None,
        }
        for state in tasks.list_tasks(request.auth, application_id)
    ]


@router.patch(
    "/applications/{application_id}/tasks/{task}", response={204: None, **REFUSALS}, summary="Schedule, pause or resume"
)
def schedule(request: Called, application_id: int, task: TaskKey, new: ScheduleIn) -> Any:
    if new.every_hours is not None:
        tasks.set_schedule(request.auth, application_id, task, new.every_hours)
    if new.paused is not None:
        (tasks.pause if new.paused else tasks.resume)(request.auth, application_id, task)
    return Status(204, None)


@router.post("/applications/{application_id}/tasks/{task}/run", response={202: None, **REFUSALS}, summary="Run now")
def run_now(request: Called, application_id: int, task: TaskKey, asked: RunIn) -> Any:
    tasks.run_now(request.auth, application_id, task, full=asked.full)
    return Status(202, None)


@router.post("/applications/{application_id}/tasks/{task}/stop", response={202: None, **REFUSALS}, summary="Stop a run")
def stop(request: Called, application_id: int, task: TaskKey) -> Any:
    tasks.stop(request.auth, application_id, task)
    return Status(202, None)


@router.get("/runs/{run_id}", response={200: RunOut, **REFUSALS}, summary="A run")
def read_run(request: Called, run_id: int) -> Any:
    return to_row(listed.find(request.auth, run_id), listed.LISTING.columns)


@router.post("/runs/{run_id}/confirm", response={200: RunOut, **REFUSALS}, summary="Confirm a held run")
def confirm_run(request: Called, run_id: int) -> Any:
    runs.confirm_run(request.auth, run_id)
    return read_run(request, run_id)


@router.post("/runs/{run_id}/discard", response={200: RunOut, **REFUSALS}, summary="Discard a held run")
def discard_run(request: Called, run_id: int) -> Any:
    runs.discard_run(request.auth, run_id)
    return read_run(request, run_id)
