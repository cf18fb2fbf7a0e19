"""Seats, sign-ins, subscriptions and quarantine on both engines."""

from __future__ import annotations

import pytest
from django.db import transaction

from seatkeeper.model import SignIn, Subscription
from seatkeeper.store import bulk
from seatkeeper.store import models as tables

from .conftest import Tenant
from .people import ADA, BO, CLIENT, DESKTOP, GUEST, NOW, PREMIUM, WEB, read_seats, seat, sign_in, subscription

pytestmark = [pytest.mark.usefixtures("page"), pytest.mark.both_engines]


def save(connection_id: int, *page: SignIn) -> int:
    return bulk.save_sign_ins(connection_id, page)


def kept_sign_ins(connection_id: int) -> list[tuple[int, bytes, str, int, str]]:
    rows = tables.SignIn.objects.filter(connection_id=connection_id).order_by("created")
    columns = rows.values_list("created", "account", "app__guid", "error_code", "upn")
    return [(created, bytes(account), app, error, upn) for created, account, app, error, upn in columns]


def test_seats_are_read_back_and_closed(contoso: Tenant) -> None:
    two = [seat(ADA), seat(ADA, PREMIUM, active=None, error="CountViolation", state="Error")]
    bulk.insert_seats(contoso.connection, 1, [*two, seat(BO)])
    found = bulk.list_current_seats(contoso.connection, [ADA, GUEST])
    assert found.keys() == {ADA}
    assert sorted(each for _, _, each in found[ADA]) == sorted(two)
    bulk.close_seats([row for row, _, each in found[ADA] if each.sku == DESKTOP], 2)
    assert read_seats(contoso.connection, 2) == {(ADA, PREMIUM), (BO, DESKTOP)}
    bulk.insert_seats(contoso.connection, 2, [seat(ADA)])
    assert read_seats(contoso.connection, 2) == read_seats(contoso.connection, 1)


def test_saving_sign_ins_twice_keeps_them_once(contoso: Tenant) -> None:
    page = [sign_in(number, app=CLIENT if number % 2 else WEB) for number in range(50)]
    assert save(contoso.connection, *page) == 50
    once = kept_sign_ins(contoso.connection)
    assert save(contoso.connection, *page[25:], sign_in(50)) == 1
    assert kept_sign_ins(contoso.connection)[:50] == once
    assert len(once) == 50


def test_the_last_reading_of_a_sign_in_wins(contoso: Tenant) -> None:
    assert save(contoso.connection, sign_in(1, error_code=50126), sign_in(1, error_code=50074)) == 1
    assert save(contoso.connection, sign_in(2), sign_in(1, app=CLIENT)._replace(upn="ada\ufffd")) == 1
    assert kept_sign_ins(contoso.connection) == [
        (NOW + 1, ADA, CLIENT, 0, "ada\ufffd"),
        (NOW + 2, ADA, WEB, 0, "ada@contoso.com"),
    ]


def test_two_calls_in_one_transaction_and_ids_that_are_no_guids(contoso: Tenant, fabrikam: Tenant) -> None:
    strange = sign_in(1, account=GUEST)._replace(event=b"evt-1".ljust(17, b"\0"))
    save(contoso.connection, strange)
    save(contoso.connection, strange)
    save(contoso.connection)
    assert save(fabrikam.connection, strange) == 1
    assert len(kept_sign_ins(contoso.connection)) == 1


def test_an_application_number_from_a_rolled_back_transaction_is_not_used_again(contoso: Tenant) -> None:
    with transaction.atomic():
        bulk.app_ids([WEB])
        transaction.set_rollback(True)
    bulk.app_ids([CLIENT])
    save(contoso.connection, sign_in(1, app=WEB), sign_in(2, app=CLIENT))
    assert [row[2] for row in kept_sign_ins(contoso.connection)] == [WEB, CLIENT]


def read_subscriptions(connection_id: int, generation: int) -> dict[bytes, int]:
    rows = tables.Subscription.objects.filter(connection_id=connection_id, since__lte=generation, until__gt=generation)
    return {bytes(sku): enabled for sku, enabled in rows.values_list("sku", "enabled")}


def test_subscriptions_keep_their_versions(contoso: Tenant) -> None:
    connection = contoso.connection
    bulk.save_subscriptions(connection, 1, [subscription(), subscription(PREMIUM)])
    bulk.save_subscriptions(connection, 2, [subscription(enabled=30)])
    bulk.save_subscriptions(connection, 2, [subscription(enabled=31)])  # a run that is repeated
    bulk.save_subscriptions(connection, 3, [subscription(enabled=31)])
    assert read_subscriptions(connection, 1) == {DESKTOP: 25, PREMIUM: 25}
    assert read_subscriptions(connection, 2) == read_subscriptions(connection, 3) == {DESKTOP: 31}
    assert tables.Subscription.objects.count() == 3
    fields = tables.Subscription.objects.filter(until__gt=9999).values_list(*Subscription._fields).get()
    assert Subscription(bytes(fields[0]), *fields[1:]) == subscription(enabled=31)
    bulk.discard_subscriptions(connection, 2)
    assert read_subscriptions(connection, 2) == {DESKTOP: 25, PREMIUM: 25}


def test_a_bad_row_is_kept_once_and_is_open_again_when_it_comes_again(contoso: Tenant) -> None:
    rows = [(b'{"id":7}', "id is a number"), (b'{"id":7}', "id is no text"), (b"x" * 100_000, "not JSON")]
    assert bulk.save_quarantine(contoso.connection, "roster", contoso.run, rows, NOW) == 2
    tables.Quarantine.objects.update(resolved=True)
    assert bulk.save_quarantine(contoso.connection, "roster", contoso.run, rows[:1], NOW + 5) == 1
    assert bulk.save_quarantine(contoso.connection, "access", contoso.run, [], NOW) == 0
    kept = tables.Quarantine.objects.order_by("-last_seen").values_list("reason", "first_seen", "last_seen", "resolved")
    assert list(kept) == [("id is a number", NOW, NOW + 5, False), ("not JSON", NOW, NOW, True)]
    assert len(bytes(tables.Quarantine.objects.get(resolved=True).raw)) == 64 * 1024


def test_an_event_that_got_another_time_when_it_was_read_again_is_kept_once(contoso: Tenant) -> None:
    before = sign_in(1, error_code=50074)
    after = before._replace(created=before.created + 7, error_code=0)
    save(contoso.connection, before, sign_in(9))
    again = [after, sign_in(9)]
    assert bulk.list_unknown(contoso.connection, again) == [after]
    assert bulk.forget_restamped(contoso.connection, [after]) == 1
    save(contoso.connection, *again)
    assert [row[:1] + row[3:4] for row in kept_sign_ins(contoso.connection)] == [(NOW + 8, 0), (NOW + 9, 0)]
