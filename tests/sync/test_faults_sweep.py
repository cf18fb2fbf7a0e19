"""Every fault that the sandbox knows, over real HTTPS: while it lasts nothing is wrong, and after it all is true.

This is about what holds for all of them; what each asks for besides stands in the tests of its own.
"""

from __future__ import annotations

import pytest

from seatkeeper.sandbox.faults.fault import FAULTS
from seatkeeper.services import runs
from seatkeeper.store.models import Account, SignIn, Task
from tests.people import Tenant, compare_with_truth, open_tenant
from tests.thorough import in_turn

# Faults whose variants go different ways through our code, or whose usual value only costs time.
VALUES = {
    "hostile-link": ("twin", "userinfo", "http"),
    "wrong-path-link": ("messages", "beta"),
    "redirect": ("twin", "same-host"),
    "link-loop": ("self", "pair", "grows"),
    "odd-link": ("null", "empty", "number"),
    "cut-body": ("length", "chunk", "reset"),
    "delta-gone": ("gone", "foreign", "too-old"),
    "delta-replay": ("again", "stale"),
    "page-size": ("1@1", "0", "5000"),
    "page-error": ("503", "504"),
    "garbage-after-json": ("second", "utf-16"),
    "deep-nesting": ("lists",),
    "gzip-bomb": ("bomb@2", "nested@2", "headers"),
    "late": ("all", "off"),
    "retry-after": ("1", "3600", "absent", "date"),
    "claims-challenge": ("padded", "malformed"),
    "bad-token-answer": ("html", "truncated", "huge-expiry"),
    "foreign-token": ("tenant", "audience"),
    "wrong-type": ("any", "id"),
    "bad-id": ("missing", "capitals"),
    "new-fields": ("fields", "enums"),
    "poison-row": ("text", "number"),
    "slow-loris": ("0.03",),
    "stall": ("0.03",),
    "wide-window": ("200",),
}
CODES = {0, 3, 4, 5, 6}
SAID_TO_BE_GONE = "removed-midway=changed"  # the vendor itself says that these people left
SAID_TO_HOLD = "new-fields=enums"  # whose plans were over before has a plan in a state that nobody knows
# Two change what is true of the log for good, see test_faults_log.py; for names see test_faults_names.py.
ELSEWHERE = {"flood", "same-tick", *(name for name, fault in FAULTS.items() if fault.ids[0].startswith("L"))}


def _cases() -> list[str]:
    for_each = {name: VALUES.get(name, FAULTS[name].variants[:1] or ("",)) for name in FAULTS if name not in ELSEWHERE}
    return [f"{name}={value}" if value else name for name, values in for_each.items() for value in values]


@pytest.mark.usefixtures("sqlite", "small_pages")
@pytest.mark.parametrize("fault", in_turn(_cases(), 24))
def test_while_a_fault_lasts_nothing_is_wrong_and_after_it_all_is_true(fault: str) -> None:
    name, _, value = fault.partition("=")
    with open_tenant(people=40) as tenant:
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
        before = people(tenant)
        tenant.sandbox.tenant.switch_on(name, value)
        for results in (tenant.sync(), tenant.sync(full=True)):
            check_results(results)
            assert people(tenant) >= before or fault == SAID_TO_BE_GONE
            assert people(tenant) <= before or fault == SAID_TO_HOLD
            check_rows()
        nobody_else_was_asked(tenant)
        tenant.sandbox.tenant.switch_off()
        assert {result.exit_code for result in tenant.sync(full=True)} <= {0}
        assert compare_with_truth(tenant) == []
        check_rows()


def people(tenant: Tenant) -> set[str]:
    return {row["Object ID"] for row in tenant.roster()}


def check_results(results: list[runs.TaskResult]) -> None:
    """A word of the contract for each task, and a sentence for whatever did not end well."""
    for result in results:
        assert result.exit_code in CODES
        assert result.run is not None
        assert result.run.ended is not None
        assert result.message or result.exit_code in {0, 6}


def check_rows() -> None:
    """Nobody is there twice, and no sign-in."""
    generation = Task.objects.get(key="roster").generation
    current = list(Account.objects.filter(since__lte=generation, until__gt=generation).values_list("key", flat=True))
    events = list(SignIn.objects.values_list("event", flat=True))
    assert len(current) == len(set(current))
    assert len(events) == len(set(events))


def nobody_else_was_asked(tenant: Tenant) -> None:
    assert not [request for request in tenant.sandbox.ledger if request["server"] == "twin"]
