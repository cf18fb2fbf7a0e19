"""One page of changes: the same account several times, removed and restored; the last word holds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from seatkeeper.connectors.base import RecordPage
from seatkeeper.connectors.microsoft import roster
from seatkeeper.connectors.microsoft.products import Watched, load_products
from seatkeeper.errors import NamesConcealed
from seatkeeper.graph.pages import Page
from seatkeeper.model import MISSING, Account, to_key

ADA, BO = "0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a01", "7c1f3c6e-0d52-4e8f-bb0a-3d9b5b2f9a77"
WATCHED = Watched(load_products().products, {})


def page_of(*rows: dict[str, Any]) -> RecordPage[Account]:
    users = [msgspec.convert(row, type=roster.User) for row in rows]
    (page,) = roster._to_pages(iter([Page(users, [], None, "link", 0, 1)]), WATCHED)
    return page


def removed(user: str, reason: str = "changed") -> dict[str, Any]:
    return {"id": user, "@removed": {"reason": reason}}


def test_who_is_removed_after_a_change_is_gone() -> None:
    page = page_of({"id": ADA, "mail": "a@x.example"}, {"id": BO}, removed(ADA), removed(BO, "deleted"))
    assert (page.records, page.removed) == ([], [to_key(ADA), to_key(BO)])


def test_who_is_restored_after_a_removal_is_there() -> None:
    page = page_of(removed(ADA), {"id": ADA, "mail": "a@x.example"})
    assert ([account.mail for account in page.records], page.removed) == (["a@x.example"], [])


def test_a_row_with_an_impossible_id_is_set_aside_alone_and_one_with_an_impossible_date_is_kept() -> None:
    page = page_of({"id": f" {ADA}"}, {"id": BO, "createdDateTime": "yesterday"}, {"id": ADA})
    assert [account.created for account in page.records] == [None, MISSING]
    assert [row.reason.partition(":")[0] for row in page.bad] == ["id"]


def test_a_single_name_without_an_address_is_no_concealment_and_a_page_of_them_is() -> None:
    named = [
        {"id": f"0b7d6a52-3c0e-4a1c-9d53-0000000000{n:02d}", "userPrincipalName": f"p{n}@x.example"} for n in range(9)
    ]
    assert page_of(*named, {"id": ADA, "userPrincipalName": "service"}).records
    concealed = [row | {"userPrincipalName": "4C0E5A9D71B84F2A93D6E8B17F50C2A3"} for row in named[:4]]
    with pytest.raises(NamesConcealed, match="4 of 9"):
        page_of(*concealed, *named[4:])
