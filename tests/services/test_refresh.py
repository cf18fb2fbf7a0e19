"""What pages read says the same as the snapshot, changes at once, and lives through kills."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from seatkeeper import failpoints
from seatkeeper.clock import Clock, days
from seatkeeper.connectors.catalog import find_product
from seatkeeper.failpoints import Reached
from seatkeeper.insights.catalog import find_all
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.model import Grade, to_id, to_key
from seatkeeper.reporting import refresh
from seatkeeper.reporting.snapshot import take_snapshot
from seatkeeper.services import applications
from seatkeeper.store.models import (
    Application,
    DailySummary,
    Employee,
    Finding,
    FindingEvent,
    Recognition,
    SeatHolder,
    SignIn,
    UnlicensedUser,
)
from seatkeeper.store.queries import usage
from tests.people import open_tenant, read_tenant
from tests.thorough import in_turn

pytestmark = pytest.mark.usefixtures("database")


def the_application() -> Application:
    return Application.objects.get()


def compare_with_picture(clock: Clock) -> list[str]:
    """Every difference between what is stored and the exact snapshot."""
    snapshot = take_snapshot(the_application(), clock)
    exact = {
        to_id(h.account): (
            h.user_id, h.mail, h.first_name, h.last_name, h.department, h.blocked, h.guest, h.plans, h.active,
            h.last_login, h.last_possible, h.evidence.value, h.observed_since, activity(h, snapshot).value,
        )
        for h in snapshot.holders
    }  # fmt: skip
    fields = (
        "user_id", "email", "first_name", "last_name", "department", "blocked", "guest", "plans", "active_date",
        "last_login", "last_possible", "evidence", "observed_since", "status",
    )  # fmt: skip
    stored = {row[0]: row[1:] for row in SeatHolder.objects.values_list("object_id", *fields)}
    wrong = [f"{key}: {stored.get(key)}, not {exact.get(key)}" for key in stored.keys() | exact.keys()
             if stored.get(key) != exact.get(key)]  # fmt: skip
    found = sorted((f.key, f.user_id, f.plan, f.advice) for f in find_all(snapshot))
    living = sorted(Finding.objects.filter(resolved=None).values_list("key", "user_id", "plan", "advice"))
    return wrong if found == living else [*wrong, f"findings: {living}, not {found}"]


def compare_with_sign_ins() -> list[tuple[Any, ...]]:
    """Every difference between the unlicensed users that are stored and the sign-ins themselves, read one by one."""
    holders = {bytes(key) for key in SeatHolder.objects.values_list("account", flat=True)}
    direct = find_product("microsoft-project").uses_of(Grade.DIRECT, usage.list_apps())
    rows = SignIn.objects.filter(error_code=0, app__guid__in=direct)
    exact = Counter(bytes(key) for key in rows.values_list("account", flat=True) if bytes(key) not in holders)
    stored = {bytes(key): count for key, count in UnlicensedUser.objects.values_list("account", "sign_ins")}
    return sorted(exact.items() ^ stored.items())


@pytest.mark.parametrize("seed", in_turn(range(1, 4), 3))
def test_what_is_stored_equals_the_snapshot_on_every_day(seed: int) -> None:
    with open_tenant(people=120, seed=seed) as tenant:
        for _ in range(3):
            tenant.sync()
            assert compare_with_picture(tenant.clock) == []
            assert compare_with_sign_ins() == []
            tenant.move(days=5)
        assert DailySummary.objects.count() == 3


def test_a_daily_summary_counts_what_is_listed() -> None:
    with read_tenant():
        summary = DailySummary.objects.get()
        counts = [summary.active, summary.possibly_active, summary.inactive, summary.never_seen]
        assert [*counts, summary.not_observable] == [
            SeatHolder.objects.filter(status=kind).count() for kind in Activity
        ]
        assert summary.holders == SeatHolder.objects.count() > 0
        assert summary.findings == Finding.objects.filter(state="open").count() > 0
        assert summary.suspicious == UnlicensedUser.objects.filter(state="open").count() > 0


def test_nothing_is_refreshed_while_nothing_is_new() -> None:
    with read_tenant() as tenant:
        before = set(SeatHolder.objects.values_list("pk", flat=True))
        refresh.refresh_application(the_application(), tenant.clock)
        assert set(SeatHolder.objects.values_list("pk", flat=True)) == before
        applications.edit_application(tenant.who, tenant.name, applications.Edit(threshold_days=7))
        assert set(SeatHolder.objects.values_list("pk", flat=True)).isdisjoint(before)


def test_nothing_is_stored_before_anything_was_read() -> None:
    with open_tenant() as tenant:
        assert refresh.refresh_application(the_application(), tenant.clock) is None
        assert not DailySummary.objects.exists()


def test_a_kill_during_a_refresh_leaves_the_old_rows_whole() -> None:
    with read_tenant() as tenant:
        before = list(SeatHolder.objects.order_by("pk").values()), DailySummary.objects.get().refreshed
        tenant.move(days=2)
        failpoints.arm("FP:before-refreshed=error")
        with pytest.raises(Reached):
            tenant.sync()
        assert (list(SeatHolder.objects.order_by("pk").values()), DailySummary.objects.get().refreshed) == before
        refresh.refresh_application(the_application(), tenant.clock)
        assert compare_with_picture(tenant.clock) == []


def test_readers_see_the_old_rows_or_the_new_ones() -> None:
    with read_tenant() as tenant:
        application, stop, mixes, looks = the_application(), threading.Event(), [], []
        whole = SeatHolder.objects.count()

        def read() -> None:
            while not stop.is_set():
                seen = SeatHolder.objects.count()
                looks.append(seen)
                if seen != whole:
                    mixes.append(seen)
            connections.close_all()

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(5):
            DailySummary.objects.update(digest="")
            refresh.refresh_application(application, tenant.clock)
        stop.set()
        reader.join()
        assert looks
        assert mixes == []


def test_a_finding_is_resolved_by_a_newer_reading_and_never_by_a_click() -> None:
    with read_tenant(people=250, threshold_days=3) as tenant:
        before = set(Finding.objects.filter(resolved=None, key="unused").values_list("pk", flat=True))
        assert before
        applications.edit_application(tenant.who, tenant.name, applications.Edit(threshold_days=1000))
        refresh.refresh_application(the_application(), tenant.clock)
        assert set(Finding.objects.filter(resolved=None, key="unused").values_list("pk", flat=True)) == before
        tenant.move(days=4)
        tenant.sync()
        ended = Finding.objects.filter(pk__in=before, state="resolved", resolved__isnull=False)
        assert ended.exists()  # who used it since
        assert set(FindingEvent.objects.filter(finding__in=ended).values_list("state", "note")) == {
            ("open", ""), ("resolved", "used again")
        }  # fmt: skip
        waiting = Finding.objects.filter(pk__in=before, state="unproven", resolved=None)
        assert ended.count() + waiting.count() == len(before)


def test_a_decision_stays_while_the_finding_lives_and_while_it_cannot_be_said() -> None:
    with read_tenant(people=250, threshold_days=3) as tenant:
        first = Finding.objects.filter(resolved=None, key="unused").order_by("pk")[0]
        Finding.objects.filter(pk=first.pk).update(state="accepted")
        tenant.move(hours=1)
        tenant.sync()
        again = Finding.objects.get(pk=first.pk)
        assert (again.state, again.last_seen > first.last_seen) == ("accepted", True)
        for threshold in (1000, first.application.threshold_days):
            applications.edit_application(tenant.who, tenant.name, applications.Edit(threshold_days=threshold))
            tenant.move(hours=1)
            tenant.sync()
        assert Finding.objects.get(key=first.key, subject=first.subject).state == "accepted"


def test_the_list_of_employees_and_recognitions_name_the_unlicensed_users() -> None:
    with read_tenant(people=250) as tenant:
        application = the_application()
        one, two, three = UnlicensedUser.objects.order_by("pk")[:3]
        holder = SeatHolder.objects.filter(last_login__isnull=False).order_by("pk")[0]
        for row in SeatHolder.objects.exclude(pk=holder.pk):
            hire(application, row.user_id, active=True)
        hire(application, one.user_id, active=True)
        hire(application, two.user_id, active=False)
        hire(application, holder.user_id, active=False)
        refresh.refresh_application(application, tenant.clock)
        types = dict(UnlicensedUser.objects.values_list("object_id", "type"))
        assert [types[row.object_id] for row in (one, two, three, holder)] == [
            "Unknown", "Unauthorized", "Unrecognized", "Unauthorized"
        ]  # fmt: skip
        recognize(application, three.object_id, tenant.clock() + days(1))
        refresh.refresh_application(application, tenant.clock)
        assert UnlicensedUser.objects.get(object_id=three.object_id).state == "recognized"
        tenant.move(days=2)
        refresh.refresh_application(application, tenant.clock)
        assert UnlicensedUser.objects.get(object_id=three.object_id).type == "Unrecognized"


def hire(application: Application, address: str, *, active: bool) -> None:
    Employee.objects.update_or_create(
        organization_id=application.organization_id,
        email=address.casefold(),
        defaults={"active": active, "imported": 1},
    )


def recognize(application: Application, object_id: str, until: int) -> None:
    Recognition.objects.create(
        application=application, account=to_key(object_id), reason="A bot.", until=until, by="me", at=1
    )
