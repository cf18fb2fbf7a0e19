"""GET /auditLogs/signIns: order, filters, pages, lateness and refusals."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from .client import Client, example, same_shape
from .conftest import Make

PORTFOLIOS = "f53895d3-095d-408f-8e93-8f94b391404e"
OFFICE = "d3590ed6-52b3-4102-aeff-aad2292ab01c"


@pytest.fixture(scope="module")
def log(shared: Client) -> list[dict[str, Any]]:
    return shared.rows("/auditLogs/signIns")


def _tick(text: str) -> int:
    """An independent reading of a time with up to seven digits."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 10_000_000 + int(fraction.ljust(7, "0") or 0)


def test_a_row_has_every_documented_property(log: list[dict[str, Any]]) -> None:
    documented = example("invented_signins_v1")["value"][0]
    names = set(documented) | {"authenticationAppDeviceDetails"}
    for row in log[:200]:
        assert set(row) == names
        for part in ("status", "deviceDetail", "location"):
            assert set(row[part]) == set(documented[part])
        assert row["isInteractive"] is True
        assert row["userPrincipalName"] == row["userPrincipalName"].lower()


def test_rows_come_newest_first_or_as_asked(shared: Client, log: list[dict[str, Any]]) -> None:
    times = [_tick(row["createdDateTime"]) for row in log]
    assert len(times) > 1000
    assert times == sorted(times, reverse=True)
    oldest = shared.rows("/auditLogs/signIns?$orderby=createdDateTime asc&$top=333")
    assert oldest == log[::-1]
    assert shared.rows("/auditLogs/signIns?$orderby=createdDateTime desc") == log


def test_times_have_zero_to_seven_digits_and_ids_do_not_show_the_order(log: list[dict[str, Any]]) -> None:
    digits = {len(row["createdDateTime"].partition(".")[2]) for row in log}
    assert {0, 8} <= digits
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", row["id"]) for row in log)
    ids = [row["id"] for row in log]
    assert len(set(ids)) == len(ids)
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)


@pytest.mark.parametrize("size", [1, 13, 400, 1000, 5000])
def test_pages_of_any_size_have_every_row_exactly_once(shared: Client, log: list[dict[str, Any]], size: int) -> None:
    path = f"/auditLogs/signIns?$top={size}&$filter=appId eq '{PORTFOLIOS}'"
    assert shared.rows(path) == [row for row in log if row["appId"] == PORTFOLIOS]


def test_the_largest_page_is_a_thousand(shared: Client, log: list[dict[str, Any]]) -> None:
    page = shared.ask("/auditLogs/signIns?$top=2000").json()
    assert page["value"] == log[:1000]


def _ge(moment: str) -> Any:
    return lambda row: _tick(row["createdDateTime"]) >= _tick(moment)


def _cases(log: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    edge, other = log[100]["createdDateTime"], log[700]["createdDateTime"]
    who, upn = log[5]["userId"], log[9]["userPrincipalName"]

    def between(row: dict[str, Any]) -> bool:
        return _tick(other) <= _tick(row["createdDateTime"]) <= _tick(edge)

    window = f"createdDateTime ge {other} and createdDateTime le {edge}"
    return [
        (window, between),
        (f"createdDateTime eq {edge}", lambda r: _tick(r["createdDateTime"]) == _tick(edge)),
        (
            f"{window} and (appId eq '{PORTFOLIOS}' or appId eq '{OFFICE}')",
            lambda r: between(r) and r["appId"] in {PORTFOLIOS, OFFICE},
        ),
        (f"userId eq '{who}'", lambda r: r["userId"] == who),
        (f"userId eq '{who}' or appId eq '{PORTFOLIOS}'", lambda r: r["userId"] == who or r["appId"] == PORTFOLIOS),
        (f"userPrincipalName eq '{upn}'", lambda r: r["userPrincipalName"] == upn),
        ("startsWith(userPrincipalName,'a')", lambda r: r["userPrincipalName"].startswith("a")),
        ("startsWith(appDisplayName,'Microsoft')", lambda r: r["appDisplayName"].startswith("Microsoft")),
        (
            "appDisplayName eq 'Portfolios' and status/errorCode eq 0",
            lambda r: r["appId"] == PORTFOLIOS and not r["status"]["errorCode"],
        ),
        ("status/errorCode eq 50126", lambda r: r["status"]["errorCode"] == 50126),
        (
            "(location/city eq 'Oslo' or location/city eq 'Pune') and clientAppUsed eq 'Browser'",
            lambda r: r["location"]["city"] in {"Oslo", "Pune"} and r["clientAppUsed"] == "Browser",
        ),
        (
            f"(createdDateTime ge {edge} and appId eq '{OFFICE}') or userId eq '{who}'",
            lambda r: (_ge(edge)(r) and r["appId"] == OFFICE) or r["userId"] == who,
        ),
        ("userId eq '00000000-0000-0000-0000-000000000000'", lambda _: False),
    ]


@pytest.mark.parametrize("place", range(13))
def test_filters_equal_the_same_test_written_naively(shared: Client, log: list[dict[str, Any]], place: int) -> None:
    text, test = _cases(log)[place]
    got = shared.rows(f"/auditLogs/signIns?$top=77&$filter={quote(text)}")
    assert got == [row for row in log if test(row)]
    assert got or "00000000" in text


def test_a_selection_has_just_these_properties(shared: Client, log: list[dict[str, Any]]) -> None:
    page = shared.ask("/auditLogs/signIns?$select=id,status&$top=10").json()
    assert page["value"] == [{"id": row["id"], "status": row["status"]} for row in log[:10]]


def test_a_single_sign_in_is_found_by_its_id(shared: Client, log: list[dict[str, Any]]) -> None:
    for row in log[::200]:
        answer = shared.ask(f"/auditLogs/signIns/{row['id']}").json()
        assert answer.pop("@odata.context").endswith("#auditLogs/signIns/$entity")
        assert answer == row
    assert shared.ask("/auditLogs/signIns/aaaaaaaa-0000-4000-8000-000000000000").status_code == 404
    assert shared.ask("/auditLogs/signIns/nonsense").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "createdDateTime ge '2026-07-30T00:00:00Z'",
        "createdDateTime ge 2026-01-01T00:00:00Z",
        "createdDateTime gt 2026-07-30T00:00:00Z",
        "appId ne 'x'",
        "isInteractive eq true",
        "nonsense eq 'x'",
        "not(appId eq 'x')",
        "appId eq",
        "",
    ],
)
def test_a_filter_that_is_not_documented_is_an_invalid_clause(shared: Client, text: str) -> None:
    answer = shared.ask(f"/auditLogs/signIns?$filter={quote(text)}")
    assert answer.status_code == 400
    same_shape(answer.json(), example("error_400_signIns_invalid_filter"))
    assert answer.json()["error"]["message"] == "Invalid filter clause"


def test_a_filter_without_its_dollar_sign_is_ignored(shared: Client, log: list[dict[str, Any]]) -> None:
    assert shared.ask("/auditLogs/signIns?filter=appId eq 'x'").json()["value"] == log[:1000]


def test_skip_is_not_allowed(shared: Client) -> None:
    answer = shared.ask("/auditLogs/signIns?$skip=10")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Query option 'Skip' is not allowed.")


def test_page_tokens_live_minutes_and_say_so_when_they_are_not_good(make: Make) -> None:
    client = make(people=300)
    link = client.ask("/auditLogs/signIns?$top=5").json()["@odata.nextLink"]
    bad = client.ask(link[:-1] + ("A" if link[-1] != "A" else "B"))
    assert bad.status_code == 400
    same_shape(bad.json(), example("error_400_signIns_skip_token"))
    empty = client.ask("/auditLogs/signIns?$skiptoken=").json()["error"]
    assert (empty["code"], empty["message"]) == ("", "Invalid Skip Token, skip token is null")
    client.sandbox.tenant.move(seconds=11 * 60)
    old = client.ask(link)
    assert old.json()["error"]["message"] == example("error_400_signIns_skip_token_expired")["error"]["message"]
    same_shape(old.json(), example("error_400_signIns_skip_token_expired"))


def test_the_log_keeps_thirty_days(shared: Client, log: list[dict[str, Any]]) -> None:
    now = int(shared.sandbox.tenant.now.timestamp()) * 10_000_000
    assert min(_tick(row["createdDateTime"]) for row in log) >= now - 30 * 86_400 * 10_000_000
    assert max(_tick(row["createdDateTime"]) for row in log) <= now
    assert any(_tick(row["createdDateTime"]) < now - 29 * 86_400 * 10_000_000 for row in log)


def test_sign_ins_become_visible_after_they_happened_and_stay(make: Make) -> None:
    client = make(people=1000, sign_ins=30_000, now="2026-07-31T12:00:00Z")  # a Friday
    before = {row["id"]: row for row in client.rows("/auditLogs/signIns")}
    client.sandbox.tenant.move(hours=1)
    client.renew()
    after = {row["id"]: row for row in client.rows("/auditLogs/signIns")}
    assert [row for id_, row in after.items() if id_ not in before and row["createdDateTime"] < "2026-07-31T12:00:00"]
    gone = [row for id_, row in before.items() if id_ not in after]
    assert all(row["createdDateTime"] < "2026-07-01T13:00:01" for row in gone)


def test_the_wanted_number_of_sign_ins_is_about_met(make: Make) -> None:
    client = make(people=1000, sign_ins=20_000)
    visible = client.sandbox.truth()["counts"]["sign_ins_visible"]
    assert 18_000 < visible < 22_000
