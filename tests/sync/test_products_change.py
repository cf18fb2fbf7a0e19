"""Another product, or another application of one: what was proven and what people decided stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from seatkeeper.app_uses import EVERY, AppSignIns
from seatkeeper.clock import days
from seatkeeper.model import CoverageState, to_instant
from seatkeeper.services import coverage, exceptions, findings, roster
from seatkeeper.services.exceptions import NewException
from seatkeeper.spans import Span, intersect, subtract
from seatkeeper.store.models import Application, ApplicationSet, Coverage, DailySummary, Finding, Run
from seatkeeper.sync.coverage import SignInCoverage, number_of
from tests.people import NAME, Tenant, open_tenant, read_tenant, rows
from tests.products import POWER_BI, PROJECT, SECOND, UNUSED, VISIO, ship

PROJECT_APPS = frozenset(app.id for app in PROJECT.apps)
Asked = dict[frozenset[str], list[Span]]


@pytest.fixture
def tenant(database: object) -> Iterator[Tenant]:
    """Sixty days of history after the first thirty, with something decided on findings of each kind."""
    with read_tenant(people=120, seed=3, churn=0.0, sign_ins=30, threshold_days=30) as tenant:
        for _ in range(3):
            tenant.move(days=20)
            tenant.sync()
        for key in ("unused", "never-seen", "blocked", "unassigned"):
            finding = Finding.objects.filter(key=key, state="open").order_by("pk")[0]
            findings.accept(tenant.who, finding.pk, "asked her manager", tenant.clock)
        excepted = Finding.objects.filter(key="unused", state="open").order_by("pk")[0]
        exceptions.exempt(tenant.who, NAME, NewException("person", excepted.object_id, "on leave"), tenant.clock)
        yield tenant


def ledger(tenant: Tenant, name: str = NAME) -> SignInCoverage:
    return coverage.sign_in_coverage(tenant.who, name, tenant.clock)


def living() -> dict[tuple[str, str], tuple[int, str]]:
    rows = Finding.objects.filter(application__name=NAME, resolved=None)
    return {(row.key, row.subject): (row.pk, row.state) for row in rows}


def read(tenant: Tenant) -> Asked:
    """Read the sign-ins, and say which stretches of time were asked for of which applications."""
    tenant.sandbox.tenant.ledger.clear()
    assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
    asked: Asked = {}
    for entry in tenant.sandbox.ledger:
        if entry["path"].endswith("/signIns"):
            told = unquote(entry["query"])
            if "appId eq" not in told:  # how far back the log goes
                continue
            start, end = (to_instant(moment) for moment in re.findall(r"createdDateTime [gl]e (\S+)", told))
            asked.setdefault(frozenset(re.findall(r"appId eq '([^']+)'", told)), []).append(Span(start, end))
    return asked


def claimed() -> Asked:
    """Which stretches of time the newest reading calls read, of which applications."""
    found: Asked = {}
    for row in Coverage.objects.filter(run=Run.objects.filter(task__key="access").latest("pk")).select_related("asked"):
        apps = frozenset(app for app, _kind, _side in json.loads(row.asked.members))
        found.setdefault(apps, []).append(Span(row.start, row.end))
    return found


def whole(spans: list[Span]) -> Span:
    """The stretch that windows tile."""
    (span,) = subtract(Span(0, 2**60), subtract(Span(0, 2**60), spans))
    return span


def test_another_product_takes_no_day_and_no_finding_from_the_first(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven, findings, now = ledger(tenant).proven, living(), tenant.clock()
    assert [span.end - span.start for span in proven] == [days(89)]

    ship(monkeypatch, PROJECT, SECOND)
    tenant.add(product="second", name="Second")
    assert ledger(tenant).proven == proven
    asked = read(tenant)

    assert {apps: whole(spans) for apps, spans in asked.items()} == {
        frozenset({POWER_BI.id}): Span(now - days(30), now - days(1)),
        PROJECT_APPS | {POWER_BI.id}: Span(now - days(1), now),
    }
    assert {apps: sorted(spans) for apps, spans in claimed().items()} == {apps: sorted(s) for apps, s in asked.items()}
    assert ledger(tenant).proven == proven
    assert ledger(tenant, "Second").proven == [Span(now - days(30), now - days(1))]
    assert living() == findings

    tenant.move(days=1)
    assert list(read(tenant)) == [PROJECT_APPS | {POWER_BI.id}]
    assert [span.end - span.start for span in ledger(tenant).proven] == [days(90)]
    assert not Finding.objects.filter(state="unproven").exists()
    assert decided(living()) == decided(findings)


def test_what_is_read_of_the_past_for_a_new_product_did_not_come_late(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.move(
        days=8
    )  # a day on which the last fourteen days are doubted, so that one question asks for both products
    ship(monkeypatch, PROJECT, SECOND)
    tenant.add(product="second", name="Second")
    tenant.sync("access")
    assert Run.objects.filter(task__key="access").latest("pk").added > 0
    assert ledger(tenant).longest_late <= days(1)


def test_another_application_of_a_product_is_proven_from_where_it_is_read_and_decisions_wait_for_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings, now = living(), tenant.clock()
    uses = {state for (key, _), (_, state) in findings.items() if key == "unused"}
    assert uses >= {"accepted", "excepted"}

    ship(monkeypatch, msgspec.structs.replace(PROJECT, apps=(*PROJECT.apps, UNUSED)))
    assert ledger(tenant).proven == []
    asked = read(tenant)

    assert {apps: whole(spans) for apps, spans in asked.items()} == {
        frozenset({UNUSED.id}): Span(now - days(30), now - days(1)),
        PROJECT_APPS | {UNUSED.id}: Span(now - days(1), now),
    }
    assert ledger(tenant).proven == [Span(now - days(30), now - days(1))]
    assert CoverageState.LOST not in {part.state for part in ledger(tenant).stretches}
    # Of 29 days nobody can be said to have done nothing for 30; that a seat was never used can be said of any time.
    states = dict(Finding.objects.values_list("pk", "state"))
    for (key, _subject), (row_id, state) in findings.items():
        assert states[row_id] == ("unproven" if key == "unused" else state)
    assert DailySummary.objects.latest("day").findings == Finding.objects.filter(state="open").count()

    for _ in range(2):
        tenant.move(days=10)
        tenant.sync()
    back = decided(living())
    assert back.items() <= decided(findings).items()  # nothing is there twice, or came back as another
    gone = [row_id for name, (row_id, _) in decided(findings).items() if name not in back]
    ends = set(Finding.objects.filter(pk__in=gone).values_list("findingevent__note", flat=True))
    assert ends <= {"", "used again", "asked her manager"}
    assert [state for (key, _), (_, state) in back.items() if key == "unused"] != []


def decided(findings: dict[tuple[str, str], tuple[int, Any]]) -> dict[tuple[str, str], tuple[int, str]]:
    return {name: found for name, found in findings.items() if found[1] in ("accepted", "excepted")}


def test_a_sign_in_is_one_row_whichever_question_brought_it(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    ship(monkeypatch, PROJECT, msgspec.structs.replace(SECOND, apps=(POWER_BI, PROJECT.apps[0])))
    tenant.add(product="second", name="Second")
    before = ledger(tenant)
    tenant.sync("access", full=True)
    assert tenant.sync("access")[0].run is not None
    newest = Run.objects.filter(task__key="access").latest("pk")
    assert newest.added == 0
    assert intersect([before.proven, ledger(tenant).proven]) == before.proven


def test_thousands_of_readings_share_their_sets(tenant: Tenant) -> None:
    assert ApplicationSet.objects.count() == 1


def test_a_product_that_no_sign_in_tells_of_asks_for_nothing_and_is_not_observable(database: object) -> None:
    with read_tenant(people=120) as tenant:
        tenant.add(product=VISIO.key, name="Visio")
        assert list(read(tenant)) == [PROJECT_APPS]
        found = ledger(tenant, "Visio")
        assert (list(found.stretches), list(found.proven)) == ([], [])
        activity = {row["Status"] for row in rows(roster.access(tenant.who, "Visio"))}
        assert activity == {"not observable"}
        assert not Finding.objects.filter(application__name="Visio", key__in=("unused", "never-seen")).exists()


def test_nobody_on_such_a_product_is_called_unused_or_never_seen_by_coverage_alone(tenant: Tenant) -> None:
    """Ninety days of every sign-in in the tenant, three times the threshold: they show nothing, and prove nothing."""
    now = tenant.clock()
    Coverage.objects.create(
        connection=Application.objects.get(name=NAME).connection,
        asked_id=number_of(frozenset({AppSignIns(EVERY)})),
        run=Run.objects.latest("pk"),
        start=now - days(90),
        end=now,
        read_at=now,
    )
    tenant.add(product=VISIO.key, name="Visio", threshold_days=30)
    tenant.sync()
    idle = ("unused", "never-seen")
    statuses = {name: {row["Status"] for row in rows(roster.access(tenant.who, name))} for name in (NAME, "Visio")}
    assert {"inactive", "never seen"} <= statuses[NAME]
    assert statuses["Visio"] == {"not observable"}
    assert {row.application.name for row in Finding.objects.filter(key__in=idle)} == {NAME}
    assert (list(ledger(tenant, "Visio").proven), list(ledger(tenant, "Visio").stretches)) == ([], [])


def test_where_only_such_a_product_is_managed_no_sign_in_is_read(database: object) -> None:
    with open_tenant(people=60, product=VISIO.key) as tenant:
        assert read(tenant) == {}
        assert not Coverage.objects.exists()
