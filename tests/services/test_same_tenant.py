"""A tenant is known by its own id: whatever names it is added by, it is read and counted once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connections

from seatkeeper.errors import BadInput, SameTenant
from seatkeeper.jobs import tenant_checks
from seatkeeper.model import RunStatus
from seatkeeper.notices.conditions import list_conditions
from seatkeeper.sandbox.world.people import DOMAIN
from seatkeeper.services import applications, runs, savings, tenants
from seatkeeper.services.listings import applications as listed
from seatkeeper.store.models import Account, Application, Connection, SeatHolder, Task
from seatkeeper.sync import identity
from tests.people import Quiet, Tenant, open_tenant

ALIAS = f"{DOMAIN.partition('.')[0]}.onmicrosoft.example"
OTHER = "0d0f2a52-9c3c-4d55-8d0c-1a2b3c4d5e6f"

VISIO = "microsoft-visio"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with open_tenant() as opened:
        yield opened


def sync(tenant: Tenant, name: str) -> list[runs.TaskResult]:
    return list(runs.sync(tenant.who, runs.SyncRequest(name), Quiet(), clock=tenant.clock))


def add_twice(tenant: Tenant) -> Application:
    """The same tenant by a domain, after it was read by its id."""
    tenant.sync()
    tenant.add(name="Second", tenant_id=DOMAIN)
    return applications.find_application(tenant.who, "Second")


def test_a_domain_is_resolved_at_the_first_contact(tenant: Tenant) -> None:
    applications.delete_application(tenant.who, tenant.name)
    tenant.add(tenant_id=DOMAIN)
    assert Connection.objects.get().directory_id == ""
    assert [result.exit_code for result in tenant.sync("licenses")] == [0]
    kept = Connection.objects.get()
    assert (kept.tenant_id, kept.directory_id) == (DOMAIN, tenant.sandbox.tenant_id)


def test_the_check_list_says_which_tenant_a_domain_is(tenant: Tenant) -> None:
    applications.delete_application(tenant.who, tenant.name)
    tenant.add(tenant_id=DOMAIN)
    checks = list(applications.authorize(tenant.who, tenant.name))
    assert any(check.passed and tenant.sandbox.tenant_id in check.message for check in checks)
    assert Connection.objects.get().directory_id == tenant.sandbox.tenant_id


def test_a_second_name_of_a_tenant_is_refused_at_its_first_contact_and_nothing_is_stored(tenant: Tenant) -> None:
    second = add_twice(tenant)
    before = savings.cost_by(tenant.who, "department")
    (result,) = sync(tenant, "Second")
    assert result.exit_code == 2
    assert result.run is not None
    assert result.run.status == RunStatus.REFUSED
    for word in (repr(tenant.name), DOMAIN, tenant.sandbox.tenant_id, "Delete one of the two", "shares the connection"):
        assert word in result.message
    assert not Account.objects.filter(connection=second.connection).exists()
    assert not SeatHolder.objects.filter(application=second).exists()
    assert savings.cost_by(tenant.who, "department") == before


def test_the_check_list_stops_at_a_second_name(tenant: Tenant) -> None:
    add_twice(tenant)
    *_, last = applications.authorize(tenant.who, "Second")
    assert (last.title, last.passed) == (tenant_checks.ONE_NAME, False)
    assert repr(tenant.name) in last.message


def test_a_duplicate_of_an_older_database_is_shown_and_in_no_total(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = add_twice(tenant)
    once = savings.cost_by(tenant.who, "department")
    with monkeypatch.context() as before:  # an earlier version read both
        before.setattr("seatkeeper.sync.run.recognize", lambda *_: None)
        assert {result.exit_code for result in sync(tenant, "Second")} == {0}
    held = SeatHolder.objects.filter(application=second).count()
    assert held > 0
    assert savings.cost_by(tenant.who, "department") != once

    assert [result.exit_code for result in sync(tenant, "Second")] == [2]
    second.refresh_from_db()
    assert savings.cost_by(tenant.who, "department") == once
    (row,) = [row for row in listed.rows(tenant.who) if row.pk == second.pk]
    assert getattr(row, "health") == "duplicate"  # noqa: B009 - the question adds it
    assert tenants.same_tenant_as(tenant.who, second) == f"“{tenant.name}”"
    (told,) = [c for c in list_conditions(tenant.who.organization_id, tenant.clock()) if c.kind == "same-tenant"]
    assert "“Second” is the same tenant as" in told.title
    assert SeatHolder.objects.filter(application=second).count() == held  # shown, never thrown away


def test_when_the_first_is_deleted_the_second_is_read(tenant: Tenant) -> None:
    second = add_twice(tenant)
    sync(tenant, "Second")
    applications.delete_application(tenant.who, tenant.name)
    assert {result.exit_code for result in sync(tenant, "Second")} == {0}
    second.connection.refresh_from_db()
    assert (second.connection.directory_id, second.connection.duplicate_of) == (tenant.sandbox.tenant_id, None)


def test_a_domain_that_came_to_mean_another_tenant_is_refused_and_nothing_is_stored(tenant: Tenant) -> None:
    applications.delete_application(tenant.who, tenant.name)
    tenant.add(tenant_id=DOMAIN)
    Connection.objects.update(directory_id=OTHER)
    (result,) = tenant.sync()
    assert (result.exit_code, result.run and result.run.status) == (3, RunStatus.REFUSED)
    assert OTHER in result.message
    assert tenant.sandbox.tenant_id in result.message
    assert not Account.objects.exists()
    assert Connection.objects.get().directory_id == OTHER


@pytest.mark.parametrize("name", ["id", "domain", "alias of a duplicate"])
def test_another_product_of_a_known_tenant_joins_its_connection_without_the_credential(
    tenant: Tenant, name: str
) -> None:
    applications.delete_application(tenant.who, tenant.name)
    tenant.add(tenant_id=DOMAIN)
    tenant.sync("licenses")
    if name == "alias of a duplicate":
        tenant.add(name="Duplicate", tenant_id=ALIAS)
        sync(tenant, "Duplicate")
    before = bytes(Connection.objects.get(tenant_id=DOMAIN).credential)
    typed = {"id": tenant.sandbox.tenant_id.upper(), "domain": DOMAIN}.get(name, ALIAS)
    ticked = Task.objects.filter(key="access")
    ticked.update(enabled=False)
    added = applications.add_application(tenant.who, applications.NewApplication(VISIO, "B", typed))
    assert added.connection.tenant_id == DOMAIN
    assert bytes(added.connection.credential) == before
    assert not ticked.filter(enabled=True).exists()  # what somebody unticked stays so
    assert tenants.list_sharing(tenant.who, VISIO, typed) == ["B", tenant.name]


@pytest.mark.usefixtures("made_up_credentials")
def test_another_credential_for_a_known_tenant_takes_the_place_of_its_own(tenant: Tenant) -> None:
    before = bytes(Connection.objects.get().credential)
    tenant.add(product=VISIO, name="B", client_id=OTHER, secret="another~secret.of-the-same-tenant")
    kept = Connection.objects.get()
    assert kept.client_id == OTHER
    assert bytes(kept.credential) != before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": OTHER}, ("Client ID", "other one too")),
        ({"client_id": "my-app"}, ("Client ID", "GUID")),
        ({"graph_url": "https://graph.example.org"}, ("Client Secret", "other addresses")),
    ],
)
def test_what_cannot_join_is_refused_and_nothing_is_saved(
    tenant: Tenant, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput) as refused:
        applications.add_application(
            tenant.who, applications.NewApplication(VISIO, "B", tenant.sandbox.tenant_id, **changes)
        )
    assert all(word in str(refused.value) for word in words)
    assert Application.objects.count() == 1


def test_a_tenant_that_is_not_known_needs_a_client_id(tenant: Tenant) -> None:
    with pytest.raises(BadInput, match="Client ID"):
        applications.add_application(tenant.who, applications.NewApplication("microsoft-project", "B", OTHER))


def test_of_two_first_contacts_at_once_one_is_refused(tenant: Tenant) -> None:
    tenant.add(name="Second", tenant_id=DOMAIN)
    Connection.objects.update(directory_id="")
    both, together, ended = list(Connection.objects.all()), threading.Barrier(2), []

    def contact(one: Connection) -> None:
        together.wait(20)
        try:
            identity.recognize(one, tenant.sandbox.tenant_id)
            ended.append("read")
        except SameTenant:
            ended.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=contact, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ended) == ["read", "refused"]
    assert Connection.objects.filter(directory_id=tenant.sandbox.tenant_id, duplicate_of=None).count() == 1


def test_an_older_database_learns_the_ids_that_were_typed_in(tenant: Tenant) -> None:
    tenant.add(name="Second", tenant_id=DOMAIN)
    Connection.objects.update(directory_id="")
    import_module("seatkeeper.store.migrations.0018_tenant_identity").fill(apps, None)
    assert set(Connection.objects.values_list("tenant_id", "directory_id")) == {
        (tenant.sandbox.tenant_id, tenant.sandbox.tenant_id),
        (DOMAIN, ""),
    }
