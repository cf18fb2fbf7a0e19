"""What pages read says the same as the picture, changes at once, and lives through kills."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from seatkeeper import failpoints
from seatkeeper.clock import Clock, days
from seatkeeper.failpoints import Reached
from seatkeeper.insights.catalog import find_all
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.model import to_id, to_key
from seatkeeper.services import applications, drawing
from seatkeeper.services.picture import draw_picture
from seatkeeper.store.models import (
    Application,
    Employee,
    Finding,
    FindingEvent,
    Holding,
    Recognition,
    Standing,
    Stranger,
    UncountedDay,
    UseDay,
)
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")


def the_application() -> Application:
    return Application.objects.get()


def compare_with_picture(clock: Clock) -> list[str]:
    """Every difference between what is drawn and the exact picture."""
    picture = draw_picture(the_application(), clock)
    exact = {
        to_id(h.account): (
            h.user_id, h.mail, h.first_name, h.last_name, h.department, h.blocked, h.guest, h.plans, h.active,
            h.last_login, h.last_possible, h.evidence.value, h.observed_since, activity(h, picture).value,
        )
        for h in picture.holders
    }  # fmt: skip
    fields = (
        "user_id", "email", "first_name", "last_name", "department", "blocked", "guest", "plans", "active_date",
        "last_login", "last_possible", "evidence", "observed_since", "status",
    )  # fmt: skip
    drawn = {row[0]: row[1:] for row in Holding.objects.values_list("object_id", *fields)}
    wrong = [f"{key}: {drawn.get(key)}, not {exact.get(key)}" for key in drawn.keys() | exact.keys()
             if drawn.get(key) != exact.get(key)]  # fmt: skip
    found = sorted((f.key, f.user_id, f.plan, f.advice) for f in find_all(picture))
    living = sorted(Finding.objects.filter(resolved=None).values_list("key", "user_id", "plan", "advice"))
    return wrong if found == living else [*wrong, f"findings: {living}, not {found}"]


def compare_strangers(tenant: Tenant) -> list[tuple[Any, ...]]:
    exact = {(row["User ID"], row["Sign-ins"], row["State"]) for row in tenant.suspicious()}
    return sorted(exact ^ set(Stranger.objects.values_list("user_id", "sign_ins", "state")))


@pytest.mark.parametrize("seed", range(1, 4))
def test_what_is_drawn_equals_the_picture_on_every_day(seed: int) -> None:
    with open_tenant(people=120, seed=seed) as tenant:
        for _ in range(3):
            tenant.sync()
            assert compare_with_picture(tenant.clock) == []
            assert compare_strangers(tenant) == []
            tenant.move(days=5)
        assert Standing.objects.count() == 3


def test_a_standing_counts_what_is_listed() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        standing = Standing.objects.get()
        counts = [standing.active, standing.possibly_active, standing.inactive, standing.never_seen]
        assert [*counts, standing.not_observable] == [Holding.objects.filter(status=kind).count() for kind in Activity]
        assert standing.holders == Holding.objects.count() > 0
        assert standing.findings == Finding.objects.filter(state="open").count() > 0
        assert standing.suspicious == Stranger.objects.filter(state="open").count() > 0


def test_nothing_is_drawn_while_nothing_is_new() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        before = set(Holding.objects.values_list("pk", flat=True))
        drawing.draw(the_application(), tenant.clock)
        assert set(Holding.objects.values_list("pk", flat=True)) == before
        applications.edit_application(tenant.who, tenant.name, applications.Edit(threshold_days=7))
        assert set(Holding.objects.values_list("pk", flat=True)).isdisjoint(before)


def test_nothing_is_drawn_before_anything_was_read() -> None:
    with open_tenant() as tenant:
        assert drawing.draw(the_application(), tenant.clock) is None
        assert not Standing.objects.exists()


def test_a_kill_while_drawing_leaves_the_old_drawing_whole() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        before = list(Holding.objects.order_by("pk").values()), Standing.objects.get().drawn
        tenant.move(days=2)
        failpoints.arm("FP:before-drawn=error")
        with pytest.raises(Reached):
            tenant.sync()
        assert (list(Holding.objects.order_by("pk").values()), Standing.objects.get().drawn) == before
        drawing.draw(the_application(), tenant.clock)
        assert compare_with_picture(tenant.clock) == []


def test_readers_see_the_old_drawing_or_the_new_one() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        application, stop, mixes, looks = the_application(), threading.Event(), [], []
        whole = Holding.objects.count()

        def read() -> None:
            while not stop.is_set():
                seen = Holding.objects.count()
                looks.append(seen)
                if seen != whole:
                    mixes.append(seen)
            connections.close_all()

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(5):
            Standing.objects.update(digest="")
            drawing.draw(application, tenant.clock)
        stop.set()
        reader.join()
        assert looks
        assert mixes == []


def test_a_finding_is_resolved_by_a_newer_reading_and_never_by_a_click() -> None:
    with open_tenant(people=250, threshold_days=3) as tenant:
        tenant.sync()
        before = set(Finding.objects.filter(resolved=None, key="unused").values_list("pk", flat=True))
        assert before
        applications.edit_application(tenant.who, tenant.name, applications.Edit(threshold_days=1000))
        drawing.draw(the_application(), tenant.clock)
        assert set(Finding.objects.filter(resolved=None, key="unused").values_list("pk", flat=True)) == before
        tenant.move(days=1)
        tenant.sync()
        ended = Finding.objects.filter(pk__in=before, state="resolved", resolved__isnull=False)
        assert ended.count() == len(before)
        told = FindingEvent.objects.filter(finding__in=before).order_by("pk").values_list("state", flat=True)
        assert sorted(told) == sorted(["open", "resolved"] * len(before))


def test_a_decision_stays_while_the_finding_lives_and_one_that_comes_back_is_new() -> None:
    with open_tenant(people=250, threshold_days=3) as tenant:
        tenant.sync()
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
        of_both = Finding.objects.filter(key=first.key, subject=first.subject).order_by("pk")
        assert list(of_both.values_list("state", flat=True)) == ["resolved", "open"]


def test_the_list_of_employees_and_recognitions_name_the_strangers() -> None:
    with open_tenant(people=250) as tenant:
        tenant.sync()
        application = the_application()
        one, two, three = Stranger.objects.order_by("pk")[:3]
        holder = Holding.objects.filter(last_login__isnull=False).order_by("pk")[0]
        for row in Holding.objects.exclude(pk=holder.pk):
            hire(application, row.user_id, active=True)
        hire(application, one.user_id, active=True)
        hire(application, two.user_id, active=False)
        hire(application, holder.user_id, active=False)
        drawing.draw(application, tenant.clock)
        types = dict(Stranger.objects.values_list("object_id", "type"))
        assert [types[row.object_id] for row in (one, two, three, holder)] == [
            "Unknown", "Unauthorized", "Unrecognized", "Unauthorized"
        ]  # fmt: skip
        assert command_says(tenant) == page_says()
        recognize(application, three.object_id, tenant.clock() + days(1))
        drawing.draw(application, tenant.clock)
        assert Stranger.objects.get(object_id=three.object_id).state == "recognized"
        assert command_says(tenant) == page_says()
        mark_a_day_without_counts()
        assert command_says(tenant) == page_says()
        tenant.move(days=2)
        drawing.draw(application, tenant.clock)
        assert Stranger.objects.get(object_id=three.object_id).type == "Unrecognized"


def command_says(tenant: Tenant) -> list[tuple[object, ...]]:
    return sorted((row["User ID"], row["Type"], row["Sign-ins"], row["State"]) for row in tenant.suspicious())


def page_says() -> list[tuple[object, ...]]:
    return sorted(Stranger.objects.values_list("user_id", "type", "sign_ins", "state"))


def mark_a_day_without_counts() -> None:
    """As after a run that was killed before its sign-ins were counted."""
    day = UseDay.objects.latest("day").day
    UseDay.objects.filter(day=day).delete()
    UncountedDay.objects.create(connection_id=the_application().connection_id, day=day)


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
