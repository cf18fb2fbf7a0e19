"""What the log says of a run: which one it was, and nothing of what it read."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from structlog.contextvars import get_contextvars

from seatkeeper.settings.log import to_logging
from seatkeeper.store.models import Connection, Run
from tests.people import open_tenant

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged from INFO on, as JSON."""
    settings, stream = to_logging("INFO", as_json=True)["formatters"]["chosen"], io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(settings.pop("()")(**settings))
    ours = logging.getLogger("seatkeeper")
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel("DEBUG")
    yield stream
    ours.removeHandler(handler)
    ours.setLevel(level)


def test_a_run_is_told_by_its_ids_and_names_nobody(written: io.StringIO) -> None:
    with open_tenant() as tenant:
        tenant.sync("roster")
        told = [json.loads(line) for line in written.getvalue().splitlines()]
        (ended,) = [record for record in told if record["logger"] == "seatkeeper.sync"]
        run, connection = Run.objects.get(), Connection.objects.get()
        assert ended["event"] == f"run {run.pk} ended as complete"
        mine = {
            "task": "roster", "connection": connection.pk, "organization": run.organization_id,
            "tenant": connection.tenant_id,
        }  # fmt: skip
        assert {name: ended[name] for name in mine} == mine
        people = [row["User ID"] for row in tenant.roster()]
        assert people
        words = [*people, tenant.sandbox.client_secret, "Bearer"]
        assert [word for word in words if word in written.getvalue()] == []
    assert get_contextvars() == {}, "nothing of a run is said of the next one"
