"""What only saves time may fail for ever: the roster is read all the same, and a word says how."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import stamina

from seatkeeper.sandbox.graph import routes
from seatkeeper.sandbox.graph.queries import Query
from seatkeeper.sandbox.graph.refusals import Refusal
from seatkeeper.sandbox.graph.request import Answer
from seatkeeper.store.models import Renewal, Subscription
from seatkeeper.sync.vendors import find_product
from tests.people import Tenant, compare_with_truth, open_tenant
from tests.spoiled import Handler, Row, answering, spoiled

pytestmark = pytest.mark.usefixtures("sqlite")


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def refusing(status: int, when: Callable[[str], bool] = lambda _query: True) -> Callable[[Handler], Handler]:
    def change(handler: Handler) -> Handler:
        def answer(*asked: Any) -> Answer:
            if when(str(asked[1].query.get("top") or "")):
                raise Refusal(status, "InternalServerError" if status >= 500 else "Authorization_RequestDenied", "No.")
            return handler(*asked)

        return answer

    return change


def true_roster(tenant: Tenant) -> list[str]:
    return [line for line in compare_with_truth(tenant) if line.startswith("roster")]


@pytest.mark.parametrize("status", [500, 403])
def test_a_list_of_changes_that_is_refused_for_ever_means_a_full_read_with_a_word_about_it(status: int) -> None:
    with open_tenant(people=60, churn=200.0) as tenant:
        tenant.sync()
        with answering("/users/delta", refusing(status)):
            for _ in range(2):
                tenant.move(days=1)
                (result,) = tenant.sync("roster")
                assert result.run is not None
                assert (result.exit_code, result.run.full) == (0, True)
                assert "everybody" in result.message
                assert true_roster(tenant) == []
        tenant.move(days=1)
        tenant.sync("roster")
        tenant.move(days=1)
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert (result.run.full, true_roster(tenant)) == (False, [])


def silent(handler: Handler) -> Handler:
    """A list of changes that names none, and gives a link for the next ones all the same."""

    def answer(*asked: Any) -> Answer:
        found = handler(*asked)
        return replace(found, body=json.dumps(json.loads(found.body) | {"value": []}).encode())

    return answer


def test_changes_that_stay_silent_while_the_tenant_counts_otherwise_mean_a_full_read_with_a_word_about_it() -> None:
    with open_tenant(people=60, churn=200.0) as tenant:
        tenant.sync()
        with answering("/users/delta", silent):
            for _ in range(2):
                tenant.move(days=1)
                result = tenant.sync("licenses", "roster")[-1]
                assert result.run is not None
                assert (result.exit_code, result.run.full) == (0, True)
                assert "counts otherwise than before (PROJECT" in result.message
                assert true_roster(tenant) == []


def test_a_difference_that_stays_after_everybody_was_read_is_the_tenants_normal_one() -> None:
    def count_more(row: Row) -> None:
        row["consumedUnits"] += 3 * row["skuPartNumber"].startswith("PROJECT")

    with open_tenant(people=60, churn=0.0) as tenant:
        tenant.sync()
        was_full = []
        with answering("/users/delta", silent), spoiled(count_more, "/subscribedskus"):
            for _ in range(3):
                tenant.move(hours=1)
                result = tenant.sync("licenses", "roster")[-1]
                assert result.run is not None
                was_full.append(result.run.full)
        assert was_full == [True, False, False]


def test_counts_of_skus_that_carry_no_product_and_counts_older_than_the_last_changes_say_nothing() -> None:
    def count_more(row: Row) -> None:
        row["consumedUnits"] += 3 * (row["skuId"] not in carrying)
        moved.append(row["skuId"] not in carrying)

    carrying, moved = {sku.id for sku in find_product("microsoft-project").skus}, list[bool]()
    with open_tenant(people=60, churn=0.0) as tenant:
        tenant.sync()
        with answering("/users/delta", silent):
            tenant.move(hours=1)
            with spoiled(count_more, "/subscribedskus"):
                assert [result.run and result.run.full for result in tenant.sync("licenses", "roster")] == [True, False]
            assert any(moved)
            tenant.move(days=1)
            (result,) = tenant.sync("roster")
            assert result.run is not None
            assert not result.run.full


def test_changes_that_are_told_are_believed() -> None:
    with open_tenant(people=200, churn=20.0) as tenant:
        tenant.sync()
        for _ in range(5):
            tenant.move(hours=20)
            result = tenant.sync("licenses", "roster")[-1]
            assert result.run is not None
            assert (result.run.full, result.message) == (False, "")


def test_a_page_that_times_out_for_ever_is_asked_for_in_smaller_ones() -> None:
    with open_tenant(people=300) as tenant:
        with answering("/users", refusing(504, lambda query: "999" in query or "250" in query)):
            results = {result.kind.key: result.exit_code for result in tenant.sync()}
        assert results["roster"] == 0
        assert true_roster(tenant) == []


def too_large(when: Callable[[Query], bool]) -> Callable[[Handler], Handler]:
    """Answers of more than we take, where more than a little was asked for."""

    def change(handler: Handler) -> Handler:
        def answer(*asked: Any) -> Answer:
            found = handler(*asked)
            return replace(found, body=found.body + b" " * (64 << 20)) if when(asked[1].query) else found

        return answer

    return change


def test_a_page_of_more_bytes_than_we_take_is_asked_for_in_smaller_ones() -> None:
    with open_tenant(people=300) as tenant:
        with answering("/users", too_large(lambda query: query.get("top") in {"999", "250"})):
            results = {result.kind.key: result.exit_code for result in tenant.sync()}
        assert results["roster"] == 0
        assert true_roster(tenant) == []


def test_sign_ins_of_more_bytes_than_we_take_are_asked_for_over_less_time() -> None:
    def is_wide(query: Query) -> bool:
        start, end = re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+Z", query.get("filter") or "")
        return datetime.fromisoformat(end) - datetime.fromisoformat(start) > timedelta(days=9)

    with open_tenant(people=60) as tenant:
        with answering("/auditlogs/signins", too_large(is_wide)):
            results = {result.kind.key: result.exit_code for result in tenant.sync()}
        assert results["access"] == 0
        assert compare_with_truth(tenant) == []


def test_links_in_the_style_of_a_function_call_are_followed() -> None:
    def with_brackets(handler: Handler) -> Handler:
        def answer(*asked: Any) -> Answer:
            found = handler(*asked)
            links.append(re.findall(rb"/users/delta[^?]*\?", found.body))
            return replace(found, body=found.body.replace(b"/users/delta?", b"/users/delta()?"))

        return answer

    links: list[list[bytes]] = []
    handler = with_brackets(routes._EXACT["/users/delta"])
    with open_tenant(people=200, churn=20.0) as tenant:
        with mock.patch.dict(routes._EXACT, {"/users/delta": handler, "/users/delta()": handler}):
            tenant.sync()
            for _ in range(2):
                tenant.move(days=1)
                (result,) = tenant.sync("roster")
                assert result.run is not None
                assert (result.exit_code, result.run.full) == (0, False)
                assert true_roster(tenant) == []
        # The link of the first read has brackets, and the sandbox answers in the style it was asked in.
        assert links == [[b"/users/delta?"], [b"/users/delta()?"], [b"/users/delta()?"]]


def test_a_sku_that_is_listed_twice_has_what_both_say_and_the_run_says_so() -> None:
    def twice(handler: Handler) -> Handler:
        def answer(*asked: Any) -> Answer:
            found = handler(*asked)
            shape = json.loads(found.body)
            shape["value"].append(shape["value"][0] | {"skuId": shape["value"][0]["skuId"].upper()})
            return replace(found, body=json.dumps(shape).encode())

        return answer

    with open_tenant(people=60) as tenant:
        tenant.sync("licenses")
        before = Subscription.objects.order_by("pk").first()
        assert before is not None
        with answering("/subscribedskus", twice):
            (result,) = tenant.sync("licenses")
        now = Subscription.objects.filter(sku=before.sku).latest("since")
        assert (now.enabled, now.consumed) == (2 * before.enabled, 2 * before.consumed)
        assert "listed twice" in result.message


def test_one_renewal_with_an_impossible_date_costs_itself_and_no_other_renewal() -> None:
    def wrong(row: Row) -> None:
        if len(wrongs) < 1:
            wrongs.append(row["id"])
            row["nextLifecycleDateTime"] = "2026-12-31"

    wrongs: list[str] = []
    with open_tenant(people=60) as tenant:
        with spoiled(wrong, "/directory/subscriptions"):
            (result,) = tenant.sync("licenses")
        assert result.exit_code == 6
        listed = Renewal.objects.count()
        tenant.sync("licenses")
        assert Renewal.objects.count() == listed + 1
