"""More products through one connection: what is said before, that it is all or nothing, and that it can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError

from seatkeeper.clock import days
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.reporting import daily_summary
from seatkeeper.services import additions, applications, audit, exceptions, findings, prices, savings
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import (
    Application,
    AuditEvent,
    Connection,
    DailySummary,
    Finding,
    FindingEvent,
    Run,
    Subscription,
    Task,
)
from seatkeeper.sync.vendors import list_products
from tests.people import NAME, Tenant, read_tenant
from tests.services.found import a_finding, refresh_now

pytestmark = pytest.mark.usefixtures("database")

VISIO, COPILOT, POWER_BI = "microsoft-visio", "microsoft-365-copilot", "power-bi"
MADE_OF = ("id", "refreshed", "generation", "licenses", "coverage", "digest")
OTHERS = [VISIO, COPILOT, POWER_BI, "dynamics-365", "office-365"]


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with read_tenant() as read:
        refresh_now(read)
        yield read


def there() -> int:
    return Connection.objects.get().pk


def preview(tenant: Tenant, *products: str) -> str:
    return "\n".join(additions.preview(tenant.who, there(), products))


def figures(tenant: Tenant) -> dict[str, Any]:
    """Every figure of Project: who holds a seat, who uses it, what it costs, and what is found."""
    summary = daily_summary.newest(applications.find_application(tenant.who, NAME))
    assert summary is not None
    # Neither which reading it is made of, nor when.
    told = {f.name: getattr(summary, f.name) for f in summary._meta.fields if f.name not in MADE_OF}
    return told | {
        "roster": tenant.roster(),
        "access": tenant.access(),
        "suspicious": tenant.suspicious(),
        "findings": tenant.findings(),
        "costs": savings.cost_by(tenant.who, "department"),
    }


def test_no_figure_of_project_changes_when_products_are_added_read_and_deleted_again(tenant: Tenant) -> None:
    before, connection = figures(tenant), Connection.objects.values().get()
    tasks = list(Task.objects.order_by("pk").values_list("key", "enabled", "every_hours"))
    made = additions.add_products(tenant.who, there(), OTHERS)
    assert len(made) == len(OTHERS)
    assert {result.exit_code for result in tenant.sync()} == {0}
    refresh_now(tenant)
    added = figures(tenant)
    del before["costs"], added["costs"]  # of the whole organization: the other products have costs, too
    assert added == before
    for application in made:
        applications.delete_application(tenant.who, application.name)
    assert {result.exit_code for result in tenant.sync()} == {0}
    refresh_now(tenant)
    after = figures(tenant)
    del after["costs"]
    assert after == before
    same = Connection.objects.values().get()
    assert same | {"log_since": None} == connection | {"log_since": None}
    assert list(Task.objects.order_by("pk").values_list("key", "enabled", "every_hours")) == tasks


def life(tenant: Tenant) -> dict[str, Any]:
    """What became of Project so far: every day's figures before today, each finding's state, and who decided what."""
    mine = Application.objects.get(name=NAME)
    told = [f.name for f in DailySummary._meta.fields if f.name not in MADE_OF]
    past = DailySummary.objects.filter(application=mine, day__lt=tenant.clock() // days(1))
    events = FindingEvent.objects.filter(finding__application=mine).order_by("finding", "pk")
    return {
        "days": list(past.order_by("day").values(*told)),
        "states": list(Finding.objects.filter(application=mine).order_by("pk").values_list("key", "subject", "state")),
        "events": list(events.values_list("finding", "state", "by", "note")),
    }


@pytest.mark.deep
def test_in_mid_life_no_figure_no_decision_and_no_day_of_project_changes(tenant: Tenant) -> None:
    tenant.move(hours=50)
    assert {result.exit_code for result in tenant.sync()} == {0}
    prices.load_example(tenant.who, tenant.clock)
    findings.accept(tenant.who, a_finding("blocked").pk, "agreed", tenant.clock)
    leave = exceptions.NewException("person", a_finding("never-seen").user_id, "on leave")
    exceptions.exempt(tenant.who, NAME, leave, tenant.clock)
    refresh_now(tenant)
    before, lived = figures(tenant), life(tenant)
    assert before["saved"] is not None
    assert {"accepted", "excepted", "open"} <= {state for _key, _subject, state in lived["states"]}
    assert lived["days"]
    additions.add_products(tenant.who, there(), OTHERS)
    assert {result.exit_code for result in tenant.sync()} == {0}
    refresh_now(tenant)
    after = figures(tenant)
    del before["costs"], after["costs"]
    assert after == before
    assert life(tenant) == lived


def test_costs_of_the_organization_are_what_they_were_after_the_undoing(tenant: Tenant) -> None:
    before = savings.cost_by(tenant.who, "department")
    for application in additions.add_products(tenant.who, there(), [VISIO]):
        applications.delete_application(tenant.who, application.name)
    refresh_now(tenant)
    assert savings.cost_by(tenant.who, "department") == before


def test_after_adding_only_sign_ins_to_what_is_new_are_read(tenant: Tenant) -> None:
    tenant.sync("access")
    usual = Run.objects.filter(task__key="access").latest("pk").rows
    additions.add_products(tenant.who, there(), [VISIO])
    tenant.sync("access")
    assert Run.objects.filter(task__key="access").latest("pk").rows == usual
    said = preview(tenant, COPILOT)
    assert "the next run of Application Access reads sign-ins to M365 Chat Client" in said
    additions.add_products(tenant.who, there(), [COPILOT])
    tenant.sync("access")
    applications.delete_application(tenant.who, "Microsoft 365 Copilot")
    assert "sign-ins to M365 Chat Client were read before, and are not read again" in preview(tenant, COPILOT)


def test_the_preview_says_what_comes_what_is_to_be_ticked_and_how_to_undo_it_and_changes_nothing(
    tenant: Tenant,
) -> None:
    said = preview(tenant, COPILOT, VISIO)
    for words in (
        "Microsoft Visio is added as “Microsoft Visio”. By what was read last, the tenant owns: ",
        "No sign-in shows the use of Microsoft Visio",
        "Of what is managed already, no sign-in is read again.",
        "The next run of Application Roster reads everybody once",
        "Tick the task Copilot Usage afterwards; it needs the permission Reports.Read.All. Without it, nobody can say",
        f"No figure of “{NAME}” changes.",
        "No seat is counted twice",
        "To undo it, delete “Microsoft Visio” and “Microsoft 365 Copilot”",
    ):
        assert words in said
    assert Application.objects.count() == 1
    Task.objects.filter(key="copilot-usage").update(enabled=True)
    assert "Copilot Usage" not in preview(tenant, COPILOT)
    Task.objects.filter(key="access").update(enabled=False)
    assert "Tick the task Application Access afterwards" in preview(tenant, VISIO)


def test_the_preview_says_which_licences_are_listed_in_two_products(tenant: Tenant) -> None:
    row = Subscription.objects.get(part_number="PROJECT_P1")
    visio = "663a804f-1c30-4ff0-9915-9db84f0d1cea"  # a plan of Visio
    row.pk, row.sku, row.part_number, row.plans = None, bytes(range(16)), "BOTH", f"{row.plans},{visio}"
    row.save()
    assert f"Except BOTH, of which no table tells: it is listed in “{NAME}” as well." in preview(tenant, VISIO)


def test_no_licence_is_a_seat_of_two_products_by_the_shipped_table() -> None:
    seats = [sku.id for product in list_products() for sku in product.skus if sku.kind == "seat"]
    assert len(seats) == len(set(seats))


@pytest.mark.parametrize(
    ("products", "words"),
    [
        ([], "tick at least one product"),
        ([VISIO, "microsoft-word"], "'microsoft-word' is not a product of this vendor"),
        ([VISIO, VISIO], "'microsoft-visio' is given twice"),
        ([VISIO, "microsoft-project"], f"managed already, as '{NAME}'"),
    ],
)
def test_what_cannot_be_added_is_refused_whole_by_preview_and_by_adding(
    tenant: Tenant, products: list[str], words: str
) -> None:
    for ask in (additions.preview, additions.add_products):
        with pytest.raises(BadInput) as refused:
            ask(tenant.who, there(), products)
        assert words in str(refused.value)
        assert refused.value.first.field == "products"
    assert Application.objects.count() == 1


def test_a_deactivated_application_is_to_be_reactivated(tenant: Tenant) -> None:
    applications.set_active(tenant.who, NAME, active=False)
    with pytest.raises(BadInput, match="deactivated: reactivate it"):
        additions.add_products(tenant.who, there(), ["microsoft-project"])


def test_a_tenant_that_is_read_by_another_of_its_names_is_added_to_there(tenant: Tenant) -> None:
    tenant.add(name="Second", tenant_id="second.example")
    first, second = Connection.objects.order_by("pk")
    Connection.objects.filter(pk=second.pk).update(duplicate_of=first)
    with pytest.raises(BadInput, match=f"read as {tenant.sandbox.tenant_id}"):
        additions.add_products(tenant.who, second.pk, [VISIO])


def test_when_the_last_of_several_cannot_be_saved_none_is(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def fail_at_the_second(who: Who, action: str, subject: str, detail: str = "") -> None:
        told.append(subject)
        if len(told) == 2:
            raise IntegrityError

    monkeypatch.setattr(audit, "record", fail_at_the_second)
    with pytest.raises(IntegrityError):
        additions.add_products(tenant.who, there(), [VISIO, POWER_BI])
    assert len(told) == 2
    assert Application.objects.count() == 1


def test_each_addition_stands_in_the_trail_and_has_figures_at_once(tenant: Tenant) -> None:
    made = additions.add_products(tenant.who, there(), [POWER_BI, VISIO])
    events = AuditEvent.objects.filter(action="application.added").order_by("-pk")[:2]
    assert {event.subject for event in events} == {"Microsoft Visio", "Microsoft Power BI"}
    assert all(daily_summary.newest(application) for application in made)


def test_a_name_that_is_taken_is_made_free_by_the_tenant_s(tenant: Tenant) -> None:
    Application.objects.update(name="Microsoft Visio")
    long = f"Microsoft Power BI ({tenant.sandbox.tenant_id})"
    (visio,) = additions.add_products(tenant.who, there(), [VISIO])
    assert visio.name == f"Microsoft Visio ({tenant.sandbox.tenant_id})"
    Application.objects.filter(product="microsoft-project").update(name="Microsoft Power BI")
    Application.objects.filter(product=VISIO).update(name=long)
    (power_bi,) = additions.add_products(tenant.who, there(), [POWER_BI])
    assert power_bi.name == "Microsoft Power BI 2"


def test_only_who_may_change_applications_adds_and_nobody_to_another_organization_s(tenant: Tenant) -> None:
    viewer = Who(tenant.who.organization_id, "viewer", frozenset({May.SEE}))
    stranger = Who(tenant.who.organization_id + 1, "stranger", frozenset(May))
    for ask in (additions.preview, additions.add_products):
        with pytest.raises(NotAllowed):
            ask(viewer, there(), [VISIO])
    with pytest.raises(NotFound):
        additions.preview(stranger, there(), [VISIO])
    assert Application.objects.count() == 1
