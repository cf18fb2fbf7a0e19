"""Two programs that share no line say the same: ours, with its deltas, windows and generations, and the naive one."""

from __future__ import annotations

import random
from typing import Any

import pytest

from seatkeeper.model import RunStatus
from seatkeeper.services import roster, runs, suspicious
from seatkeeper.services.applications import add_application
from seatkeeper.services.members import Who, operator
from tests.conftest import Database
from tests.people import Quiet, rows
from tests.property.naive_model import NaiveModel, padded
from tests.property.source import Source, read_from
from tests.thorough import THOROUGH

SEEDS = range(1, 101 if THOROUGH else 5)
HOURS = (1, 5, 13, 24, 30, 72, 200, 26 * 24)


def differences(who: Who, name: str, model: NaiveModel) -> list[Any]:
    """What the two say differently."""
    said_roster = {
        r["Object ID"]: (r["User ID"], r["Email"], r["First Name"], r["Last Name"], r["Blocked"])
        for r in rows(roster.roster(who, name))
    }
    access = rows(roster.access(who, name))
    direct, ambiguous = model.logins("direct"), model.logins("ambiguous")
    said = {r["Object ID"]: tuple(r[c] and padded(r[c]) for c in ("Last Login", "Last Possible")) for r in access}
    unlicensed_users = sorted(r["Sign-ins"] for r in rows(suspicious.suspicious(who, name)))
    pairs = (
        ("roster", said_roster, model.roster()),
        ("access", said, {key: (direct.get(key), ambiguous.get(key)) for key in model.roster()}),
        ("suspicious", unlicensed_users, sorted(model.suspicious().values())),
    )
    return [pair for pair in pairs if pair[1] != pair[2]]


@pytest.mark.timeout(1200 if THOROUGH else 120)
@pytest.mark.parametrize("part", range(4))
def test_ours_and_the_naive_model_say_the_same(database: Database, part: int) -> None:
    who = operator()
    for seed in SEEDS[part::4]:
        roll, source, name = random.Random(seed), Source(seed), f"Project {seed}"
        model = NaiveModel(source)
        source.tenant.log.late = roll.choice(("on", "all", "off"))
        add_application(who, source.new_application(name))
        with read_from(source):
            for _ in range(6):
                request = runs.SyncRequest(name, (), full=roll.random() < 0.2)
                for result in runs.sync(who, request, Quiet(), clock=source.clock):
                    assert result.run
                    if result.run.status == RunStatus.HELD:  # so many did leave in a month
                        runs.confirm_run(who, result.run.pk)
                    else:
                        assert (result.run.status, result.exit_code) == (RunStatus.COMPLETE, 0)
                model.sync()
                assert differences(who, name, model) == [], f"seed {seed}"
                source.move(roll.choice(HOURS))
