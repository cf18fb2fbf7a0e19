"""A look round: somebody signs in, the tenant is read once, and nothing stays but what they keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from seatkeeper.clock import days, hours, system_clock
from seatkeeper.errors import BadInput, CredentialsRejected, NotAllowed, NotSignedInYet, PermissionMissing
from seatkeeper.jobs import housekeeping, queue
from seatkeeper.model import RunStatus
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services import addresses, applications, look_rounds
from seatkeeper.services.application_input import Edit, NewApplication
from seatkeeper.services.look_rounds import Step
from seatkeeper.services.members import ROLES, Role, Who, operator
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Application, AuditEvent, Connection, Run, Seat, Task
from seatkeeper.sync import connecting
from seatkeeper.sync.vendors import find_vendor
from tests.people import TASKS, Tenant
from tests.signing_in import OTHER, press

pytestmark = pytest.mark.usefixtures("database")

SUITE = "microsoft-365"
PRODUCTS = ["microsoft-project", "microsoft-visio"]


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """Read by nobody yet; the clock is the machine's, as for the queue."""
    with Sandbox(people=40, days=10, seed=5) as sandbox:
        yield Tenant(sandbox, operator())


def new(tenant: Tenant, **changes: Any) -> NewApplication:
    return tenant.new_application(name="", secret=None, **changes)


def begin(tenant: Tenant, **changes: Any) -> Step:
    return look_rounds.begin(tenant.who, SUITE, new(tenant, **changes), PRODUCTS)


def look_round(tenant: Tenant, **changes: Any) -> list[Application]:
    step = begin(tenant, **changes)
    return look_rounds.finish(tenant.who, step.state, press(tenant.sandbox, step.address))


def run_all() -> None:
    for _ in range(10):
        for waiting in queue.list_waiting(system_clock()):
            queue.run_waiting(waiting, lambda: False)


def test_somebody_signs_in_and_sees_their_tenant_and_is_asked_for_nothing_but_to_read(tenant: Tenant) -> None:
    step = begin(tenant)
    assert step.permissions == ["LicenseAssignment.Read.All", "User.Read.All", "AuditLog.Read.All"]
    made = look_rounds.finish(tenant.who, step.state, press(tenant.sandbox, step.address))
    assert [each.product for each in made] == PRODUCTS
    run_all()
    assert set(Run.objects.values_list("status", flat=True)) == {RunStatus.COMPLETE}
    assert Seat.objects.filter(product=PRODUCTS[0]).exists()
    connection = Connection.objects.get()
    assert (connection.credential_kind, connection.client_id) == ("delegated", tenant.sandbox.client_id)
    assert AuditEvent.objects.filter(action="connection.signed_in").exists()


def test_the_tenant_is_read_once_and_then_only_when_somebody_asks(tenant: Tenant, monkeypatch: Any) -> None:
    look_round(tenant)
    run_all()
    runs = Run.objects.count()
    assert runs == len(TASKS)
    monkeypatch.setattr(queue, "system_clock", lambda: system_clock() + days(3))
    assert queue.list_waiting(system_clock() + days(3)) == []
    look_rounds.keep(tenant.who, Connection.objects.get().pk)
    assert len(queue.list_waiting(system_clock() + days(3))) == len(TASKS)


def test_what_nobody_keeps_is_forgotten_after_a_week_with_the_sign_in(tenant: Tenant, monkeypatch: Any) -> None:
    look_round(tenant)
    run_all()
    housekeeping.tidy()
    assert Connection.objects.exists()
    monkeypatch.setattr(housekeeping, "system_clock", lambda: system_clock() + days(8))
    housekeeping.tidy()
    assert [Connection.objects.count(), Application.objects.count(), Seat.objects.count(), Task.objects.count()] == [
        0
    ] * 4
    assert AuditEvent.objects.filter(action="connection.forgotten", who="Seatkeeper").exists()


def test_what_is_kept_is_not_forgotten(tenant: Tenant, monkeypatch: Any) -> None:
    look_round(tenant)
    look_rounds.keep(tenant.who, Connection.objects.get().pk)
    monkeypatch.setattr(housekeeping, "system_clock", lambda: system_clock() + days(800))
    housekeeping.tidy()
    assert Application.objects.count() == 2
    with pytest.raises(BadInput, match="read regularly"):
        look_rounds.forget(tenant.who, Connection.objects.get().pk)


def test_it_can_be_forgotten_at_once(tenant: Tenant) -> None:
    look_round(tenant)
    look_rounds.forget(tenant.who, Connection.objects.get().pk)
    assert not Connection.objects.exists()


def test_a_secret_that_is_given_later_keeps_the_tenant(tenant: Tenant) -> None:
    made = look_round(tenant)
    own = {key: getattr(new(tenant), key) for key in ("login_url", "graph_url", "ca_file")}
    edit = Edit(fields={"client_secret": tenant.sandbox.client_secret}, **own)
    applications.edit_application(tenant.who, made[0].pk, edit)
    connection = Connection.objects.get()
    assert (connection.credential_kind, connection.forget_at) == ("secret", None)


def test_a_new_refresh_token_is_sealed_as_it_comes(tenant: Tenant) -> None:
    look_round(tenant)
    before = bytes(Connection.objects.get().credential)
    run_all()
    after = Connection.objects.get()
    assert bytes(after.credential) != before
    kept = connecting.open_credential(after).reveal()
    assert any(token in kept for token in tenant.sandbox.tenant.refresh_tokens)
    assert not any(token.encode() in bytes(after.credential) for token in tenant.sandbox.tenant.refresh_tokens)


def test_a_credential_that_somebody_gave_during_a_run_is_not_replaced_by_the_run(tenant: Tenant) -> None:
    look_round(tenant)
    connection = Connection.objects.get()
    with connecting.open_connector(connection) as connector:
        connector.preflight().__next__()
        Connection.objects.update(credential=b"another", credential_kind="secret")
    assert bytes(Connection.objects.get().credential) == b"another"


def test_a_tenant_that_is_read_already_is_left_alone(tenant: Tenant) -> None:
    tenant.add()
    with pytest.raises(BadInput, match="read already"):
        begin(tenant)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"client_id": "nonsense"}, "not a GUID"),
        ({"tenant_id": "common"}, "stands for many tenants"),
        ({"threshold_days": 0}, "number of days"),
        ({"tasks": ["nonsense"]}, "is not a task"),
        ({"secret": "x"}, "takes the place of any other credential"),
    ],
)
def test_what_was_typed_in_wrong_is_told_before_anybody_signs_in(
    tenant: Tenant, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        look_rounds.begin(tenant.who, SUITE, replace(new(tenant), **changes), PRODUCTS)
    assert not tenant.sandbox.ledger


def test_the_secret_of_a_registration_that_wants_one_is_used_and_sealed(tenant: Tenant) -> None:
    tenant.sandbox.tenant.public_client = False
    look_round(tenant, fields={"client_secret": tenant.sandbox.client_secret})
    run_all()
    assert tenant.sandbox.client_secret in connecting.open_credential(Connection.objects.get()).reveal()
    assert Seat.objects.exists()


@pytest.mark.parametrize("who", [None, OTHER])
def test_nothing_is_saved_when_somebody_declines_or_may_not_agree(tenant: Tenant, who: int | None) -> None:
    step = begin(tenant)
    with pytest.raises(CredentialsRejected):
        look_rounds.finish(tenant.who, step.state, press(tenant.sandbox, step.address, who))
    assert not Connection.objects.exists()


def test_a_tenant_other_than_the_one_that_was_named_is_refused_and_nothing_saved(tenant: Tenant) -> None:
    step = begin(tenant)
    answer = press(tenant.sandbox, step.address)
    tenant.sandbox.tenant.tenant_id = "00000000-0000-4000-8000-00000000000f"  # another directory goes by that name now
    tenant.sandbox.tenant.domains.add(new(tenant).tenant_id or "")
    tenant.sandbox.tenant.domains.add(step.address.split("/")[3])
    with pytest.raises(CredentialsRejected, match="another tenant"):
        look_rounds.finish(tenant.who, step.state, answer)
    assert not Connection.objects.exists()


@pytest.mark.parametrize("state", ["", "nonsense", "AAAA"])
def test_a_state_that_is_not_ours_is_refused(tenant: Tenant, state: str) -> None:
    with pytest.raises(BadInput, match="no sign-in is under way"):
        look_rounds.finish(tenant.who, state, {})


def test_a_state_of_another_organization_is_refused(tenant: Tenant) -> None:
    step = begin(tenant)
    stranger = Who(tenant.who.organization_id + 1, "x", ROLES[Role.ADMINISTER])
    with pytest.raises(BadInput, match="no sign-in is under way"):
        look_rounds.finish(stranger, step.state, press(tenant.sandbox, step.address))


def test_a_sign_in_that_took_too_long_is_begun_again(tenant: Tenant, monkeypatch: Any) -> None:
    step = begin(tenant)
    monkeypatch.setattr(look_rounds, "system_clock", lambda: system_clock() + hours(1))
    with pytest.raises(BadInput, match="longer than 15 minutes"):
        look_rounds.finish(tenant.who, step.state, press(tenant.sandbox, step.address))


def test_where_the_way_back_would_be_refused_it_is_said_before(tenant: Tenant, monkeypatch: Any) -> None:
    address = SEATKEEPER.address._replace(origin="http://seats.example.com", host="seats.example.com")
    monkeypatch.setattr(addresses, "SEATKEEPER", SEATKEEPER._replace(address=address))
    with pytest.raises(BadInput, match="SEATKEEPER_URL"):
        begin(tenant)


def test_the_code_of_a_device_does_the_same(tenant: Tenant) -> None:
    step = look_rounds.begin(tenant.who, SUITE, new(tenant), PRODUCTS, by_code=True)
    with pytest.raises(NotSignedInYet):
        look_rounds.look(tenant.who, step.state)
    press(tenant.sandbox, step.address, code=step.code)
    assert [each.product for each in look_rounds.look(tenant.who, step.state)] == PRODUCTS


def test_who_signs_in_again_replaces_the_sign_in_and_nothing_else(tenant: Tenant) -> None:
    made = look_round(tenant)
    connection = Connection.objects.get()
    step = look_rounds.begin_again(tenant.who, connection.pk)
    again = look_rounds.finish(tenant.who, step.state, press(tenant.sandbox, step.address))
    assert [each.pk for each in again] == [each.pk for each in made]
    after = Connection.objects.get()
    assert bytes(after.credential) != bytes(connection.credential)
    assert after.forget_at == connection.forget_at


def test_nobody_signs_in_again_where_a_secret_is_used(tenant: Tenant) -> None:
    tenant.add()
    with pytest.raises(BadInput, match="credential of its own"):
        look_rounds.begin_again(tenant.who, Connection.objects.get().pk)


def test_a_task_that_nobody_agreed_to_says_so_in_words_of_a_sign_in(tenant: Tenant) -> None:
    made = look_round(tenant, tasks=["roster"])
    with connecting.open_connector(made[0].connection) as connector:
        checks = {check.title: check for check in connector.preflight({"roster"})}
        kind = next(task for task in find_vendor("microsoft").tasks if task.key == "access")
        with pytest.raises(PermissionMissing, match=r"Sign in again with this task ticked"):
            connector.require(kind)
    assert "delegated permission" in checks["Permission AuditLog.Read.All"].message
    assert not checks["Permission AuditLog.Read.All"].commands


def test_a_role_that_may_not_add_applications_may_not_look_round(tenant: Tenant) -> None:
    made = look_round(tenant)
    viewer = tenant.who._replace(may=ROLES[Role.VIEWER])
    calls: list[Any] = [
        lambda: look_rounds.begin(viewer, SUITE, new(tenant), PRODUCTS),
        lambda: look_rounds.begin_again(viewer, made[0].connection_id),
        lambda: look_rounds.keep(viewer, made[0].connection_id),
        lambda: look_rounds.forget(viewer, made[0].connection_id),
        lambda: look_rounds.finish(viewer, "", {}),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call()


def test_what_a_sign_in_gives_is_refused_where_it_is_made_up(tenant: Tenant) -> None:
    made_up = replace(new(tenant), name="X", fields={"sign_in": "nonsense"})
    with pytest.raises(BadInput, match="not what a sign-in has given"):
        applications.add_application(tenant.who, made_up)


def test_what_a_sign_in_gave_makes_a_look_round_over_rest_too(tenant: Tenant) -> None:
    made = look_round(tenant)
    given = connecting.open_credential(Connection.objects.get()).reveal()
    look_rounds.forget(tenant.who, made[0].connection_id)
    applications.add_application(tenant.who, replace(new(tenant), name="X", fields={"sign_in": given}))
    left = (Connection.objects.get().forget_at or 0) - system_clock()
    assert days(6) < left <= days(7)
