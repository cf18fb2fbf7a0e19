"""Checks of many tenants: each is made once, survives a process that dies, and says what to do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from seatkeeper.clock import seconds, system_clock
from seatkeeper.connectors.base import Check
from seatkeeper.errors import BadInput, BadSetting, NotAllowed
from seatkeeper.jobs import tenant_checks
from seatkeeper.services import customers
from seatkeeper.services import tenant_checks as service
from seatkeeper.services.customers import CustomerRow
from seatkeeper.services.members import operator
from seatkeeper.store.models import Connection, TenantCheck

pytestmark = pytest.mark.usefixtures("database")

CLIENT = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The connections that were checked, of which the third fails; the vendor is not asked."""
    found: list[int] = []

    def check(connection: Connection) -> Iterator[Check]:
        found.append(connection.pk)
        yield Check("Credential accepted", connection.tenant_id[-1] != "3", "Give another one.")
        yield Check("Sign-ins", None, "Not checked.")

    monkeypatch.setattr(tenant_checks, "list_checks", check)
    return found


def add(count: int) -> None:
    rows = [
        CustomerRow(number, {
            "name": f"Customer {number}", "tenant": str(uuid.UUID(int=number)), "client_id": CLIENT,
            "secret": "Sk8~the-secret", "products": "office-365",
        })
        for number in range(1, count + 1)
    ]  # fmt: skip
    customers.add(operator(), customers.preview_rows(operator(), rows))


def test_all_are_checked_and_each_says_what_to_do(checked: list[int]) -> None:
    add(5)
    assert service.ask(operator()) == 5
    assert service.progress(operator()) == (5, 0, 0)
    tenant_checks.check_due(lambda: False)
    assert len(checked) == len(set(checked)) == 5
    progress = service.progress(operator())
    assert (progress, progress.is_over, progress.percent) == ((5, 5, 1), True, 100)
    (failed,) = TenantCheck.objects.filter(passed=False)
    assert failed.message == "Credential accepted: Give another one."
    tenant_checks.check_due(lambda: False)
    assert len(checked) == 5, "once is enough"


def test_a_check_whose_process_died_is_made_again(checked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    add(2)
    service.ask(operator())
    with monkeypatch.context() as dying:
        dying.setattr(tenant_checks, "_check", lambda _: None)
        tenant_checks.check_due(lambda: False)
    tenant_checks.check_due(lambda: False)
    assert checked == [], "another process may be at it"
    later = system_clock() + tenant_checks.CLAIM + seconds(1)
    monkeypatch.setattr(tenant_checks, "system_clock", lambda: later)
    tenant_checks.check_due(lambda: False)
    assert len(checked) == 2


def test_who_stops_leaves_the_rest_for_later(checked: list[int]) -> None:
    add(3)
    service.ask(operator())
    tenant_checks.check_due(lambda: True)
    assert checked == []
    assert service.progress(operator()).done == 0


def test_only_those_that_were_asked_for_last_are_counted(checked: list[int]) -> None:
    add(3)
    service.ask(operator())
    tenant_checks.check_due(lambda: False)
    assert service.ask(operator(), Connection.objects.order_by("pk")[:1]) == 1
    assert service.progress(operator()) == (1, 0, 0)
    assert TenantCheck.objects.count() == 3


def test_a_credential_that_cannot_be_opened_fails_its_tenant_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def sealed(_: Connection) -> Iterator[Check]:
        yield from ()
        raise BadSetting("The saved credential was sealed with another SEATKEEPER_SECRET_KEY")

    add(1)
    monkeypatch.setattr(tenant_checks, "list_checks", sealed)
    service.ask(operator())
    tenant_checks.check_due(lambda: False)
    check = TenantCheck.objects.get()
    assert (check.passed, "another SEATKEEPER_SECRET_KEY" in check.message) == (False, True)


def test_of_addresses_of_ones_own_it_is_not_told_whether_they_refuse(checked: list[int]) -> None:
    add(1)
    connection = Connection.objects.get()
    silent = Check("Credential accepted", False, "Connection refused", unanswered=True)
    assert tenant_checks._tell(connection, silent) == "Connection refused"
    connection.login_url = "https://10.0.0.1"
    assert tenant_checks._tell(connection, silent) == "Nothing answers there as the vendor does."


def test_without_tenants_there_is_nothing_to_check() -> None:
    with pytest.raises(BadInput, match="no tenant is managed yet"):
        service.ask(operator())
    with pytest.raises(NotAllowed):
        service.ask(operator()._replace(may=frozenset()))
