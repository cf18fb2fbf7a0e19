"""What is old goes, and no figure changes: nobody becomes unused because of what was deleted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from seatkeeper.clock import days, system_clock
from seatkeeper.jobs.pruning import prune as prune_by_settings
from seatkeeper.reporting import refresh
from seatkeeper.services.coverage import coverage
from seatkeeper.settings.upkeep import Retention, read_retention
from seatkeeper.store import bulk, models, pruning, space
from seatkeeper.store.bulk.use_days import mark_days
from seatkeeper.store.models import (
    AuditEvent,
    Coverage,
    DailySummary,
    NewestUse,
    Notice,
    Quarantine,
    Run,
    SignIn,
    Task,
    UseDay,
)

from ..people import NAME, Tenant, read_tenant, rows
from .conftest import Tenant as Store

FOR_EVER = Retention(0, 0, 0, 0, 0, 0)
FIGURES = ("SeatHolder", "UnlicensedUser", "Finding", "FindingEvent", "UseDay", "NewestUse", "ProductDay", "Coverage")


def prune(name: str, before: int) -> int:
    (kind,) = [each for each in pruning.list_kinds(FOR_EVER) if each.name == name]
    counted = kind.count(before)
    gone = sum(kind.steps(before))
    assert gone == counted, "a dry run says what goes"
    assert kind.count(before) == 0
    return gone


def figures(tenant: Tenant) -> dict[str, Any]:
    """All that is stored of an application's use and all that is said of it."""
    told = {
        "roster": tenant.roster(), "access": tenant.access(), "suspicious": tenant.suspicious(),
        "findings": tenant.findings(), "coverage": rows(coverage(tenant.who, NAME, tenant.clock)),
    }  # fmt: skip
    stored = {
        name: sorted(repr({k: v for k, v in row.items() if k != "id"}) for row in table.objects.values())
        for name in FIGURES
        for table in [getattr(models, name)]
    }
    summary = dict(DailySummary.objects.order_by("-pk").values()[0])
    return told | stored | {"summary": {k: v for k, v in summary.items() if k not in ("id", "refreshed", "digest")}}


@pytest.mark.both_engines
def test_single_sign_ins_go_and_no_figure_changes(database: object) -> None:
    with read_tenant() as tenant:
        before, single = figures(tenant), SignIn.objects.count()
        assert prune("sign-ins", tenant.clock() - days(10)) > single // 3
        assert figures(tenant) == before


@pytest.mark.deep
@pytest.mark.both_engines
def test_after_a_refresh_and_the_next_reading_nobody_is_unused_because_of_what_went(database: object) -> None:
    with read_tenant() as tenant:
        before = figures(tenant)
        prune("sign-ins", tenant.clock() - days(10))
        _refresh_anew(tenant)
        assert figures(tenant) == before
        tenant.move(days=3)
        tenant.sync()
        later = figures(tenant)
        was, now = ({row["User ID"]: row for row in found["access"]} for found in (before, later))
        for person in was.keys() & now.keys():
            assert now[person]["Observed Since"] == was[person]["Observed Since"]
            assert bool(now[person]["Last Login"]) >= bool(was[person]["Last Login"])


def _refresh_anew(tenant: Tenant) -> None:
    DailySummary.objects.update(digest="")
    for row in models.Connection.objects.all():
        refresh.refresh_all(row.pk, tenant.clock)


@pytest.mark.both_engines
def test_the_newest_sign_in_of_everybody_stays_because_it_may_be_all_that_names_them(database: object) -> None:
    with read_tenant() as tenant:
        prune("sign-ins", tenant.clock() + days(1))
        newest = set(NewestUse.objects.values_list("account", "newest"))
        assert set(SignIn.objects.filter(error_code=0).values_list("account", "created")) == newest
        assert tenant.suspicious(), "strangers are named as before"


def test_a_count_that_is_all_that_is_left_of_a_day_is_never_made_anew(database: object) -> None:
    with read_tenant() as tenant:
        prune("sign-ins", tenant.clock() - days(10))
        before = list(UseDay.objects.order_by("day", "account", "app_id").values())
        (pk,) = models.Connection.objects.values_list("pk", flat=True)
        with transaction.atomic():
            mark_days(pk, [tenant.clock() - days(20)])
        bulk.count_days(pk, [])
        assert list(UseDay.objects.order_by("day", "account", "app_id").values()) == before


def test_pruning_stops_when_the_process_does_and_goes_on_later(
    database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "SIGN_INS", 50)
    monkeypatch.setattr("seatkeeper.jobs.pruning.PAUSE", 0)
    with read_tenant() as tenant:
        at = tenant.clock() + days(380)
        all_of_them = SignIn.objects.count()
        assert not prune_by_settings(lambda: at, stop=lambda: True)
        assert all_of_them - 50 <= SignIn.objects.count() < all_of_them, "one step, and no more"
        assert not prune_by_settings(lambda: at, budget=0)
        assert prune_by_settings(lambda: at)
        assert list(pruning._prune_sign_ins(at - days(400))) == []


def test_days_that_wait_to_be_counted_are_left_alone(database: object) -> None:
    with read_tenant() as tenant:
        (pk,) = models.Connection.objects.values_list("pk", flat=True)
        day = days(1)
        waiting = (tenant.clock() - days(20)) // day
        with transaction.atomic():
            mark_days(pk, [waiting * day])
        (kind,) = [each for each in pruning.list_kinds(FOR_EVER) if each.name == "sign-ins"]
        list(kind.steps(tenant.clock() - days(10)))
        whole = SignIn.objects.filter(created__gte=waiting * day, created__lt=(waiting + 1) * day)
        assert whole.count() == sum(UseDay.objects.filter(day=waiting).values_list("sign_ins", flat=True)) + (
            whole.exclude(error_code=0).count()
        )


def test_runs_go_but_not_those_that_anything_stands_on(contoso: Store) -> None:
    Run.objects.all().delete()
    now, task = system_clock(), Task.objects.get()

    def run(age: int, status: str = "complete", **more: Any) -> Run:
        fields = {"organization_id": contoso.organization, "task": task, "started": now - days(age), "ended": now}
        return Run.objects.create(**fields, status=status, **more)

    old = [run(900), run(890, "failed"), run(880, "interrupted"), run(870)]
    published, covering = run(860, generation=3), run(850)
    asked = models.ApplicationSet.objects.create(digest="x", members="[]")
    Coverage.objects.create(connection=task.connection, asked=asked, start=0, end=1, read_at=1, run=covering)
    held, holding = run(840, "held"), run(830)
    Quarantine.objects.create(
        connection=task.connection,
        task="roster",
        run=holding,
        raw=b"",
        reason="",
        digest=b"",
        first_seen=0,
        last_seen=0,
    )
    newest = [run(820), run(810, "failed"), run(800, "interrupted")]
    assert prune("runs", now - days(400)) == len(old)
    assert set(Run.objects.all()) == {published, covering, held, holding, *newest}


def test_what_is_resolved_closed_or_only_history_goes_by_its_age(contoso: Store) -> None:
    now = system_clock()
    task, run = Task.objects.get(), Run.objects.get()
    for age in (500, 1):
        at = now - days(age)
        AuditEvent.objects.create(organization_id=contoso.organization, at=at, who="", action="", subject="")
        for kind, closed in (("overdue", at), ("findings", at), ("gap", None)):
            Notice.objects.create(
                organization_id=contoso.organization, condition=f"{kind}{age}", kind=kind, title="", body="",
                opened=at, closed=closed,
            )  # fmt: skip
        for resolved in (True, False):
            Quarantine.objects.create(
                connection=task.connection, task="roster", run=run, raw=b"", reason="", resolved=resolved,
                digest=f"{age}{resolved}".encode(), first_seen=at, last_seen=at,
            )  # fmt: skip
    before = now - days(400)
    assert [prune(name, before) for name in ("audit", "notices", "quarantine")] == [1, 2, 1]
    assert Notice.objects.filter(closed=None).count() == 2, "what is open stays, however old"
    assert Quarantine.objects.filter(resolved=False).count() == 2


def test_the_newest_summary_of_an_application_stays_however_old(database: object) -> None:
    with read_tenant() as tenant:
        assert prune("summaries", tenant.clock() + days(900)) == DailySummary.objects.count() - 1
        assert DailySummary.objects.count() == 1


def test_defaults_keep_whatever_a_figure_needs_and_for_ever_is_zero() -> None:
    kept = read_retention({})
    assert (kept.audit, kept.summaries) == (0, 0)
    assert {kind.name: kind.days for kind in pruning.list_kinds(kept)}["sign-ins"] == 400


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_becomes_smaller_a_little_at_a_time(database: object) -> None:
    assert (found := space.look()) is not None
    assert found.gradual, "a new file can give pages back without being written anew"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE ballast (x)")
        cursor.executemany("INSERT INTO ballast VALUES (%s)", [("z" * 4000,)] * 2000)
        cursor.execute("DROP TABLE ballast")
    full = space.look()
    steps = 1
    while space.give_back(step=200, left=100):
        steps += 1
    after = space.look()
    assert full is not None
    assert after is not None
    assert steps > 5
    assert after.size < full.size - 5_000_000


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_of_an_earlier_version_is_written_anew_once(database: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA auto_vacuum=NONE")
        cursor.execute("VACUUM")
        assert (old := space.look()) is not None
        assert not old.gradual
        assert not space.give_back(left=0)
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")  # as each connection of ours begins
    space.rewrite()
    assert (new := space.look()) is not None
    assert new.gradual
