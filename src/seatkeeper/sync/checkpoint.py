"""Where a roster stands: what is published, and how far the read in progress has come.

It is one JSON text in the task's row, written in the same transaction as the rows it speaks of.
Sign-ins need none: their coverage is the checkpoint.
"""

from __future__ import annotations

import msgspec

from seatkeeper.model import Instant
from seatkeeper.store import bulk
from seatkeeper.store.models import Task


class ReadInProgress(msgspec.Struct):
    """A read whose pages are saved in a generation that nobody sees yet."""

    generation: int
    enumeration: int
    full: bool
    started: Instant
    data_version: str
    link: str | None = None  # a hint: page tokens live minutes
    changes_link: str | None = None  # where the next run may go on, once this one is published
    changes_at: Instant = 0
    read: int = 0
    ended: bool = False  # the last page is saved: all that is left is to publish
    held: bool = False
    first_run: int = 0  # the run that began it
    moved: bool = False  # whether it brought or ended a seat
    unnamed: int = 0  # rows in quarantine that do not even say whose they are: then nobody is missing for certain


class RosterCheckpoint(msgspec.Struct):
    changes_link: str | None = None
    changes_at: Instant = 0
    data_version: str = ""
    accounts: int = 0  # size of the published directory, for the share that is done
    reading: ReadInProgress | None = None
    # By SKU, what the tenant counts as assigned less the seats we know: its normal difference. None until it is noted.
    difference: dict[str, int] | None = None
    source: str = ""  # the addresses that the links were learned from; empty when an earlier version noted none


def load(task: Task) -> RosterCheckpoint:
    """Links that were learned from other addresses than today's are left out: they lead to those."""
    point = msgspec.json.decode(task.checkpoint, type=RosterCheckpoint) if task.checkpoint else RosterCheckpoint()
    connection = task.connection
    source = f"{connection.cloud} {connection.login_url} {connection.graph_url}"
    if point.source not in ("", source):
        point.changes_link = None
        if point.reading is not None:
            point.reading.changes_link = None
            if not point.reading.held:
                point.reading.link, point.reading.ended = None, False  # such a read is not gone on with
    point.source = source
    return point


def save(task: Task, checkpoint: RosterCheckpoint) -> None:
    task.checkpoint = msgspec.json.encode(checkpoint).decode()
    task.save(update_fields=["checkpoint", "generation", "enumeration", "full_read_at"])


def forget_progress(task: Task) -> None:
    """The next read is a full one from its start, whichever run comes to do it."""
    checkpoint = load(task)
    if checkpoint.reading is not None and not checkpoint.reading.held:
        checkpoint.reading.link, checkpoint.reading.ended = None, False  # such a read is not gone on with
    task.full_read_at = None
    save(task, checkpoint)


def conclude(task: Task, checkpoint: RosterCheckpoint, reading: ReadInProgress) -> None:
    """The read was published: the next run goes on from where its changes are told."""
    checkpoint.changes_link, checkpoint.changes_at = reading.changes_link, reading.changes_at
    if reading.full:
        task.full_read_at, checkpoint.data_version = reading.started, reading.data_version
        bulk.resolve_unmet(task.connection_id, task.key, reading.first_run)
    checkpoint.accounts, _holders = bulk.count_published(task.connection_id, task.generation)
    checkpoint.reading = None
    save(task, checkpoint)
