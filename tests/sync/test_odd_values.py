"""Whatever is wrong in a row is found where rows are read: it costs that row at most, and no run after it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import stamina

from seatkeeper.model import FOREVER, RunStatus, to_id
from seatkeeper.services.runs import TaskResult
from seatkeeper.store.models import Account, Quarantine, Run, Seat
from tests.people import Tenant, compare_with_truth, open_tenant
from tests.spoiled import Row, spoiled

pytestmark = pytest.mark.deep

VALUES: tuple[Any, ...] = (
    "", "0001-01-01T00:00:00Z", "2026-07-01T00:00:00-07:00", "2026-12-31", "9999-12-31T23:59:60Z", "\0", "\ud800x",
    random.Random(1).randbytes(20_000).hex(), 2**31, 2**63, -(2**63) - 1, 10**300, 1.5,
    True, None, [], {}, [None], [{}],
)  # fmt: skip
LISTS = {
    "/users": (
        "id", "userPrincipalName", "mail", "displayName", "accountEnabled", "userType", "createdDateTime", "department",
        "assignedLicenses", "assignedLicenses.skuId", "assignedLicenses.disabledPlans", "assignedPlans",
        "assignedPlans.servicePlanId", "assignedPlans.capabilityStatus", "assignedPlans.assignedDateTime",
        "licenseAssignmentStates", "licenseAssignmentStates.skuId", "licenseAssignmentStates.assignedByGroup",
        "licenseAssignmentStates.state", "licenseAssignmentStates.error", "licenseAssignmentStates.lastUpdatedDateTime",
    ),
    "/auditlogs/signins": (
        "id", "createdDateTime", "userId", "userPrincipalName", "appId", "status", "status.errorCode",
    ),
    "/subscribedskus": (
        "skuId", "skuPartNumber", "capabilityStatus", "consumedUnits", "prepaidUnits", "prepaidUnits.enabled",
        "prepaidUnits.lockedOut", "servicePlans", "servicePlans.servicePlanId",
    ),
    "/directory/subscriptions": (
        "id", "skuId", "skuPartNumber", "status", "totalLicenses", "isTrial", "nextLifecycleDateTime",
    ),
}  # fmt: skip
ACTIVITY = (
    "id", "signInActivity", "signInActivity.lastSuccessfulSignInDateTime", "signInActivity.lastSignInDateTime",
)  # fmt: skip
TASK = {"/auditlogs/signins": "access", "/subscribedskus": "licenses", "/directory/subscriptions": "licenses"}


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


class Wrongs:
    """Each field with each value, one after the other, each in a row of its own that has the field."""

    def __init__(self, fields: Sequence[str]) -> None:
        self.left = [(field, value) for field, value in itertools.product(fields, VALUES) if not _may_be(field, value)]
        random.Random(2).shuffle(self.left)

    def spoil(self, row: Row) -> None:
        for place, (field, value) in enumerate(self.left):
            if _put(row, field.split("."), value):
                del self.left[place]
                return


def _may_be(field: str, value: Any) -> bool:
    """Ids are texts, and there may be ones that are no GUIDs: whose row that is, nobody but the vendor knows."""
    return field == "id" and str(value)[:1].isdigit() and isinstance(value, str)


def _put(row: Any, field: list[str], value: Any) -> bool:
    """False when the row does not have it."""
    if isinstance(row, list):
        return bool(row) and _put(row[-1], field, value)
    if not isinstance(row, dict) or field[0] not in row:
        return False
    if len(field) > 1:
        return _put(row[field[0]], field[1:], value)
    row[field[0]] = value
    return True


def everybody() -> set[str]:
    return {to_id(key) for key in Account.objects.filter(until=FOREVER).values_list("key", flat=True)}


def check(results: list[TaskResult]) -> None:
    for result in results:
        assert result.run is not None
        assert (result.run.status, result.exit_code) in {(RunStatus.COMPLETE, 0), (RunStatus.COMPLETE, 6)}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("path", LISTS)
def test_a_value_that_cannot_be_right_costs_one_row_and_stops_no_run(path: str) -> None:
    task = TASK.get(path, "roster")
    with open_tenant(people=400 if "users" in path else 60) as tenant:
        check(tenant.sync())
        before, wrongs, rounds = everybody(), Wrongs(LISTS[path]), 0
        with spoiled(wrongs.spoil, path):
            while wrongs.left and rounds < 15:
                rounds += 1
                check(tenant.sync(task, full=True))
                assert everybody() >= before
        assert len(wrongs.left) < len(VALUES)
        assert Run.objects.filter(quarantined__gt=0).exists()
        check(tenant.sync(full=True))
        assert compare_with_truth(tenant) == []
        assert not Quarantine.objects.filter(resolved=False, task=task).exists() or task == "access"


@pytest.mark.usefixtures("database")
def test_a_change_that_cannot_be_right_costs_one_row_and_stops_no_run() -> None:
    with open_tenant(people=400, churn=500.0) as tenant:
        check(tenant.sync())
        wrongs = Wrongs(LISTS["/users"])
        with spoiled(wrongs.spoil, "/users/delta"):
            for _ in range(8):
                tenant.move(hours=3)
                check(tenant.sync("roster"))
        assert len(wrongs.left) < 0.8 * len(LISTS["/users"]) * len(VALUES)
        assert Run.objects.filter(quarantined__gt=0, full=False).exists()
        check(tenant.sync("roster", full=True))
        assert [line for line in compare_with_truth(tenant) if line.startswith("roster")] == []


@pytest.mark.usefixtures("database")
def test_an_activity_that_cannot_be_right_costs_one_row() -> None:
    with open_tenant(people=200) as tenant:
        check(tenant.sync())
        wrongs = Wrongs(ACTIVITY)
        with spoiled(wrongs.spoil, "/users"):
            check(tenant.sync("activity"))
        assert wrongs.left == []
        check(tenant.sync("activity"))
        assert compare_with_truth(tenant) == []


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "told", [{"consumedUnits": -5}, {"consumedUnits": None}, {"prepaidUnits": None}, {"prepaidUnits": {"enabled": -1}}]
)
def test_a_number_of_seats_that_is_not_told_or_below_zero_leaves_what_was_known(told: Row) -> None:
    with open_tenant() as tenant:
        check(tenant.sync())
        before = tenant.findings()
        with spoiled(lambda row: row.update(told), "/subscribedskus"):
            (result,) = tenant.sync("licenses")
        assert result.exit_code == 6
        assert tenant.findings() == before
        assert [result.exit_code for result in tenant.sync("licenses")] == [0]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("text", ["", "2026-07-01", "\0"])
def test_a_date_that_cannot_be_read_keeps_the_holder_and_the_next_runs_go_on(text: str) -> None:
    with open_tenant(people=60, churn=100.0) as tenant:
        with spoiled(lambda row: _date(row, text), "/users", "/users/delta"):
            check(tenant.sync())
            true = {row["object_id"] for row in tenant.sandbox.truth()["roster"]}
            assert {row["Object ID"] for row in tenant.roster()} == true
            tenant.move(days=1)
            check(tenant.sync())
            assert {row["Object ID"] for row in tenant.roster()} == _true(tenant)
        assert {row["Active Date"] for row in tenant.roster()} == {None}
        _again_with_what_is_stored(tenant)


def _date(row: Row, text: str) -> None:
    row |= {"createdDateTime": text} if "createdDateTime" in row else {}
    for part in (*(row.get("assignedPlans") or ()), *(row.get("licenseAssignmentStates") or ())):
        part |= {name: text for name in ("assignedDateTime", "lastUpdatedDateTime") if name in part}


def _true(tenant: Tenant) -> set[str]:
    return {row["object_id"] for row in tenant.sandbox.truth()["roster"]}


def _again_with_what_is_stored(tenant: Tenant) -> None:
    """Seats are worked out anew from what is stored, then from what the vendor sends once it is mended."""
    Seat.objects.all().delete()
    check(tenant.sync(full=True))
    assert [line for line in compare_with_truth(tenant) if line.startswith("roster")] == []
