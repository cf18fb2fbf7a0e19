"""Mailboxes, from the tenant to what is said: an attribute of an account, no use, and unknown where nobody tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from seatkeeper.connectors.microsoft import mailboxes as microsoft
from seatkeeper.model import to_id
from seatkeeper.sandbox.graph import reports_office
from seatkeeper.services.listings import person
from seatkeeper.store.models import AccountFact, Application, Finding, LastUse, Quarantine, SeatHolder, Task
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

OFFICE, TASK = "office-365", "mailboxes"
ALL = ("licenses", "roster", TASK)
Row = dict[str, Any]


@contextmanager
def opened(tasks: tuple[str, ...] = ALL) -> Iterator[Tenant]:
    with open_tenant(
        people=80, everything=True, more_people=True, product=OFFICE, name="Office", tasks=tasks
    ) as tenant:
        tenant.name = "Office"
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        yield tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened() as found:
        yield found


def run(tenant: Tenant, *tasks: str) -> Any:
    return {result.kind.key: result for result in tenant.sync(*tasks)}[TASK]


def kept(name: str = "mailbox") -> dict[str, str]:
    return {to_id(bytes(row.account)): row.value for row in AccountFact.objects.filter(signal=TASK, name=name)}


def told(tenant: Tenant) -> dict[str, Row]:
    return {row["object_id"]: row for row in tenant.sandbox.truth()["products"][OFFICE]["mailboxes"]}


def found(state: str = "open") -> set[str]:
    rows = Finding.objects.filter(key="shared-mailbox", state=state)
    return set(rows.values_list("object_id", flat=True))


def rewrite(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """From now on the row of Sam comes changed; or every row, with `all_`."""
    plain, everybody = reports_office.mailbox_row, changes.pop("all_", False)

    def row_of(*given: Any) -> Row:
        row: Row = plain(*given)
        mine = everybody or row["userPrincipalName"].startswith("sam.")
        return {key: value for key, value in (row | changes if mine else row).items() if value != "missing"}

    monkeypatch.setattr(reports_office, "mailbox_row", row_of)


def id_of(name: str) -> str:
    return str(SeatHolder.objects.get(first_name=name).object_id)


def test_the_kind_of_each_mailbox_is_kept_with_size_and_archive_and_is_no_use(tenant: Tenant) -> None:
    done = run(tenant)
    assert (done.exit_code, done.run.quarantined) == (0, 0)
    true = told(tenant)
    assert {one: kind for one, kind in kept().items() if kind != "user"} == {
        one: row["kind"].lower() for one, row in true.items()
    }
    assert kept("mailbox size") == {one: str(row["size"]) for one, row in true.items()}
    assert kept("archive") == {one: "yes" if row["archive"] else "no" for one, row in true.items()}
    assert not LastUse.objects.exists()
    assert not [row for row in SeatHolder.objects.all() if row.signals]


def test_a_room_and_a_shared_mailbox_with_an_e3_are_found_and_people_are_not(tenant: Tenant) -> None:
    tenant.sync()
    true = told(tenant)
    assert {id_of("Ria"), id_of("Sam")} <= found() <= true.keys()
    small = {one for one, row in true.items() if row["size"] <= 50 * 10**9 and not row["archive"]}
    holders = set(SeatHolder.objects.values_list("object_id", flat=True))
    assert found() == small & holders
    page = person.read(tenant.who, Application.objects.get().pk, id_of("Ria"), tenant.clock)
    assert "The vendor's report calls the mailbox of the account that of a room, as of 2026-07-29." in page.why


def test_what_becomes_a_person_s_is_over_and_what_nobody_tells_any_more_waits(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.sync()
    sam = id_of("Sam")
    with monkeypatch.context() as patch:
        rewrite(patch, recipientType=None)
        tenant.move(days=1)
        tenant.sync()
        assert sam in found("unproven")
    tenant.move(days=1)
    tenant.sync()
    assert sam in found()
    rewrite(monkeypatch, recipientType="User")
    tenant.move(days=1)
    tenant.sync()
    assert sam in found("resolved")


def test_an_unticked_task_proves_nothing_any_more(tenant: Tenant) -> None:
    tenant.sync()
    Task.objects.filter(key=TASK).update(enabled=False)
    tenant.move(days=1)
    tenant.sync("roster")
    assert not found()
    assert found("unproven")


def test_a_report_that_tells_no_kind_says_so_and_calls_nobody_a_room(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(monkeypatch, recipientType="missing", all_=True)
    done = run(tenant)
    assert (done.exit_code, done.message) == (0, microsoft.UNTOLD)
    assert not AccountFact.objects.exists()
    assert not found()


def test_concealed_names_store_nothing(tenant: Tenant) -> None:
    tenant.sandbox.tenant.conceal_reports = True
    done = run(tenant)
    assert done.exit_code == 3
    assert "Display concealed" in done.message
    assert not AccountFact.objects.exists()
    assert Task.objects.get(key=TASK).full_read_at is None


def test_without_the_permission_it_alone_is_refused(tenant: Tenant) -> None:
    tenant.sandbox.tenant.permissions.discard("Reports.Read.All")
    results = {result.kind.key: result for result in tenant.sync()}
    assert [results[key].exit_code for key in ALL] == [0, 0, 3]
    assert "Reports.Read.All" in results[TASK].message
    assert "shared mailboxes" in results[TASK].message


def test_a_row_that_nobody_understands_is_set_aside_and_costs_itself_alone(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(monkeypatch, storageUsedInBytes=-5)
    assert run(tenant).exit_code == 6
    assert "less than nothing" in Quarantine.objects.get().reason
    assert id_of("Sam") not in kept()
    assert id_of("Ria") in kept()


def test_a_name_that_was_another_s_on_the_day_of_the_report_is_not_joined(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tenant.sandbox.tenant.directory
    gus = next(one for one in directory.stories if one.given == "Gus")  # created after the day of the report
    rewrite(monkeypatch, userPrincipalName=gus.upn)
    done = run(tenant)
    assert "Left out: 1 user names" in done.message
    assert gus.id not in kept()
