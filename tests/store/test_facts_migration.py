"""After the upgrade the audit log is searched anew: what was found before does not tell a look from all else."""

from __future__ import annotations

from typing import Any, Final

import pytest

from seatkeeper.store import migrate
from seatkeeper.store.models import Task
from tests.upgrade.old import make_row

pytestmark = pytest.mark.deep

BEFORE: Final = ("store", "0034_certainty")


def test_the_next_search_goes_back_as_far_as_the_log_and_nothing_else_is_read_again(old: Any) -> None:
    organization = make_row(old, "Organization", name="Old", created=0)
    link = make_row(old, "Connection", organization=organization, tenant_id="t")
    for key in ("audit-events", "activations"):
        make_row(old, "Task", connection=link, key=key, checkpoint='{"until": 7}', full_read_at=7)
    migrate()
    now = {task.key: (task.checkpoint, task.full_read_at) for task in Task.objects.all()}
    assert now == {"audit-events": (None, None), "activations": ('{"until": 7}', 7)}
