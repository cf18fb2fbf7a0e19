"""On which day somebody used Office 365 last, as two reports of Microsoft's tell it: what counts, and what does not."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from seatkeeper.connectors.microsoft.usage_reports import (
    REPORTS,
    ActiveUser,
    AppUser,
    read_again,
    to_active,
    to_app_use,
)
from seatkeeper.model import LastUse, to_instant

# Rows as Microsoft's pages of the functions show them, with names that are not concealed.
ACTIVE: dict[str, Any] = {
    "reportRefreshDate": "2026-07-29",
    "userPrincipalName": "hal@northwind.example",
    "displayName": "details",
    "isDeleted": False,
    "deletedDate": None,
    "hasExchangeLicense": True,
    "exchangeLastActivityDate": "2026-07-27",
    "oneDriveLastActivityDate": None,
    "sharePointLastActivityDate": "2026-07-06",
    "skypeForBusinessLastActivityDate": None,
    "yammerLastActivityDate": "2026-05-11",
    "teamsLastActivityDate": "2026-07-28",
    "exchangeLicenseAssignDate": "2025-05-03",
    "assignedProducts": ["MICROSOFT 365 E5"],
}
PERIOD: dict[str, Any] = {
    "reportPeriod": 180,
    "windows": True,
    "mac": False,
    "mobile": False,
    "web": False,
    "outlook": True,
    "outlookWindows": True,
}
APPS: dict[str, Any] = {
    "reportRefreshDate": "2026-07-30",
    "userPrincipalName": "hal@northwind.example",
    "lastActivationDate": "2026-07-30",
    "lastActivityDate": "2026-07-26",
    "details": [PERIOD],
}
DATES = [name for name in ACTIVE if name.endswith("ActivityDate")]
NO_DAYS = [
    "yesterday",
    "2026-02-30",
    "28.07.2026",
    "2026-07-28T10:00:00Z",
    "0000-00-00",
    "٢٠٢٦-07-28",
    20260728,
    "9" * 99,
]


def day(text: str) -> int:
    return to_instant(f"{text}T00:00:00Z")


def active(**changes: Any) -> LastUse | None:
    return to_active(msgspec.json.decode(json.dumps(ACTIVE | changes), type=ActiveUser))


def apps(*periods: dict[str, Any], **changes: Any) -> LastUse | None:
    row = APPS | {"details": [PERIOD | period for period in periods or ({},)]} | changes
    return to_app_use(msgspec.json.decode(json.dumps(row), type=AppUser))


def used_on(*platforms: str) -> list[str]:
    found = apps({name: name in platforms for name in ("windows", "mac", "mobile", "web")})
    assert found is not None
    assert {last for _used, last in found.parts} == {found.last} == {day("2026-07-26")}
    return [used for used, _last in found.parts]


def test_active_users_tell_a_day_for_each_workload_up_to_the_end_of_the_day_of_the_report() -> None:
    parts = (
        ("Exchange", day("2026-07-27")),
        ("SharePoint", day("2026-07-06")),
        ("Viva Engage", day("2026-05-11")),
        ("Teams", day("2026-07-28")),
    )
    assert active() == LastUse("hal@northwind.example", day("2026-07-28"), day("2026-07-30") - 1, parts)


def test_apps_used_tell_one_day_for_all_apps_and_an_activation_is_no_use() -> None:
    assert apps() == LastUse(
        "hal@northwind.example",
        day("2026-07-26"),
        day("2026-07-31") - 1,
        (("Microsoft 365 Apps", day("2026-07-26")), ("Apps on Windows", day("2026-07-26"))),
        (("platforms", "windows"),),
    )
    assert apps(lastActivityDate=None) is None


def test_a_platform_has_a_day_only_where_the_whole_period_knows_no_other() -> None:
    whole = "Microsoft 365 Apps"
    assert used_on("mac") == [whole, "Apps on Mac"]
    assert used_on("web") == [whole, "Apps on the web"]
    assert used_on("mobile") == [whole, "Apps on mobile devices"]
    assert used_on("windows", "web") == [whole]  # on which of them it was that day, nobody says
    assert used_on() == [whole]
    several = apps({"windows": True}, {"windows": False, "web": True})
    assert several is not None
    assert [used for used, _last in several.parts] == [whole]


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_row_without_a_day_says_nothing(nothing: str | None) -> None:
    assert active(**dict.fromkeys(DATES, nothing)) is None
    assert apps(lastActivityDate=nothing) is None


def test_a_deleted_account_says_nothing_whatever_else_its_row_has() -> None:
    assert active(isDeleted=True) is None
    assert active(isDeleted=True, userPrincipalName="") is None
    assert active(isDeleted=None) == active()


def test_a_cloud_without_two_of_the_workloads_is_understood() -> None:
    row = {name: text for name, text in ACTIVE.items() if not name.startswith(("yammer", "teams", "skype"))}
    found = read_again(json.dumps(row).encode())
    assert found is not None
    assert [used for used, _last in found.parts] == ["Exchange", "SharePoint"]


@pytest.mark.parametrize(
    "renamed", ["exchangeLastActivityDate", "oneDriveLastActivityDate", "sharePointLastActivityDate"]
)
def test_a_workload_whose_name_changed_is_not_taken_for_one_without_use(renamed: str) -> None:
    row = {name: text for name, text in ACTIVE.items() if name != renamed}
    with pytest.raises(ValueError, match=renamed):
        read_again(json.dumps(row).encode())


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize("bad", NO_DAYS)
def test_a_day_of_a_workload_that_is_none_is_refused_with_its_reason(name: str, bad: object) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError), match=r"\w"):
        active(**{name: bad})


@pytest.mark.parametrize("changes", [
    *({"lastActivityDate": bad} for bad in NO_DAYS), {"details": None}, {"details": "windows"}, {"details": [7]},
    {"details": [{"windows": "Yes"}]}, {"reportRefreshDate": ""}, {"reportRefreshDate": "soon"},
    {"userPrincipalName": ""}, {"userPrincipalName": " "}, {"userPrincipalName": "\ufffd@x.example"},
    {"userPrincipalName": "a" * 2000}, {"userPrincipalName": None},
])  # fmt: skip
def test_a_row_of_the_apps_that_cannot_be_right_is_refused_with_its_reason(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError), match=r"\w"):
        apps(**changes)


def test_a_row_that_was_set_aside_is_read_as_the_report_it_is_from() -> None:
    assert read_again(json.dumps(ACTIVE).encode()) == active()  # whose display name is a field of the other
    assert read_again(json.dumps(APPS).encode()) == apps()
    bad: list[dict[str, Any]] = [
        ACTIVE | {"sharePointLastActivityDate": 7},
        APPS | {"lastActivityDate": 7},
        {"details": []},
    ]
    for row in bad:
        with pytest.raises(ValueError, match=r"\w"):
            read_again(json.dumps(row).encode())


def test_a_number_beyond_all_bounds_in_what_is_not_read_harms_no_row() -> None:
    assert apps({"reportPeriod": 10**300}) == apps()


def test_both_are_asked_as_json_for_the_longest_period() -> None:
    assert [report.question for report in REPORTS] == [
        "/beta/reports/getOffice365ActiveUserDetail(period='D180')?$format=application/json&$top=999",
        "/beta/reports/getM365AppUserDetail(period='D180')?$format=application/json&$top=999",
    ]
