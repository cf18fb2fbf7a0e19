"""What the pretend tenant says is true of its seats, checked by the stories of its people."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from seatkeeper.sandbox.serve import More, Sandbox
from seatkeeper.sandbox.world.catalog import skus
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.subscriptions import consumed
from seatkeeper.sandbox.world.tenant import Settings, Tenant
from seatkeeper.sandbox.world.truth_findings import TICKS, Reader, findings

from .client import NOW


def _tenant(**settings: Any) -> Tenant:
    return Tenant(Settings(**{"people": 17, "now": NOW, "frozen": True, "churn": 0.0, **settings}))


def _reader(tenant: Tenant, threshold: int = 15, grace: int = 30) -> Reader:
    """One who read the log now, and knows of the 30 days before yesterday."""
    now = tenant.seconds
    return Reader(threshold * DAY, grace * DAY, ((now - 30 * DAY) * TICKS, (now - DAY) * TICKS), (now,))


def _names(tenant: Tenant, rows: list[dict[str, Any]], key: str) -> list[str]:
    people = {person.id: person.given for person in tenant.directory.everybody(tenant.seconds)}
    return sorted(people[row["object_id"]] or "" for row in rows if row["finding"] == key)


def test_the_people_with_stories_have_the_findings_of_their_stories() -> None:
    tenant = _tenant()
    true = findings(tenant, _reader(tenant))
    assert _names(tenant, true, "never-seen") == ["Bo", "Cy", "Eve", "Mo"]  # not Gus, whose seat is new
    assert _names(tenant, true, "blocked") == ["Cy"]
    assert _names(tenant, true, "guest") == ["Flo"]
    assert _names(tenant, true, "two-plans") == ["Di"]
    assert _names(tenant, true, "other-product") == ["Ivy"]
    assert _names(tenant, true, "unused") == []


def test_whoever_read_the_log_before_knows_of_uses_that_it_has_forgotten() -> None:
    tenant = _tenant(days=90)
    before = tenant.seconds - 20 * DAY
    reader = _reader(tenant)
    assert _names(tenant, findings(tenant, reader._replace(read=(before, *reader.read))), "unused") == ["Eve"]


def test_absence_is_claimed_only_of_a_stretch_of_which_everything_is_known() -> None:
    tenant = _tenant()
    idle = [row for row in findings(tenant, _reader(tenant)._replace(complete=None)) if "seen" in row["finding"]]
    assert idle == []


def test_seats_of_the_deleted_count_only_in_a_tenant_that_keeps_them() -> None:
    tenant = _tenant(people=400, churn=40.0)
    reader = _reader(tenant)
    tenant.move(days=20)
    assert not [row for row in findings(tenant, reader) if row["finding"] == "deleted"]
    counted = consumed(tenant)
    tenant.keeps_deleted_seats = True
    reader = reader._replace(read=(*reader.read, tenant.seconds))  # so that he misses them
    rows = [row for row in findings(tenant, reader) if row["finding"] == "deleted"]
    assert rows
    assert consumed(tenant).total() - counted.total() >= len(rows)


def test_units_in_their_grace_period_are_over_assigned() -> None:
    tenant = _tenant()
    tenant.lapsed = frozenset({"PROJECT_P1"})
    rows = [row for row in findings(tenant, _reader(tenant)) if row["finding"] == "over-assigned"]
    assert ["PROJECT_P1"] in [row["skus"] for row in rows]
    assert all(skus()[name].kind == "seat" for row in rows for name in row["skus"])


def test_the_control_endpoint_tells_them_in_any_language() -> None:
    with Sandbox(settings=Settings(people=17, now=NOW, frozen=True), more=More(control_port=0)) as sandbox:
        asked = f"findings?threshold=15&grace=30&from=2026-07-02T12:00:00Z&until=2026-07-31T12:00:00Z&read={NOW}"
        with urllib.request.urlopen(f"{sandbox.control_url}/{asked}") as answer:
            told = json.load(answer)
        assert told == findings(sandbox.tenant, _reader(sandbox.tenant))
