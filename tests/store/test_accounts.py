"""Accounts on both engines: versions, generations, and what one page may hold."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from seatkeeper.model import MISSING
from seatkeeper.store import bulk
from seatkeeper.store import models as tables

from .conftest import Tenant
from .people import ADA, BO, CY, DESKTOP, GUEST, NOW, ids, person, read_accounts, read_seats, seat

pytestmark = [pytest.mark.usefixtures("page"), pytest.mark.both_engines]

Ada, Bo, Cy = person(ADA, "Ada"), person(BO, "Bo"), person(CY, "Cy")


@pytest.fixture
def first(contoso: Tenant) -> int:
    """Generation 1 is published: Ada and Bo, and Ada holds a seat."""
    bulk.insert_accounts(contoso.connection, 1, 1, NOW, [Bo, Ada])
    bulk.insert_seats(contoso.connection, 1, [seat(ADA)])
    return contoso.connection


def test_what_was_saved_is_read_back_field_by_field(contoso: Tenant) -> None:
    blocked = person(GUEST, "Guest", enabled=False, mail=None, given_name="", created=None, licensing='{"a":1}')
    bulk.insert_accounts(contoso.connection, 1, 1, NOW, [Ada, blocked])
    current = bulk.list_current_accounts(contoso.connection, [GUEST, ADA, BO], 1)
    assert {key: (since, account) for key, (_, since, account) in current.items()} == {
        ADA: (1, Ada),
        GUEST: (1, blocked),
    }
    assert isinstance(current[GUEST][2].enabled, bool)
    assert read_accounts(contoso.connection, 1) == {ADA: Ada, GUEST: blocked}


def test_a_field_that_was_never_sent_is_null(contoso: Tenant) -> None:
    bulk.insert_accounts(contoso.connection, 1, 1, NOW, [Ada._replace(mail=MISSING, enabled=MISSING, created=MISSING)])
    assert read_accounts(contoso.connection, 1)[ADA] == Ada._replace(mail=None, enabled=None, created=None)


@pytest.mark.parametrize(
    "name",
    [
        "👩🏽‍🚀",
        "\u202egnp.exe\u202c عبد الله",
        "a\u0301",
        "'; DROP TABLE store_account; --",
        "\t\\N\n\r\\.",
        "\x01\x7f\ufffd\ufffe",
        "%s ? {}",
        "x" * 1_000_000,
    ],
)
def test_a_hostile_name_is_only_a_name(contoso: Tenant, name: str) -> None:
    bulk.insert_accounts(contoso.connection, 1, 1, NOW, [Ada._replace(display_name=name), Bo])
    assert read_accounts(contoso.connection, 1) == {ADA: Ada._replace(display_name=name), BO: Bo}


def test_a_reader_sees_nothing_of_the_generation_in_the_making(first: int) -> None:
    bulk.close_accounts(ids(first, ADA, BO), 2)
    bulk.insert_accounts(first, 2, 2, NOW, [Ada._replace(surname="King"), Cy])
    assert read_accounts(first, 1) == {ADA: Ada, BO: Bo}
    assert read_accounts(first, 2) == {ADA: Ada._replace(surname="King"), CY: Cy}


def test_discarding_a_generation_restores_the_one_before_exactly(first: int) -> None:
    before = list(tables.Account.objects.order_by("id").values()), list(tables.Seat.objects.order_by("id").values())
    bulk.close_accounts(ids(first, ADA), 2)
    bulk.insert_accounts(first, 2, 2, NOW, [Ada._replace(surname="King"), Cy])
    bulk.insert_seats(first, 2, [seat(CY)])
    bulk.close_unseen(first, 2, 2)
    bulk.close_seats_of_closed_accounts(first, 2)
    bulk.discard_generation(first, 2)
    after = list(tables.Account.objects.order_by("id").values()), list(tables.Seat.objects.order_by("id").values())
    assert after == before


def test_a_repeated_row_in_one_generation_has_one_version_and_the_last_content(first: int) -> None:
    bulk.insert_accounts(first, 2, 2, NOW, [Cy])
    row, since, _ = bulk.list_current_accounts(first, [CY], 2)[CY]
    assert since == 2
    bulk.rewrite_accounts([(row, Cy._replace(surname="Last"))], 2)
    assert read_accounts(first, 2)[CY].surname == "Last"


def test_two_versions_of_one_account_in_one_generation_are_refused(first: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert_accounts(first, 1, 1, NOW, [Cy, Ada])
    assert read_accounts(first, 1) == {ADA: Ada, BO: Bo}


def test_an_account_that_came_and_went_within_a_generation_leaves_no_trace(first: int) -> None:
    bulk.insert_accounts(first, 2, 2, NOW, [Cy])
    bulk.close_accounts(ids(first, CY), 2)
    assert not tables.Account.objects.filter(key=CY).exists()
    bulk.insert_accounts(first, 2, 2, NOW, [Cy])
    assert CY in read_accounts(first, 2)


def test_who_a_full_read_did_not_see_is_counted_and_then_closed(first: int) -> None:
    bulk.mark_seen(ids(first, ADA), 2)
    bulk.insert_accounts(first, 2, 2, NOW, [Cy])
    assert bulk.count_unseen(first, 2) == 1
    assert bulk.close_unseen(first, 2, 2) == 1
    assert bulk.count_unseen(first, 2) == 0
    assert read_accounts(first, 1).keys() == {ADA, BO}
    assert read_accounts(first, 2).keys() == {ADA, CY}


def test_the_counts_tell_accounts_and_holders(first: int) -> None:
    assert bulk.count_published(first, 1) == (2, 1)
    assert bulk.count_published(first, 0) == (0, 0)
    bulk.mark_seen(ids(first, BO), 2)
    assert bulk.count_missing(first, 2) == (1, 1)


def test_seats_go_with_their_account_but_not_with_its_change(first: int) -> None:
    bulk.insert_seats(first, 1, [seat(BO)])
    bulk.close_accounts(ids(first, ADA, BO), 2)
    bulk.insert_accounts(first, 2, 2, NOW, [Ada._replace(surname="King")])
    assert bulk.close_seats_of_closed_accounts(first, 2) == 1
    assert read_seats(first, 1) == {(ADA, DESKTOP), (BO, DESKTOP)}
    assert read_seats(first, 2) == {(ADA, DESKTOP)}


def test_nothing_of_one_tenant_shows_or_goes_in_another(first: int, fabrikam: Tenant) -> None:
    bulk.insert_accounts(fabrikam.connection, 1, 1, NOW, [Ada])
    assert bulk.list_current_accounts(fabrikam.connection, [ADA, BO], 1).keys() == {ADA}
    bulk.close_unseen(fabrikam.connection, 2, 2)
    bulk.discard_generation(fabrikam.connection, 1)
    assert read_accounts(first, 1) == {ADA: Ada, BO: Bo}
    assert read_accounts(fabrikam.connection, 1) == {}


def test_a_page_may_be_empty_or_larger_than_a_statement_takes(contoso: Tenant) -> None:
    connection = contoso.connection
    bulk.insert_accounts(connection, 1, 1, NOW, [])
    bulk.rewrite_accounts([], 1)
    bulk.mark_seen([], 1)
    assert bulk.list_current_accounts(connection, [], 1) == {}
    many = [person(number.to_bytes(16, "big"), f"P{number}") for number in range(30_500)]
    bulk.insert_accounts(connection, 1, 1, NOW, many)
    rows = [row for row, _, _ in bulk.list_current_accounts(connection, [each.key for each in many], 1).values()]
    bulk.mark_seen(rows, 2)
    assert (len(rows), bulk.count_unseen(connection, 2)) == (30_500, 0)
    bulk.close_accounts(rows, 2)
    assert read_accounts(connection, 2) == {}
