"""A ledger of before its readings named their applications is brought over without losing a day."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import pytest

from seatkeeper.app_uses import AppSignIns
from seatkeeper.clock import days, seconds
from seatkeeper.spans import ReadSpan, proven
from seatkeeper.store import migrate
from seatkeeper.store.models import ApplicationSet, Coverage
from seatkeeper.sync.coverage import number_of, read_ledger
from tests.products import POWER_BI, PROJECT

pytestmark = pytest.mark.deep

BEFORE: Final = ("store", "0015_words")
READINGS: Final = [
    ReadSpan(days(day) - seconds(7), days(day + 3), days(day + 3) + seconds(9)) for day in range(500) if day % 97
]


def stream_of(*apps: str) -> str:
    """The name of a question, as it was."""
    return f"v1.0 interactive {hashlib.blake2b(repr(sorted(apps)).encode(), digest_size=8).hexdigest()}"


def fill(old: Any, stream: str) -> int:
    """A connection that was read day after day by one question."""
    get = old.get_model
    organization, _made = get("store", "Organization").objects.get_or_create(name="Old", defaults={"created": 0})
    link = get("store", "Connection").objects.create(
        organization=organization, tenant_id=stream, client_id="c", credential_kind="secret", created=0
    )
    task = get("store", "Task").objects.create(connection=link, key="access")
    run = get("store", "Run").objects.create(task=task, organization=organization, status="complete", started=0)
    Old = get("store", "Coverage")  # noqa: N806 - a class
    Old.objects.bulk_create(
        Old(connection=link, run=run, stream=stream, start=r.start, end=r.end, read_at=r.read_at, longest_late=days(1))
        for r in READINGS
    )
    found: int = link.pk
    return found


def test_each_reading_names_the_applications_whose_digest_it_had_and_no_proven_day_is_lost(old: Any) -> None:
    apps = old.get_model("store", "SignInApp").objects
    apps.bulk_create(apps.model(guid=guid) for guid in (POWER_BI.id, PROJECT.apps[0].id, "somebody else's"))
    project = [app.id for app in PROJECT.apps]
    shipped, both, own = (fill(old, stream_of(*some)) for some in (project, [*project, POWER_BI.id], [POWER_BI.id]))
    unknown = fill(old, "v1.0 interactive 0123456789abcdef")
    migrate()

    ledger, expected = read_ledger(shipped), proven(READINGS, days(1) * 5 // 4)
    assert ledger.proven(PROJECT.watched) == expected
    assert len(expected) == 6
    assert set(ledger.asked) == {number_of(PROJECT.watched)}  # what is read from now on goes on with the same set

    # Products of one's own: found by their digest among the applications that sign-ins are kept of.
    mine = frozenset({AppSignIns(POWER_BI.id)})
    assert read_ledger(both).proven(PROJECT.watched | mine) == read_ledger(own).proven(mine) == expected
    assert read_ledger(own).proven(PROJECT.watched) == []

    # What nobody can tell is kept, and proves nothing.
    assert read_ledger(unknown).proven(PROJECT.watched) == []
    assert [str(asked) for asked in ApplicationSet.objects.filter(coverage__connection=unknown).distinct()] == ["[]"]
    assert Coverage.objects.count() == 4 * len(READINGS)
