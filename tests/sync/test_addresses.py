"""What was learned from an address goes with the address."""

from __future__ import annotations

import pytest

from seatkeeper.model import RunStatus
from seatkeeper.store.models import Connection, Task
from seatkeeper.sync import checkpoint
from seatkeeper.sync.checkpoint import ReadInProgress, RosterCheckpoint
from tests.people import open_tenant

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize(
    "change",
    [{"login_url": "https://a.example"}, {"graph_url": "https://a.example"}, {"cloud": "usgov"}],
)
def test_links_that_were_kept_are_dropped_with_the_address_they_came_from(change: dict[str, str]) -> None:
    with open_tenant() as tenant:
        tenant.sync("roster")
        task = Task.objects.get(key="roster")
        point = checkpoint.load(task)
        assert point.changes_link
        point.reading = ReadInProgress(2, 2, True, 0, "", link="https://old.example/next", changes_link="x", ended=True)
        checkpoint.save(task, point)
        Connection.objects.update(**change)
        moved = checkpoint.load(Task.objects.get(key="roster"))
        assert moved.changes_link is None
        assert moved.reading is not None
        assert (moved.reading.link, moved.reading.changes_link, moved.reading.ended) == (None, None, False)


def test_links_of_an_earlier_version_are_kept() -> None:
    with open_tenant():
        task = Task.objects.get(key="roster")
        checkpoint.save(task, RosterCheckpoint(changes_link="https://graph.example/delta"))
        assert checkpoint.load(task).changes_link


def test_after_its_address_was_edited_a_tenant_is_read_in_full_and_then_by_changes_again() -> None:
    with open_tenant() as tenant:
        tenant.sync("roster")
        task = Task.objects.get(key="roster")
        point = checkpoint.load(task)
        point.source, point.changes_link = "global https://old.example https://old.example", "https://old.example/delta"
        checkpoint.save(task, point)
        read = [tenant.sync("roster")[0].run for _ in range(2)]
        assert [(run and run.status, run and run.full) for run in read] == [
            (RunStatus.COMPLETE, True), (RunStatus.COMPLETE, False),
        ]  # fmt: skip
