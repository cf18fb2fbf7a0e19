"""Who holds a seat: the rule of decision 3, person by person."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from seatkeeper.connectors.microsoft.licensing import list_assigned, list_failed, list_opened, to_date, to_seats
from seatkeeper.connectors.microsoft.products import Watched, load_products
from seatkeeper.connectors.microsoft.roster import User, is_guest, merge_account, to_account, to_object_key
from seatkeeper.graph.rows import to_rows
from seatkeeper.model import MISSING, Account, Seat, to_id, to_key, to_text

PRODUCT = load_products().products[0]
WATCHED = Watched([PRODUCT], {})

ADA = "0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a01"
PLAN_1, PLAN_3 = "beb6439c-caad-48d3-bf46-0c82871e12be", "53818b1b-4a27-454b-8896-0dba576410e6"
DYNAMICS = "1e1a282c-9c54-43a2-9310-98ef728faace"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
DESKTOP, WEB = "fafd7243-e5c1-4a3a-9e40-495efcb1d3c3", "818523f5-016b-4355-9be8-ed6944946ea7"
ONLINE = "fe71d6c3-a2ea-4499-9778-da042bf08063"
VIEW_ONLY, PLANNER = "b21a6b06-1988-436e-a07b-51ec6d9f52ad", "b737dad2-2f6c-4c65-90e3-ca563267e8b9"


def account_of(**fields: Any) -> Account:
    row = {"id": ADA, "userPrincipalName": "Ada@contoso.example", **fields}
    user = msgspec.json.decode(json.dumps(row), type=User)
    return to_account(user, to_object_key(user.id), WATCHED)


def plan(plan_id: str, status: str = "Enabled", date: str | None = "2026-01-02T03:04:05Z") -> dict[str, Any]:
    return {"servicePlanId": plan_id, "capabilityStatus": status, "assignedDateTime": date, "service": "x"}


def held(sku: str, *disabled: str) -> dict[str, Any]:
    return {"skuId": sku, "disabledPlans": list(disabled)}


def state(sku: str, group: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"skuId": sku, "assignedByGroup": group, "state": "Active", "error": "None"} | fields


def seats_of(**fields: Any) -> list[Seat]:
    return to_seats(account_of(**fields), WATCHED)


def test_a_person_with_plan_3_holds_one_seat_since_the_earliest_plan_date() -> None:
    plans = [plan(DESKTOP, date="2026-02-01T00:00:00Z"), plan(WEB), plan(ONLINE, date="2026-03-01T00:00:00Z")]
    (seat,) = seats_of(assignedLicenses=[held(PLAN_3)], assignedPlans=plans)
    assert (to_id(seat.sku), seat.kind, to_text(seat.active or 0)) == (PLAN_3, "seat", "2026-01-02T03:04:05Z")
    assert seat.active_source == "plan assigned"
    assert seat.plans == "PROJECT_CLIENT_SUBSCRIPTION,PROJECT_PROFESSIONAL,SHAREPOINT_PROJECT"


def test_view_only_project_for_office_and_planner_are_not_seats() -> None:
    assert seats_of(assignedLicenses=[held(E5)], assignedPlans=[plan(VIEW_ONLY), plan(PLANNER)]) == []


def test_a_plan_that_is_left_over_from_a_removed_licence_is_no_seat() -> None:
    assert seats_of(assignedLicenses=[], assignedPlans=[plan(DESKTOP, "Deleted"), plan(WEB, "Enabled")]) == []


def test_a_licence_with_every_project_plan_disabled_is_no_seat() -> None:
    deleted = [plan(p, "Deleted") for p in (DESKTOP, WEB, ONLINE)]
    assert seats_of(assignedLicenses=[held(PLAN_3, DESKTOP, WEB, ONLINE)], assignedPlans=deleted) == []


def test_one_plan_that_is_not_disabled_makes_the_seat() -> None:
    (seat,) = seats_of(assignedLicenses=[held(PLAN_3, DESKTOP, ONLINE)], assignedPlans=[plan(WEB)])
    assert seat.plans == "PROJECT_PROFESSIONAL"


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        *((status, 1) for status in ("Enabled", "Warning", "Dormant")),
        *((status, 0) for status in ("Suspended", "LockedOut", "Deleted", "suspended")),
    ],
)
def test_grace_and_new_words_count_and_suspension_does_not(status: str, holds: int) -> None:
    plans = [plan(p, status) for p in (DESKTOP, WEB, ONLINE)]
    assert len(seats_of(assignedLicenses=[held(PLAN_3)], assignedPlans=plans)) == holds


def test_a_plan_that_came_back_is_in_force_though_its_old_entry_says_deleted() -> None:
    plans = [plan(WEB, "Deleted", "2020-01-01T00:00:00Z"), plan(WEB, "Enabled", "2026-05-01T00:00:00Z")]
    (seat,) = seats_of(assignedLicenses=[held(PLAN_3, DESKTOP, ONLINE)], assignedPlans=plans)
    assert to_text(seat.active or 0) == "2026-05-01T00:00:00Z"


def test_a_licence_that_is_being_provisioned_is_a_seat_already() -> None:
    (seat,) = seats_of(assignedLicenses=[held(PLAN_3)], assignedPlans=[], createdDateTime="2026-01-01T00:00:00Z")
    assert seat.active_source == "account created"


def test_without_plan_dates_the_newest_change_of_the_licence_is_the_active_date() -> None:
    states = [
        state(PLAN_3, lastUpdatedDateTime="2026-04-01T00:00:00Z"),
        state(PLAN_3, "a6c8b0f2-55c1-4d0a-8d6a-1d7f0d8f4e20", lastUpdatedDateTime="2026-06-01T00:00:00Z"),
    ]
    (seat,) = seats_of(
        assignedLicenses=[held(PLAN_3)], assignedPlans=[plan(WEB, date=None)], licenseAssignmentStates=states
    )
    assert (to_text(seat.active or 0), seat.active_source) == ("2026-06-01T00:00:00Z", "licence state changed")
    assert seat.assigned_by == "direct, group"


def test_project_inside_dynamics_is_listed_apart() -> None:
    (seat,) = seats_of(assignedLicenses=[held(DYNAMICS)], assignedPlans=[])
    assert seat.kind == "other-product"


def test_two_plans_are_two_seats() -> None:
    assert len(seats_of(assignedLicenses=[held(PLAN_1), held(PLAN_3)], assignedPlans=[])) == 2


def test_a_sku_that_only_the_tenant_knows_counts_and_says_so() -> None:
    new_sku = "99999999-9999-4999-8999-999999999999"
    watched = Watched([PRODUCT], {new_sku: [DESKTOP, VIEW_ONLY]})
    user = msgspec.json.decode(
        json.dumps({"id": ADA, "assignedLicenses": [held(new_sku)], "assignedPlans": []}), type=User
    )
    (seat,) = to_seats(to_account(user, to_object_key(ADA), watched), watched)
    assert (seat.kind, seat.plans) == ("unlisted", "PROJECT_CLIENT_SUBSCRIPTION")


def test_the_tenant_completes_what_a_listed_sku_carries() -> None:
    premium = "09015f9f-377f-4538-bbb5-f75ceb09358a"  # the table lacks the web plan that tenants have
    watched = Watched([PRODUCT], {premium: [WEB]})
    user = msgspec.json.decode(
        json.dumps({"id": ADA, "assignedLicenses": [held(premium, DESKTOP, ONLINE)], "assignedPlans": []}), type=User
    )
    assert len(to_seats(to_account(user, to_object_key(ADA), watched), watched)) == 1


def test_an_assignment_error_is_kept_with_the_seat_and_is_one_in_any_case() -> None:
    states = [state(PLAN_3, state="error", error="CountViolation")]
    (seat,) = seats_of(assignedLicenses=[held(PLAN_3)], assignedPlans=[], licenseAssignmentStates=states)
    assert (seat.state, seat.error) == ("Error", "CountViolation")


def test_a_field_that_was_not_sent_keeps_its_value_and_null_replaces_it() -> None:
    before = account_of(mail="ada@contoso.example", department="IT", assignedLicenses=[], assignedPlans=[])
    after = merge_account(before, account_of(mail=None))
    assert (after.mail, after.department, after.licensing) == (None, "IT", before.licensing)
    assert account_of().mail is MISSING


def test_a_delta_with_only_the_licences_keeps_what_was_known_of_the_plans() -> None:
    before = account_of(assignedLicenses=[held(PLAN_3)], assignedPlans=[plan(WEB)], licenseAssignmentStates=[])
    after = merge_account(before, account_of(assignedLicenses=[held(PLAN_3, DESKTOP)]))
    (seat,) = to_seats(after, WATCHED)
    assert seat.active_source == "plan assigned"
    assert to_seats(merge_account(after, account_of(assignedLicenses=[])), WATCHED) == []


def test_the_order_in_which_microsoft_lists_plans_changes_nothing() -> None:
    plans = [plan(WEB), plan(DESKTOP), plan(ONLINE)]
    one = account_of(assignedLicenses=[held(PLAN_1), held(PLAN_3)], assignedPlans=plans)
    two = account_of(assignedLicenses=[held(PLAN_3), held(PLAN_1)], assignedPlans=plans[::-1])
    assert one == two


@pytest.mark.parametrize("bad", ["", " ", f"{ADA} ", "a\x00b", "a\ufffdb", "x" * 300])
def test_an_id_that_microsoft_would_not_give_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="id"):
        to_object_key(bad)


NO_DATES = [
    "",
    "0001-01-01T00:00:00Z",
    "2026-07-01T00:00:00-7:00",
    "2026-02-30T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "\0",
]


@pytest.mark.parametrize("text", NO_DATES)
def test_a_date_that_cannot_be_read_says_no_more_than_none_and_costs_nobody_a_seat(text: str) -> None:
    plans, states = [plan(WEB, date=text)], [state(PLAN_3, lastUpdatedDateTime=text)]
    (seat,) = seats_of(
        assignedLicenses=[held(PLAN_3)], assignedPlans=plans, licenseAssignmentStates=states, createdDateTime=text
    )
    assert (seat.active, seat.active_source) == (None, "")
    (seat,) = seats_of(assignedLicenses=[held(PLAN_3)], assignedPlans=[*plans, plan(DESKTOP)])
    assert to_text(seat.active or 0) == "2026-01-02T03:04:05Z"


def test_the_shipped_table_has_the_18_project_skus_and_30_others() -> None:
    kinds = [sku.kind for sku in PRODUCT.skus]
    assert (kinds.count("seat"), kinds.count("other-product")) == (18, 30)  # type: ignore[arg-type]
    assert [app.title for app in PRODUCT.apps if app.grade == "direct"] == ["Portfolios"]


def failed(sku: str, **fields: Any) -> dict[str, Any]:
    return state(sku, "9b7c50ec-0000-4000-8000-000000000001", state="Error", error="CountViolation", **fields)


def test_a_licence_that_could_not_be_assigned_is_kept_though_nothing_watched_is_held() -> None:
    account = account_of(
        assignedLicenses=[held(E5)], assignedPlans=[], licenseAssignmentStates=[failed(PLAN_3), state(PLAN_1)]
    )
    assert to_seats(account, WATCHED) == []
    assert isinstance(account.licensing, str)
    assert list_failed(account.licensing) == [(to_key(PLAN_3), "CountViolation")]
    later = account_of(assignedLicenses=[held(E5)], assignedPlans=[], licenseAssignmentStates=[])
    assert merge_account(account, later).licensing is None


def test_a_failed_licence_that_is_held_in_another_way_is_a_seat_and_no_failure_of_its_own() -> None:
    account = account_of(
        assignedLicenses=[held(PLAN_3)], assignedPlans=[], licenseAssignmentStates=[failed(PLAN_3), state(PLAN_3)]
    )
    assert isinstance(account.licensing, str)
    assert list_failed(account.licensing) == []
    assert [seat.state for seat in to_seats(account, WATCHED)] == ["Error"]


def test_what_the_tenant_says_of_a_sku_counts_and_not_the_shipped_table() -> None:
    live = Watched([PRODUCT], {PLAN_3: [WEB, DESKTOP]})
    account = account_of(assignedLicenses=[held(PLAN_3, WEB, DESKTOP)], assignedPlans=[plan(ONLINE)])
    assert to_seats(account, live) == []
    assert [seat.plans for seat in to_seats(account, WATCHED)] == ["SHAREPOINT_PROJECT"]
    assert live.digest() != WATCHED.digest()
    assert Watched([PRODUCT], {PLAN_3: []}).digest() == WATCHED.digest()  # it did not say


def test_who_may_open_the_product_by_another_licence_is_told_apart() -> None:
    opened = account_of(assignedLicenses=[held(E5)], assignedPlans=[plan(VIEW_ONLY)], licenseAssignmentStates=[])
    assert isinstance(opened.licensing, str)
    assert list_opened(opened.licensing) == [PRODUCT.key]
    over = account_of(
        assignedLicenses=[held(E5)], assignedPlans=[plan(VIEW_ONLY, "Suspended")], licenseAssignmentStates=[]
    )
    assert over.licensing is None
    gone = account_of(assignedLicenses=[])
    assert merge_account(opened, gone).licensing is None


@pytest.mark.parametrize(
    "write",
    [str.upper, lambda text: "{%s}" % text, lambda text: "{%s}" % text.upper(), lambda text: text.replace("-", "")],  # noqa: UP031
)
def test_ids_in_any_form_of_a_guid_are_the_same_ids_in_every_list(write: Callable[[str], str]) -> None:
    plans = [plan(WEB), plan(DESKTOP, "Suspended"), plan(ONLINE)]
    small = {
        "assignedLicenses": [held(PLAN_3, ONLINE)],
        "assignedPlans": plans,
        "licenseAssignmentStates": [state(PLAN_3, "9b7c50ec-0000-4000-8000-00000000000a")],
    }
    body = json.dumps({"value": [{"id": ADA, **small}]})
    other = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda found: write(found[0]), body)
    assert other != body
    (one,), (two,) = (to_rows(text.encode(), User).rows for text in (body, other))
    assert to_account(one, to_object_key(one.id), WATCHED) == to_account(two, to_object_key(two.id), WATCHED)
    assert one == two


@pytest.mark.parametrize("never", ["0001-01-01T00:00:00+14:00", "1601-01-01T00:00:00Z", "1969-12-31T23:59:59Z"])
def test_a_day_before_there_was_a_directory_is_no_day(never: str) -> None:
    assert to_date(never) is None


@pytest.mark.parametrize(
    "stored", ["", "{", "[]", '{"held":[{"skuId":7}]}', '{"held":{}}', "nonsense", '{"plans":[null]}']
)
def test_what_is_stored_stops_no_run_whatever_it_is(stored: str) -> None:
    old = account_of(assignedLicenses=[held(PLAN_3)])._replace(licensing=stored)
    to_seats(old, WATCHED)
    assert not list_assigned(stored)
    assert not list_opened(stored)
    assert not list_failed(stored)
    merged = merge_account(old, account_of(assignedLicenses=[held(PLAN_3)], assignedPlans=[plan(WEB)]))
    assert len(to_seats(merged, WATCHED)) == 1


@pytest.mark.parametrize(
    ("user_type", "upn", "guest"),
    [
        ("Member", "ada_x.example#EXT#@contoso.example", False),
        ("Guest", "ada@contoso.example", True),
        (None, "ada_x.example#EXT#@contoso.example", True),
        ("", "ada_x.example#ext#@contoso.example", True),
        (None, "ada@contoso.example", False),
    ],
)
def test_the_type_of_an_account_says_who_is_a_guest_and_the_name_only_where_there_is_no_type(
    user_type: str | None, upn: str, guest: bool
) -> None:
    assert is_guest(user_type, upn) is guest
