"""Counts by day follow the sign-ins, whatever happens between saving and counting."""

from __future__ import annotations

import pytest
from django.db import transaction

from seatkeeper import failpoints
from seatkeeper.failpoints import Reached
from seatkeeper.reporting import refresh
from seatkeeper.reporting.snapshot import quick_snapshot, take_snapshot
from seatkeeper.store import raw
from seatkeeper.store.bulk import use_days as bulk
from seatkeeper.store.models import Application, Connection, NewestUse, ProductDay, SignIn, UncountedDay, UseDay
from tests.people import open_tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")

DAY = 864_000_000_000


def counted() -> list[tuple[object, ...]]:
    rows = UseDay.objects.values_list("day", "account", "app_id", "sign_ins", "oldest", "newest")
    return sorted((row[0], bytes(row[1]), *row[2:]) for row in rows)


def exact() -> list[tuple[object, ...]]:
    return sorted(
        raw.fetch(
            f"""SELECT created / {DAY}, account, app_id, count(*), min(created), max(created) FROM store_signin
                WHERE error_code = 0 GROUP BY created / {DAY}, account, app_id"""
        )
    )


def newest() -> list[tuple[bytes, int, int]]:
    rows = NewestUse.objects.values_list("account", "app_id", "newest")
    return sorted((bytes(account), app, moment) for account, app, moment in rows)


def exact_newest() -> list[tuple[bytes, int, int]]:
    sql = "SELECT account, app_id, max(created) FROM store_signin WHERE error_code = 0 GROUP BY account, app_id"
    return sorted((account, app, moment) for account, app, moment in raw.fetch(sql))


def test_the_counts_equal_the_sign_ins() -> None:
    with open_tenant() as tenant:
        for _ in range(2):
            tenant.sync()
            assert counted() == exact() != []
            assert newest() == exact_newest()
            assert not UncountedDay.objects.exists()
            tenant.move(days=3)


def test_the_picture_from_the_counts_is_the_picture() -> None:
    with read_tenant() as tenant:
        application = Application.objects.get()
        assert quick_snapshot(application, tenant.clock) == take_snapshot(application, tenant.clock)


def test_a_day_that_waits_to_be_counted_is_seen_in_the_picture_all_the_same() -> None:
    with read_tenant() as tenant:
        NewestUse.objects.all().delete()
        UncountedDay.objects.create(connection=Connection.objects.get(), day=20_000)
        application = Application.objects.get()
        snapshot = quick_snapshot(application, tenant.clock)
        assert snapshot == take_snapshot(application, tenant.clock)
        assert any(holder.last_login for holder in snapshot.holders)


def test_a_kill_while_counting_loses_no_day() -> None:
    with read_tenant() as tenant:
        tenant.move(days=3)
        failpoints.arm("FP:before-day-counted@2=error")
        with pytest.raises(Reached):
            tenant.sync()
        assert UncountedDay.objects.exists()
        refresh.count_uses(Connection.objects.get().pk)
        assert counted() == exact()
        assert not UncountedDay.objects.exists()


def test_sign_ins_of_an_interrupted_reading_are_counted_too() -> None:
    with open_tenant() as tenant:
        failpoints.arm("FP:before-coverage@2=error")
        with pytest.raises(Reached):
            tenant.sync()
        assert SignIn.objects.exists()
        refresh.count_uses(Connection.objects.get().pk)
        assert counted() == exact() != []


def test_a_newest_use_that_was_rewritten_is_taken_back() -> None:
    """Microsoft merges steps of a sign-in: a success gets another time, or turns out to be none."""
    with read_tenant():
        connection = Connection.objects.get().pk
        for place, last in enumerate({account: moment for account, _app, moment in exact_newest()}.values()):
            event = SignIn.objects.filter(created=last)
            with transaction.atomic():
                bulk.mark_days(connection, [last])
                if place % 3 == 0:
                    event.delete()
                elif place % 3 == 1:
                    event.update(error_code=50140)
                else:
                    event.update(created=last - DAY // 24)
                    bulk.mark_days(connection, [last - DAY // 24])
        before = newest()
        refresh.count_uses(connection)
        assert newest() == exact_newest() != before


def test_a_product_day_counts_a_person_once() -> None:
    with read_tenant():
        direct = tenant_apps()
        for row in ProductDay.objects.filter(sign_ins__gt=0):
            mine = [use for use in counted() if use[0] == row.day and use[2] in direct]
            assert row.people == len({use[1] for use in mine})
            assert row.sign_ins == sum(int(str(use[3])) for use in mine)
        assert ProductDay.objects.filter(sign_ins__gt=0).count() > 5


def tenant_apps() -> set[int]:
    from seatkeeper.connectors.catalog import find_product
    from seatkeeper.model import Grade
    from seatkeeper.store.queries import usage

    return set(usage.ids_of(find_product("microsoft-project").uses_of(Grade.DIRECT, usage.list_apps())))
