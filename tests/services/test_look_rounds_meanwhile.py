"""A look round and what others do meanwhile: the tenant is added, kept, joined by products, or never answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seatkeeper.clock import days, fixed_clock, hours, system_clock
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.connectors.microsoft.signing_in import Desk
from seatkeeper.errors import BadInput, NotFound, Unavailable
from seatkeeper.jobs import housekeeping, queue
from seatkeeper.model import to_text
from seatkeeper.notices import delivery, dispatch
from seatkeeper.notices.runs import find_overdue_tasks
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services import additions, addresses, applications, look_rounds, notice_targets
from seatkeeper.services.application_input import Edit
from seatkeeper.services.members import operator
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Application, Connection, Run, Task
from tests.people import TASKS, Tenant
from tests.services.test_look_rounds import begin, look_round, new, run_all
from tests.signing_in import press

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Sandbox(people=30, days=5, seed=5) as sandbox:
        yield Tenant(sandbox, operator())


@pytest.fixture
def meanwhile(monkeypatch: Any) -> Callable[[Callable[[], object]], None]:
    """Something that happens while the vendor is asked what came back."""

    def between(act: Callable[[], object]) -> None:
        def later(self: Any, *args: Any) -> Any:
            found = finish(self, *args)
            act()
            return found

        monkeypatch.setattr(Desk, "finish", later)

    finish = Desk.finish
    return between


def test_a_tenant_that_somebody_adds_during_the_sign_in_keeps_its_credential_and_is_not_forgotten(
    tenant: Tenant, meanwhile: Any
) -> None:
    step = begin(tenant)
    answer = press(tenant.sandbox, step.address)
    meanwhile(lambda: tenant.add(product="power-bi", name="Somebody else's"))
    with pytest.raises(BadInput, match="read already"):
        look_rounds.finish(tenant.who, step.state, answer)
    connection = Connection.objects.get()
    assert (connection.credential_kind, connection.forget_at) == ("secret", None)
    assert Application.objects.count() == 1


def test_a_tenant_that_is_read_already_by_another_of_its_names_is_left_alone(tenant: Tenant) -> None:
    tenant.add()
    domain = sorted(tenant.sandbox.tenant.domains)[0]
    step = begin(tenant, tenant_id=domain)
    with pytest.raises(BadInput, match="read already"):
        look_rounds.finish(tenant.who, step.state, press(tenant.sandbox, step.address))
    assert Connection.objects.get().credential_kind == "secret"


def test_the_tenant_is_known_by_its_own_id_as_soon_as_somebody_has_signed_in(tenant: Tenant) -> None:
    look_round(tenant, tenant_id=sorted(tenant.sandbox.tenant.domains)[0])
    assert Connection.objects.get().directory_id == tenant.sandbox.tenant_id


def test_a_secret_that_somebody_gives_during_another_sign_in_stays(tenant: Tenant, meanwhile: Any) -> None:
    made = look_round(tenant)
    step = look_rounds.begin_again(tenant.who, made[0].connection_id)
    answer = press(tenant.sandbox, step.address)
    own = {key: getattr(new(tenant), key) for key in ("login_url", "graph_url", "ca_file")}
    edit = Edit(fields={"client_secret": tenant.sandbox.client_secret}, **own)
    meanwhile(lambda: applications.edit_application(tenant.who, made[0].pk, edit))
    with pytest.raises(BadInput, match="credential of its own"):
        look_rounds.finish(tenant.who, step.state, answer)
    assert Connection.objects.get().credential_kind == "secret"


def test_a_tenant_that_is_forgotten_during_another_sign_in_is_not_there(tenant: Tenant, meanwhile: Any) -> None:
    made = look_round(tenant)
    step = look_rounds.begin_again(tenant.who, made[0].connection_id)
    answer = press(tenant.sandbox, step.address)
    meanwhile(lambda: look_rounds.forget(tenant.who, made[0].connection_id))
    with pytest.raises(NotFound):
        look_rounds.finish(tenant.who, step.state, answer)


def test_a_product_that_joins_a_look_round_is_read_once_too(tenant: Tenant) -> None:
    look_round(tenant)
    run_all()
    assert queue.list_waiting(system_clock()) == []
    additions.add_products(tenant.who, Connection.objects.get().pk, ["power-bi"])
    assert {Task.objects.get(pk=each.task_id).key for each in queue.list_waiting(system_clock())} == set(TASKS)
    run_all()
    assert queue.list_waiting(system_clock()) == []


def test_a_product_that_was_deactivated_in_a_look_round_is_read_again_when_it_comes_back(tenant: Tenant) -> None:
    made = look_round(tenant)
    run_all()
    applications.set_active(tenant.who, made[0].pk, active=False)
    assert queue.list_waiting(system_clock()) == []
    applications.set_active(tenant.who, made[0].pk, active=True)
    assert {Task.objects.get(pk=each.task_id).key for each in queue.list_waiting(system_clock())} == set(TASKS)
    run_all()
    assert queue.list_waiting(system_clock()) == []


def test_a_day_before_it_is_forgotten_somebody_is_told_once(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    look_round(tenant)
    heard: list[tuple[str, str, str]] = []
    monkeypatch.setattr(delivery, "send", lambda _to, m: heard.append((m.event, m.title, m.body)))
    target = notice_targets.NewTarget("hook", "https://93.184.215.14/hook", "webhook", ("look-round",))
    notice_targets.add(tenant.who, target)
    connection = Connection.objects.get()
    end = connection.forget_at or 0
    for moment in (end - days(2), end - days(1), end - hours(1)):
        dispatch.look_and_send(fixed_clock(moment))
    ((event, title, body),) = heard
    assert (event, connection.tenant_id in title, to_text(end)[:10] in title) == ("opened", True, True)
    assert f"/connections/{connection.pk}" in body
    look_rounds.keep(tenant.who, connection.pk)
    dispatch.look_and_send(lambda: end)
    assert [event for event, _title, _body in heard] == ["opened", "closed"]


def test_after_another_sign_in_it_is_read_at_once(tenant: Tenant) -> None:
    made = look_round(tenant)
    run_all()
    applications.set_active(tenant.who, made[0].pk, active=False)
    step = look_rounds.begin_again(tenant.who, made[0].connection_id)
    look_rounds.finish(tenant.who, step.state, press(tenant.sandbox, step.address))
    assert Task.objects.exclude(asked_by="").count() == len(TASKS)


def test_where_every_product_is_deactivated_another_sign_in_is_kept_and_nothing_read(tenant: Tenant) -> None:
    made = look_round(tenant)
    run_all()
    for each in made:
        applications.set_active(tenant.who, each.pk, active=False)
    step = look_rounds.begin_again(tenant.who, made[0].connection_id)
    look_rounds.finish(tenant.who, step.state, press(tenant.sandbox, step.address))
    assert not Task.objects.exclude(asked_by="").exists()


def test_nobody_is_told_that_a_look_round_is_overdue_that_was_read_once(tenant: Tenant) -> None:
    look_round(tenant)
    later = system_clock() + days(4)
    assert len(list(find_overdue_tasks(tenant.who.organization_id, later))) == len(TASKS), "it was never read"
    run_all()
    assert list(find_overdue_tasks(tenant.who.organization_id, later)) == []
    look_rounds.keep(tenant.who, Connection.objects.get().pk)
    assert len(list(find_overdue_tasks(tenant.who.organization_id, later))) == len(TASKS)


def test_what_is_forgotten_during_a_run_leaves_nothing_behind_and_stops_no_scheduler(
    tenant: Tenant, monkeypatch: Any
) -> None:
    made, identify = look_round(tenant), MicrosoftConnector.identify

    def forget(connector: MicrosoftConnector) -> str:
        look_rounds.forget(tenant.who, made[0].connection_id)
        return identify(connector)

    monkeypatch.setattr(MicrosoftConnector, "identify", forget)
    for waiting in queue.list_waiting(system_clock()):
        queue.run_waiting(waiting, lambda: False)
    assert not Connection.objects.exists()
    assert not Run.objects.exists()


def test_a_member_is_not_told_what_a_machine_inside_answers(tenant: Tenant, monkeypatch: Any) -> None:
    member = tenant.who._replace(member_id=1)
    monkeypatch.setattr(addresses, "SEATKEEPER", SEATKEEPER._replace(own_addresses=True))
    told = set()
    for changes in ({"login_url": "https://127.0.0.1:9"}, {"ca_file": ""}):  # one is closed, one shows what it is
        with pytest.raises(Unavailable) as caught:
            begin(Tenant(tenant.sandbox, member), **changes)
        told.add(str(caught.value).partition(" at ")[0])
    assert told == {"Nothing answers as the vendor does"}


def test_what_somebody_keeps_while_others_are_forgotten_stays(tenant: Tenant, monkeypatch: Any) -> None:
    look_round(tenant)
    kept = Connection.objects.get()
    other = {"tenant_id": "other.example.com", "client_id": kept.client_id, "created": 0, "forget_at": 1}
    Connection.objects.create(organization_id=kept.organization_id, **other)
    Connection.objects.filter(pk=kept.pk).update(forget_at=2)
    monkeypatch.setattr(housekeeping, "erase_after_commit", lambda: look_rounds.keep(tenant.who, kept.pk))
    housekeeping.forget_look_rounds()
    assert list(Connection.objects.values_list("pk", flat=True)) == [kept.pk]
