"""Microsoft 365 Copilot: seats, a report that confirms use by days and names, and absence that proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from seatkeeper.amounts import Money
from seatkeeper.clock import days
from seatkeeper.insights.catalog import find_all
from seatkeeper.model import to_id, to_instant
from seatkeeper.reporting.snapshot import take_snapshot
from seatkeeper.sandbox.graph import reports_beta
from seatkeeper.services import applications, prices
from seatkeeper.services.catalogue import guide
from seatkeeper.services.listings import findings, person, users
from seatkeeper.services.listings.base import Question
from seatkeeper.store.models import Application, Finding, SeatHolder, Task
from seatkeeper.sync.vendors import Check
from tests.people import NAME, NOW, Tenant, open_tenant
from tests.spoiled import spoiled

pytestmark = pytest.mark.usefixtures("database")

COPILOT, PROJECT = "microsoft-365-copilot", "microsoft-project"
ALL = ("licenses", "roster", "access", "activity", "copilot-usage")
IDLE = ("unused", "never-seen")


@contextmanager
def opened(*tasks: str, people: int = 120) -> Iterator[Tenant]:
    with open_tenant(people=people, copilot=True, tasks=tasks, threshold_days=15) as tenant:
        tenant.add(product=COPILOT, name="Copilot", tasks=tasks, threshold_days=15)
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        tenant.name = "Copilot"
        yield tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened(*ALL) as found:
        found.sync()
        yield found


def copilot() -> Application:
    return Application.objects.get(product=COPILOT)


def holder(name: str) -> SeatHolder:
    return SeatHolder.objects.get(application=copilot(), first_name=name)


def idle(tenant: Tenant) -> set[str]:
    """Who is called idle, by their ids."""
    return {to_id(f.account) for f in find_all(take_snapshot(copilot(), tenant.clock)) if f.key in IDLE and f.account}


def told(tenant: Tenant) -> list[Check]:
    """The check list that Authorize shows."""
    return list(applications.authorize(tenant.who, tenant.name))


def test_its_seats_are_those_that_are_true_and_what_comes_in_another_product_is_listed_apart(tenant: Tenant) -> None:
    truth = tenant.sandbox.truth()["products"][COPILOT]
    shown = {row["Object ID"]: (row["User ID"], row["Blocked"], row["Guest"]) for row in tenant.roster()}
    assert shown == {row["object_id"]: (row["user_id"], row["blocked"], row["guest"]) for row in truth["roster"]}
    apart = [f for f in find_all(take_snapshot(copilot(), tenant.clock)) if f.key == "other-product"]
    assert [part for f in apart for part in f.part_numbers] == ["Microsoft_Copilot_for_Sales"]
    assert not {to_id(f.account) for f in apart if f.account} & shown.keys()
    assert {f["Finding"] for f in tenant.findings() if f["User ID"].startswith("cy.")} == {"blocked"}


def test_a_day_of_the_report_confirms_the_seat_on_that_day_with_the_report_s_own_known_until(tenant: Tenant) -> None:
    days_of = {
        row["object_id"]: row["last_activity"] for row in tenant.sandbox.truth()["products"][COPILOT]["reported"]
    }
    found = {row.object_id: row for row in SeatHolder.objects.filter(application=copilot())}
    for key, row in found.items():
        said = row.signals.get("copilot-usage")
        assert (row.evidence == "confirmed") is bool(days_of[key])
        assert (said is None) is (days_of[key] is None)
        if said:
            assert said["last"] == to_instant(f"{days_of[key]}T00:00:00Z")
            assert said["until"] == to_instant("2026-07-30T00:00:00Z") - 1
    assert holder("Ada").status == "active"
    assert {row.evidence for row in SeatHolder.objects.exclude(application=copilot())} - {"confirmed"}
    assert not [row for row in SeatHolder.objects.exclude(application=copilot()) if "copilot-usage" in row.signals]


def test_nobody_is_idle_by_what_the_report_lacks() -> None:
    with opened("licenses", "roster", "access", "copilot-usage") as tenant:
        for number in (0, 20, 20):  # the report goes on, and most are not in it
            tenant.move(days=number)
            tenant.sync()
            assert holder("Lou").signals.get("copilot-usage") is None
            assert not idle(tenant)
            assert {row.status for row in SeatHolder.objects.filter(application=copilot())} <= {
                "active",
                "not observable",
            }
        tenant.sandbox.tenant.reports_empty = True
        tenant.move(days=60)
        tenant.sync("copilot-usage")
        assert not idle(tenant)


def test_only_the_last_sign_in_anywhere_bounds_use_from_above(tenant: Tenant) -> None:
    called = set()
    for _ in range(2):
        tenant.move(days=20)
        tenant.sync()
        found = idle(tenant)
        for row in SeatHolder.objects.filter(application=copilot(), object_id__in=found):
            assert row.last_in_tenant is not None
            assert row.last_in_tenant < tenant.clock() - days(15)
        called |= found
    assert called
    assert holder("Lou").object_id not in called  # comes daily, and may have used it


def test_an_old_day_of_the_report_bounds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of accounts of which the directory says nothing: a newer report that names an old day is no proof of absence."""
    plain = reports_beta.row_of

    def long_ago(*given: Any) -> dict[str, Any]:
        row = plain(*given)
        return row | {name: "2026-06-20" for name in row if name.endswith("ActivityDate") and row[name]}

    monkeypatch.setattr(reports_beta, "row_of", long_ago)
    with opened(*ALL) as tenant, spoiled(lambda row: row.pop("signInActivity", None), "/users"):
        tenant.sync()
        tenant.move(days=6)
        tenant.sync("copilot-usage")
        ada = holder("Ada")
        assert ada.signals["copilot-usage"]["last"] == to_instant("2026-06-20T00:00:00Z")
        assert ada.signals["copilot-usage"]["until"] > to_instant(NOW)  # later than what the directory told
        assert "account-activity" not in ada.signals
        assert not idle(tenant)


def test_what_is_known_of_a_person_has_the_signal_with_its_applications(tenant: Tenant) -> None:
    ada = holder("Ada")
    found = person.read(tenant.who, copilot().pk, ada.object_id, tenant.clock)
    assert [said.key for said in found.signals] == ["copilot-usage", "shared-sign-ins", "account-activity"]
    told = found.signals[0]
    assert (told.title, told.of_days, told.last) == ("Copilot Usage", True, ada.signals["copilot-usage"]["last"])
    assert [part.used for part in told.parts] == ["Teams", "Word", "Excel", "PowerPoint", "Outlook"]
    assert told.proves == "Confirms use on the day that it names. Its lack proves nothing."
    assert any("Copilot was used last on" in sentence for sentence in found.why)
    project = Application.objects.get(name=NAME)
    other = person.read(tenant.who, project.pk, ada.object_id, tenant.clock)
    assert "copilot-usage" not in [said.key for said in other.signals]


def test_the_list_of_users_sorts_by_the_signal(tenant: Tenant) -> None:
    listing, found = users.listing(tenant.who, copilot().pk), users.rows(tenant.who, copilot().pk)
    answer = listing.ask(found, Question(sort="-copilot-usage", columns=("user_id", "copilot-usage")))
    last = [getattr(row, "copilot-usage") for row in answer.rows]
    assert last[0] is not None
    assert [one for one in last if one] == sorted([one for one in last if one], reverse=True)
    project = users.listing(tenant.who, Application.objects.get(name=NAME).pk)
    assert "copilot-usage" not in [column.key for column in project.columns]  # which it tells nothing of


def test_the_check_list_tells_of_the_permission_where_the_product_needs_it_and_fails_nobody() -> None:
    with open_tenant(copilot=True) as tenant:
        assert not [check for check in told(tenant) if "Reports.Read.All" in check.title]
        tenant.add(product=COPILOT, name="Copilot")
        (missing,) = [check for check in told(tenant) if "Reports.Read.All" in check.title]
        assert missing.passed is None
        assert missing.message.startswith("Only where Copilot Usage is ticked")
        assert "230c1aed-a721-4c5d-9cb4-a90514e508ef" in missing.commands
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        (granted,) = [check for check in told(tenant) if "Reports.Read.All" in check.title]
        assert granted.passed is True


def test_the_steps_to_let_us_in_ask_for_the_report_s_permission_where_the_product_needs_it(tenant: Tenant) -> None:
    asked = {key: {need.permission for need in guide(tenant.who, key).needs} for key in (COPILOT, PROJECT)}
    assert asked[COPILOT] - asked[PROJECT] == {"Reports.Read.All"}
    assert Task.objects.filter(key="copilot-usage").count() == 1


def test_whom_to_ask_about_a_seat_without_a_day_is_possible_and_no_money(tenant: Tenant) -> None:
    prices.set_price(tenant.who, prices.NewPrice("Microsoft_365_Copilot", "28.10", "EUR", "month", "2026-01-01"))
    tenant.sync("licenses")
    told = {row["object_id"]: row for row in tenant.sandbox.truth()["products"][COPILOT]["reported"]}
    mine = Finding.objects.filter(application=copilot(), key="unreported", state="open")
    assert mine.count() > 3
    for finding in mine:
        assert not told[finding.object_id]["last_activity"] or told[finding.object_id]["last_activity"] < "2026-07-01"
        assert (finding.how_sure, finding.seats, finding.could_save) == ("possible", 0, Money())
        assert finding.cost
    assert holder("Ada").object_id not in mine.values_list("object_id", flat=True)
    assert not idle(tenant) & set(mine.values_list("object_id", flat=True))
    order = [(row.certainty, -row.saves) for row in findings.rows(tenant.who).order_by(*findings.ORDER)]
    assert order == sorted(order)
    assert {certainty for certainty, _saves in order} == {1, 2, 3}
    answer = findings.ACROSS.ask(findings.rows(tenant.who), Question(filters={"certainty": ["3"]}))
    assert {row.key for row in answer.rows} == {"unreported"}
