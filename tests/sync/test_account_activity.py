"""Account Activity, from the tenant to the verdict: optional, slow, and never more than it can prove."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days
from seatkeeper.connectors.microsoft import activity as microsoft
from seatkeeper.model import RunStatus, to_id, to_instant
from seatkeeper.sandbox.world.account_activity import sign_in_activity
from seatkeeper.services import applications
from seatkeeper.services.applications import Edit
from seatkeeper.store.models import LastUse, Quarantine, SeatHolder, Task
from tests.people import NOW, Tenant, open_tenant

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.deep]
ALL = ("licenses", "roster", "access", "activity")


def kept() -> dict[str, int]:
    return {to_id(bytes(row.account)): row.last for row in LastUse.objects.all()}


def told(tenant: Tenant) -> dict[str, int]:
    """What the directory says, by the vendor's own words: the newest success, else the newest try."""
    world, found = tenant.sandbox.tenant, {}
    for number in range(world.directory.people):
        person, shape = world.directory.at(number, world.seconds), sign_in_activity(world, number) or {}
        text = shape.get("lastSuccessfulSignInDateTime") or shape.get("lastSignInDateTime")
        if person and text:
            found[person.id] = to_instant(text)
    return found


def test_it_is_read_only_where_somebody_ticked_it() -> None:
    with open_tenant() as tenant:
        assert [result.kind.key for result in tenant.sync()] == ["licenses", "roster", "access"]
        applications.edit_application(tenant.who, tenant.name, Edit(tasks=ALL))
        assert [result.kind.key for result in tenant.sync()] == list(ALL)
        assert kept()
        applications.edit_application(tenant.who, tenant.name, Edit(tasks=ALL[:3]))
        tenant.move(days=1)
        tenant.sync()
        assert not SeatHolder.objects.exclude(last_in_tenant=None).exists()  # what is known stays, and is not shown


def test_what_is_kept_is_what_the_directory_tells_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microsoft, "QUESTION", microsoft.QUESTION.replace("120", "7"))
    with open_tenant(tasks=ALL) as tenant:
        tenant.sync()
        (result,) = tenant.sync("activity")
        assert result.run is not None
        assert (result.run.status, result.run.pages > 8) == (RunStatus.COMPLETE, True)
        assert kept() == told(tenant)
        tenant.move(days=3)
        tenant.sync("activity")
        assert kept() == told(tenant)


def test_a_read_that_breaks_off_keeps_what_it_was_told_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microsoft, "QUESTION", microsoft.QUESTION.replace("120", "7"))
    with open_tenant(tasks=ALL) as tenant:
        tenant.sync("roster")
        tenant.sandbox.tenant.switch_on("server-error", "3")
        (result,) = tenant.sync("activity")
        assert result.exit_code == 4
        some = kept()
        assert 0 < len(some) < len(told(tenant))
        assert some.items() <= told(tenant).items()
        assert Task.objects.get(key="activity").full_read_at is None


def test_rows_that_cannot_be_right_are_set_aside_and_met_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_tenant(tasks=ALL) as tenant:
        monkeypatch.setattr(microsoft, "to_instant", lambda text: to_instant(f"{text}?"))
        (result,) = tenant.sync("activity")
        assert result.exit_code == 6
        assert Quarantine.objects.filter(task="activity", resolved=False).exists()
        assert not kept()
        monkeypatch.undo()
        (result,) = tenant.sync("activity")
        assert result.exit_code == 0
        assert not Quarantine.objects.filter(resolved=False).exists()


def test_who_used_another_application_alone_is_possible_and_no_more_never_seen() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        before = {row["Object ID"]: row for row in tenant.access()}
        applications.edit_application(tenant.who, tenant.name, Edit(tasks=ALL))
        tenant.sync()
        now = {row["Object ID"]: row for row in tenant.access()}
        moved = [one for one in now if before[one]["Evidence"] == "none seen" and now[one]["Evidence"] == "possible"]
        assert moved
        assert all(now[one]["Last In Tenant"] for one in moved)
        for one in now:
            if before[one]["Evidence"] == "confirmed":
                assert (now[one]["Evidence"], now[one]["Last Login"]) == ("confirmed", before[one]["Last Login"])
        silent = [one for one in now if not now[one]["Last In Tenant"]]
        assert silent
        assert all(now[one]["Evidence"] == before[one]["Evidence"] for one in silent)  # silence proves nothing


def test_a_date_of_tomorrow_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_tenant(tasks=ALL) as tenant:
        monkeypatch.setattr(microsoft, "to_instant", lambda text: to_instant(text) + days(400))
        tenant.sync("activity")
        assert not [last for last in kept().values() if last > to_instant(NOW)]
