"""The only code that marks anybody as gone, and only for a read that came to its end.

A read that stopped early looks like a deleted workforce, and so does an answer that gives everybody no licence. What
readers see is therefore compared with what they would see, however the vendor told it; an unusually large loss is held
for a person to confirm.
"""

from __future__ import annotations

from collections.abc import Sequence

from seatkeeper.failpoints import reach
from seatkeeper.model import Key, RunStatus, to_key
from seatkeeper.store import bulk
from seatkeeper.store.models import Application, ReclaimItem, Run, Task
from seatkeeper.sync.checkpoint import ReadInProgress
from seatkeeper.sync.work import CompleteRead

SHARE = 0.05  # of those who are not in an answer
TOLD = 0.3  # of those whom the vendor says are gone, without a seat or blocked: a clean-up takes a fifth of the seats
ALWAYS = 10  # so many may go at once even from a small directory


def allowed_loss(total: int, share: float = SHARE) -> int:
    """How many of so many may be missing at once without anybody asking."""
    return max(ALWAYS, int(total * share))


def stage_removed(connection_id: int, generation: int, removed: Sequence[Key]) -> int:
    """Accounts the vendor itself named as removed; they go when the generation is published."""
    if not removed:
        return 0
    known = bulk.list_current_accounts(connection_id, list(removed), generation)
    bulk.close_accounts([row for row, _since, _account in known.values()], generation)
    return len(known)


def stage_quarantined(connection_id: int, reading: ReadInProgress, named: Sequence[Key | None]) -> None:
    """Whose row could not be understood is there all the same; `named` has None for a row without a usable id."""
    keys = [key for key in named if key is not None]
    reading.unnamed += len(named) - len(keys)
    known = bulk.list_current_accounts(connection_id, keys, reading.generation)
    bulk.mark_seen([row for row, _since, _account in known.values()], reading.enumeration)


def publish(read: CompleteRead, reading: ReadInProgress) -> RunStatus:
    """Retire who was not seen and make the generation the one that readers see, or hold it for confirmation."""
    task, run = read.work.task, read.work.run
    run.generation, run.full = reading.generation, reading.full
    if loss := unusual_loss(task, reading):
        reading.held = True
        run.message = (
            f"{loss}. Nobody was retired, and the roster stays as it was. If that is really so, confirm "
            f"it with `seatkeeper runs confirm {run.pk}`; if not, `seatkeeper runs discard {run.pk}` or run the task "
            "again."
        )
        return RunStatus.HELD
    _retire(task, run, reading)
    return RunStatus.COMPLETE


def publish_confirmed(run: Run, reading: ReadInProgress) -> None:
    """Publish a held generation: its read was complete, and a person said that the loss is real."""
    _retire(run.task, run, reading)


def is_absence_certain(reading: ReadInProgress) -> bool:
    """Whether who was not met may be missing: everybody was read, and every row said whose it is."""
    return reading.full and not reading.unnamed


def too_many_missing(task: Task, reading: ReadInProgress) -> str:
    """What is missing, in words, when it is more than may go at once; else nothing."""
    accounts, holders = bulk.count_missing(task.connection_id, reading.enumeration)
    known, seated = bulk.count_published(task.connection_id, task.generation)
    if accounts <= allowed_loss(known) and holders <= allowed_loss(seated):
        return ""
    return f"{accounts} of {known} accounts, and {holders} of {seated} seat holders,"


def unusual_loss(task: Task, reading: ReadInProgress) -> str:
    """What readers would see no more, in words, when it is more than may go at once; else nothing."""
    if task.generation == 0:
        return ""
    if is_absence_certain(reading) and (missing := too_many_missing(task, reading)):
        return f"{missing} were not in the answer this time"
    applications = Application.objects.filter(connection_id=task.connection_id, active=True)
    products = sorted(set(applications.values_list("product", flat=True)))
    enumeration = reading.enumeration if is_absence_certain(reading) else None
    before = bulk.Published(task.connection_id, task.generation, enumeration, products)
    known, seated = bulk.count_published(task.connection_id, task.generation)
    loss = bulk.count_loss(before)
    holders = loss.holders
    if holders > allowed_loss(seated, TOLD):  # whoever an approved plan takes the seat from is gone as wanted
        items = ReclaimItem.objects.filter(plan__application__connection=task.connection_id, plan__state="approved")
        holders = len(set(bulk.list_lost_holders(before)) - set(map(to_key, items.values_list("object_id", flat=True))))
    if loss.accounts > allowed_loss(known, TOLD) or holders > allowed_loss(seated, TOLD):
        return (
            f"{loss.accounts} of {known} accounts would be gone, and {holders} of {seated} seat holders without a seat"
        )
    if loss.blocked > allowed_loss(seated, TOLD):
        return f"{loss.blocked} of {seated} seat holders were blocked, or are blocked no more"
    return ""


def _retire(task: Task, run: Run, reading: ReadInProgress) -> None:
    if is_absence_certain(reading):
        run.gone += bulk.close_unseen(task.connection_id, reading.generation, reading.enumeration)
    reach("FP:while-retiring")
    bulk.close_seats_of_closed_accounts(task.connection_id, reading.generation)
    task.generation = reading.generation
