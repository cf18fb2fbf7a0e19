"""A connection's state: what it manages, what could join it, and how each signal and permission of it stands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatkeeper.errors import NotAllowed, NotFound
from seatkeeper.model import RunStatus
from seatkeeper.services import applications, connections
from seatkeeper.services.connections import ConnectionState
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Connection, Run, Subscription, Task
from tests.people import NAME, Tenant, open_tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with read_tenant() as read:
        yield read


def state(tenant: Tenant) -> ConnectionState:
    return connections.read(tenant.who, Connection.objects.get().pk, tenant.clock)


def owned(tenant: Tenant, product: str) -> str:
    found = {each.product.key: each.owned.words for each in state(tenant).addable}
    return found[product]


def test_what_is_managed_and_what_could_be_are_all_products_of_the_vendor(tenant: Tenant) -> None:
    found = state(tenant)
    assert [each.application.name for each in found.managed] == [NAME]
    assert [each.product.key for each in found.addable] == [
        "microsoft-visio", "microsoft-365-copilot", "power-bi", "dynamics-365", "office-365",
    ]  # fmt: skip
    assert (found.vendor, found.names, found.health) == ("Microsoft", [tenant.sandbox.tenant_id], "healthy")


def test_what_the_tenant_owns_is_told_from_its_subscriptions_by_the_table_of_the_product(tenant: Tenant) -> None:
    bought = {row.part_number: row for row in Subscription.objects.filter(part_number__startswith="VISIO")}
    rows = sorted(row for row in bought if bought[row].enabled + bought[row].warning)
    said = "; ".join(f"{bought[row].enabled} {row} bought, {bought[row].consumed} assigned" for row in rows)
    assert owned(tenant, "microsoft-visio") == said
    (managed,) = state(tenant).managed
    assert "Dynamics 365 Team Members" in managed.owned.inside
    assert {seat.part_number for seat in managed.owned.seats} >= {"PROJECT_P1", "PROJECTPREMIUM"}
    assert owned(tenant, "power-bi") == "nothing"


def test_a_licence_inside_another_one_is_no_seat_of_what_it_carries(tenant: Tenant) -> None:
    pro = "70d33638-9c74-4d01-bfd3-562de28bd4ba"  # the plan BI_AZURE_P2
    row = Subscription.objects.get(part_number="SPE_E5")
    Subscription.objects.filter(pk=row.pk).update(plans=f"{row.plans},{pro}")
    assert owned(tenant, "power-bi") == "inside Microsoft 365 E5"
    row.pk, row.sku, row.part_number, row.plans = None, bytes(range(16)), "NOBODY_KNOWS_IT", pro
    row.enabled, row.warning, row.consumed = 1200, 0, 7
    row.save()
    assert owned(tenant, "power-bi") == "1,200 NOBODY_KNOWS_IT bought, 7 assigned; inside Microsoft 365 E5"


def test_before_the_licences_were_read_nothing_is_claimed_of_what_is_owned() -> None:
    with open_tenant() as tenant:
        found = state(tenant)
    assert {each.owned.words for each in found.addable} == {"not known until the licences were read"}
    assert {task.word for task in found.tasks if task.ticked} == {"never run"}
    assert {task.granted for task in found.tasks} == {None}
    assert found.health == "never run"


def test_each_task_says_how_it_stands_and_what_its_permission_adds(tenant: Tenant) -> None:
    tenant.move(hours=5)
    tasks = {task.key: task for task in state(tenant).tasks}
    roster, copilot = tasks["roster"], tasks["copilot-usage"]
    assert (roster.word, roster.ticked, roster.lag, roster.granted_words) == ("complete", True, "5 h ago", "granted")
    assert roster.permission.startswith("User.Read.All")
    assert (copilot.word, copilot.permission, copilot.granted_words) == (
        "not ticked",
        "Reports.Read.All",
        "not known yet",
    )
    assert copilot.without == "nobody can say who used Microsoft 365 Copilot"
    # One permission serves several tasks, so one that was never run knows it from the others.
    assert tasks["activity"].granted_words == "granted"


def test_a_permission_that_a_run_was_refused_for_is_missing_for_every_task_that_needs_it(tenant: Tenant) -> None:
    tenant.sandbox.tenant.permissions.discard("AuditLog.Read.All")
    tenant.sync("access")
    tasks = {task.key: task for task in state(tenant).tasks}
    assert (tasks["access"].word, tasks["access"].granted_words) == ("refused", "missing")
    assert "AuditLog.Read.All" in tasks["access"].message
    assert tasks["activity"].granted_words == "missing"
    assert tasks["roster"].granted_words == "granted"
    assert state(tenant).health == "failing"


def test_the_signals_of_a_product_are_told_with_their_lag(tenant: Tenant) -> None:
    Task.objects.filter(key="non-interactive-access").update(enabled=True)
    (managed,) = state(tenant).managed
    signals = {signal.key: signal for signal in managed.signals}
    assert list(signals)[:3] == ["sign-ins", "non-interactive-sign-ins", "report"]
    assert signals["sign-ins"].word == "complete"
    assert signals["sign-ins"].lag.startswith("complete up to 2026-07-31")
    assert (signals["non-interactive-sign-ins"].word, signals["non-interactive-sign-ins"].lag) == ("never run", "never")
    assert signals["report"].word == "never uploaded"
    assert signals["account-activity"].word == "not ticked"


def test_a_paused_task_is_called_paused_whatever_its_last_run_was(tenant: Tenant) -> None:
    Task.objects.filter(key="roster").update(paused=True)
    assert {task.key: task.word for task in state(tenant).tasks}["roster"] == "paused"


def test_a_deactivated_application_is_listed_and_does_not_hide_how_the_others_are_read(tenant: Tenant) -> None:
    tenant.add(product="microsoft-visio", name="Visio")
    applications.set_active(tenant.who, "Visio", active=False)
    (row,) = connections.list_connections(tenant.who)
    assert (row.products, row.applications, row.health) == ("Microsoft Project, Microsoft Visio", 2, "healthy")
    assert [each.application.active for each in state(tenant).managed] == [True, False]
    Run.objects.filter(task__key="roster").update(status=RunStatus.FAILED)
    assert connections.list_connections(tenant.who)[0].health == "failing"


def test_a_tenant_is_found_by_its_id_and_by_the_names_it_is_known_by(tenant: Tenant) -> None:
    Connection.objects.update(tenant_id="contoso.example")
    for name in ("contoso.example", "CONTOSO.example ", tenant.sandbox.tenant_id):
        assert connections.find_named(tenant.who, name) == Connection.objects.get()
    for name in ("", "fabrikam.example"):
        with pytest.raises(NotFound):
            connections.find_named(tenant.who, name)


def test_another_organization_s_connection_is_as_if_it_were_not_there(tenant: Tenant) -> None:
    stranger = Who(tenant.who.organization_id + 1, "stranger", frozenset(May))
    there = Connection.objects.get().pk
    assert connections.list_connections(stranger) == []
    for ask in (connections.find, connections.read):
        with pytest.raises(NotFound):
            ask(stranger, there)
    with pytest.raises(NotFound):
        connections.find_named(stranger, tenant.sandbox.tenant_id)


def test_who_may_not_see_applications_sees_no_connection(tenant: Tenant) -> None:
    nobody = Who(tenant.who.organization_id, "nobody")
    for ask in (connections.find, connections.read):
        with pytest.raises(NotAllowed):
            ask(nobody, Connection.objects.get().pk)
    with pytest.raises(NotAllowed):
        connections.list_connections(nobody)
    with pytest.raises(NotAllowed):
        connections.find_named(nobody, tenant.sandbox.tenant_id)


def test_the_state_holds_no_secret(tenant: Tenant) -> None:
    assert tenant.sandbox.client_secret not in repr(state(tenant))
