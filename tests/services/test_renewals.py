"""When subscriptions renew: read beside the licences, shown, and never a reason for a run to fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stamina

from seatkeeper.clock import days, system_clock
from seatkeeper.model import RunStatus
from seatkeeper.sandbox.graph import refusals, routes
from seatkeeper.sandbox.graph.request import Answer
from seatkeeper.services import findings
from seatkeeper.services.listings import licenses
from seatkeeper.store.models import Application, DailySummary, Finding, Quarantine, Renewal
from tests.people import Tenant, open_tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")
PATH = "/directory/subscriptions"

REFUSALS = {
    "403": refusals.denied(),
    "404": refusals.Refusal(404, "Request_ResourceNotFound", "Resource does not exist."),
    "400": refusals.Refusal(400, "BadRequest", "Resource not found for the segment 'subscriptions'."),
    "501": refusals.Refusal(501, "NotImplemented", "Not in this cloud."),
    "503": refusals.Refusal(503, "serviceNotAvailable", "Try again."),
}
WRONG_ROWS: dict[str, dict[str, Any]] = {
    "no SKU": {"skuId": None},
    "a date that is none": {"nextLifecycleDateTime": "tomorrow"},
    "a number that is a text": {"totalLicenses": "many"},
    "a number without end": {"totalLicenses": 2**63},
    "an id with a NUL": {"id": "a\0"},
}


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def known() -> list[tuple[str, int, int | None]]:
    return sorted(Renewal.objects.values_list("part_number", "total", "next_lifecycle"))


def refusing(refusal: refusals.Refusal) -> Callable[..., Answer]:
    def answer(*_: object) -> Answer:
        raise refusal

    return answer


def spoiling(**changes: Any) -> Callable[..., Answer]:
    """The page as it is, with one row that is not right."""
    whole = routes._EXACT[PATH]

    def answer(tenant: Any, request: Any) -> Answer:
        found = whole(tenant, request)
        body = json.loads(found.body)
        body["value"][0] |= changes
        return Answer(json.dumps(body).encode())

    return answer


def assert_known_stays(tenant: Tenant, answer: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.sync("licenses")
    before = known()
    assert before
    monkeypatch.setitem(routes._EXACT, PATH, answer)
    (result,) = tenant.sync("licenses")
    assert result.run is not None
    assert (result.run.status, result.exit_code) == (RunStatus.COMPLETE, 0)
    assert "what was known of it stays" in result.message
    assert known() == before


def test_they_are_read_with_the_licences_and_replaced_by_the_next_read() -> None:
    with open_tenant() as tenant:
        tenant.sync("licenses")
        first = known()
        assert {name for name, _, _ in first} >= {"PROJECTPREMIUM", "PROJECTPROFESSIONAL"}
        Renewal.objects.update(part_number="WRONG")
        tenant.sync("licenses")
        assert known() == first


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_leaves_what_is_known_and_fails_nothing(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_tenant() as tenant:
        assert_known_stays(tenant, refusing(REFUSALS[status]), monkeypatch)


@pytest.mark.parametrize("what", WRONG_ROWS)
def test_a_row_that_is_not_understood_costs_one_row(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_tenant() as tenant:
        tenant.sync("licenses")
        before = known()
        Renewal.objects.filter(part_number="PROJECTPREMIUM").update(total=1)
        monkeypatch.setitem(routes._EXACT, PATH, spoiling(**WRONG_ROWS[what]))
        (result,) = tenant.sync("licenses")
        assert result.run is not None
        assert (result.run.status, result.run.quarantined, result.exit_code) == (RunStatus.COMPLETE, 1, 6)
        assert known() == before  # what was read is new, the one that was not is as it was
        monkeypatch.undo()
        assert [(result.run and result.run.quarantined, result.exit_code) for result in tenant.sync("licenses")] == [
            (0, 0)
        ]
        assert not Quarantine.objects.filter(resolved=False).exists()


def test_a_near_renewal_is_a_finding() -> None:
    with read_tenant() as tenant:
        near = tenant.clock() + 30 * 86_400 * 10_000_000
        Renewal.objects.filter(part_number="PROJECTPREMIUM").update(next_lifecycle=near)
        DailySummary.objects.update(digest="")  # the reading that brought it would be newer
        found = [row for row in tenant.findings() if row["Finding"] == "renewal"]
        assert any("2026-08-31" in row["Advice"] for row in found)


def test_what_was_decided_on_a_renewal_goes_to_no_other_subscription_of_the_sku() -> None:
    with read_tenant() as tenant:
        (first,) = Renewal.objects.filter(part_number="PROJECTPREMIUM")
        first.next_lifecycle = tenant.clock() + days(10)
        first.save()
        (second,) = Renewal.objects.filter(pk=first.pk)
        second.pk, second.subscription, second.next_lifecycle = None, "another", tenant.clock() + days(40)
        second.save()

        def look() -> dict[str, str]:
            DailySummary.objects.update(digest="")  # the reading that brought it would be newer
            found = [row for row in tenant.findings() if row["Finding"] == "renewal"]
            days_of = {"2026-08-11": "first", "2026-09-10": "second"}
            return {name: row["State"] for row in found for day, name in days_of.items() if day in row["Advice"]}

        assert look() == {"first": "open", "second": "open"}
        accepted = Finding.objects.get(key="renewal", advice__contains="2026-08-11")
        findings.accept(tenant.who, accepted.pk, clock=tenant.clock)
        Renewal.objects.filter(pk=first.pk).update(next_lifecycle=tenant.clock() + days(375))
        assert look()["second"] == "open"


def test_the_licences_show_the_next_day_and_none_that_is_past() -> None:
    with read_tenant() as tenant:
        coming = system_clock() + days(30)
        Renewal.objects.filter(part_number="PROJECTPREMIUM").update(next_lifecycle=coming)
        Renewal.objects.filter(part_number="PROJECTPROFESSIONAL").update(next_lifecycle=coming - days(60))
        rows = licenses.rows(tenant.who, Application.objects.get().pk)
        shown = {row.part_number: row.next_renewal for row in rows}
        assert (shown["PROJECTPREMIUM"], shown["PROJECTPROFESSIONAL"]) == (coming, None)
