"""Every field of every list that we read, with everything JSON can say: a wrong row costs at most itself.

`make prove-rows` mutates 200,000 rows; here a few hundred show the same. After each run that met wrong rows comes one
that meets none, which is well and leaves exactly what is true.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Collection, Iterator
from typing import Any, Final

import pytest
import stamina

from seatkeeper.model import RunStatus
from seatkeeper.services.runs import TaskResult
from seatkeeper.store.models import Task
from tests.people import Tenant, compare_with_truth, open_tenant
from tests.spoiled import Row, spoiled
from tests.thorough import THOROUGH, in_turn

pytestmark = [pytest.mark.usefixtures("sqlite")]

ROWS: Final = 210_000 if THOROUGH else 600  # of all lists together
SHARE: Final = {"/users": 0.4, "/users/delta": 0.1, "/auditlogs/signins": 0.4, "/subscribedskus": 0.05,
                "/directory/subscriptions": 0.05}  # fmt: skip
TASK: Final = {"/auditlogs/signins": "access", "/subscribedskus": "licenses", "/directory/subscriptions": "licenses"}
TIMES: Final = (
    "", " ", "0001-01-01T00:00:00Z", "2026-07-01T00:00:00-07:00", "2026-07-01T00:00:00+14:00", "2026-12-31",
    "2026-07-01T00:00:00.123456789012Z", "9999-12-31T23:59:60Z", "2026-02-30T00:00:00Z", "yesterday",
)  # fmt: skip
VALUES: Final[tuple[Any, ...]] = (
    *TIMES, "\0", "\ud800x", "x" * 20_000, "Unknown member", "NEVER", 0, -1, 2**31, 2**53, 2**63, 2**64, -(2**63) - 1,
    10**300, 1.5, -0.0, 1e308, True, False, None, [], {}, [None], [[]], [{}], {"a": 1}, [[[[[]]]]],
)  # fmt: skip


class Mutator:
    """Spoils a share of the rows, one field of each, however deep, and remembers whose rows they were."""

    def __init__(self, seed: int, share: float) -> None:
        self.dice, self.share, self.rows = random.Random(seed), share, 0
        self.spoiled: set[str] = set()

    def spoil(self, row: Row) -> None:
        if self.dice.random() > self.share:
            return
        self.rows += 1
        self.spoiled.add(str(row.get("id", row.get("skuId"))))
        place: Any = row
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                return
            key = self.dice.choice(keys)
            deeper = isinstance(place[key], dict | list) and place[key] and self.dice.random() < 0.7
            if not deeper:
                break
            place = place[key]
        place[key] = self._mutate(place, key)

    def _mutate(self, place: Any, key: Any) -> Any:
        value, dice = place[key], self.dice
        if key in ("id", "userId", "skuId") and isinstance(place, dict) and dice.random() < 0.5:
            return value.upper() if isinstance(value, str) else value  # the same id
        if isinstance(value, list) and value and dice.random() < 0.4:
            return value * dice.choice((2, 40))
        wrong = dice.choice(VALUES)
        # Another id that could be one would be another row, of which only the vendor knows that it is none.
        return "" if key in ("id", "userId") and isinstance(wrong, str) and wrong.strip() else wrong


def check(results: list[TaskResult]) -> None:
    for result in results:
        assert result.run is not None
        assert (result.run.status, result.exit_code) in {(RunStatus.COMPLETE, 0), (RunStatus.COMPLETE, 6)}, (
            result.message
        )


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def differences(tenant: Tenant, spoiled_ids: Collection[str] = ()) -> list[str]:
    """Differences from the truth, but of those whose rows were spoiled.

    Once time has passed we know sign-ins that the vendor has no longer, so then the roster alone is compared. Who is
    suspicious goes by name, which may be what was spoiled.
    """
    lines = [line for line in compare_with_truth(tenant) if line.startswith("roster") or not tenant.moved]
    known = [line for line in lines if not (spoiled_ids and line.startswith("suspicious"))]
    return [line for line in known if line.split()[1].rstrip(":") not in spoiled_ids]


@pytest.mark.parametrize("path", in_turn(list(SHARE), 3))
def test_a_mutated_row_costs_at_most_itself_and_the_next_run_is_well(path: str) -> None:
    task, wanted, seed, done = TASK.get(path, "roster"), int(ROWS * SHARE[path]), 0, 0
    spoiled_since = set[str]()  # the last full read: a change is told once, and whose was spoiled stays as it was
    changes = path == "/users/delta"
    people, sign_ins = (1500, 2_000 if changes else 60_000) if THOROUGH else (150, 2_000)
    with open_tenant(people=people, sign_ins=sign_ins, churn=400.0 if changes and THOROUGH else 40.0) as tenant:
        check(tenant.sync())
        while done < wanted:
            seed += 1
            if changes:
                tenant.move(hours=6)
            mutator = Mutator(seed, 0.5)
            with spoiled(mutator.spoil, path):
                check(tenant.sync(task, full=not changes))
            done += mutator.rows
            spoiled_since = {*mutator.spoiled, *(spoiled_since if changes else ())}
            assert mutator.rows or changes  # a round of changes may be empty
            if task == "roster" and seed % 5 == 1:
                assert differences(tenant, spoiled_since) == []
            if seed % (5 if changes else 20) == 1 or done >= wanted:  # lost deletions must not pile up: many are held
                check(tenant.sync(full=True))
                assert differences(tenant) == []
                spoiled_since.clear()
            if changes and seed > (2_000 if THOROUGH else 20):
                break
        # What is stored is good for working everything out anew.
        roster = Task.objects.get(key="roster")
        roster.checkpoint = (roster.checkpoint or "").replace('"data_version":"', '"data_version":"older ')
        roster.save()
        check(tenant.sync())
        assert differences(tenant) == []
    sys.stderr.write(f"{path}: {done:,} rows in {seed:,} runs\n")
