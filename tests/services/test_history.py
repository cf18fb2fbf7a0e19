"""Any past day shows what was known by its end, and two days show what changed between them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from seatkeeper.errors import BadInput
from seatkeeper.services import history
from seatkeeper.services.roster import roster as roster_of
from seatkeeper.store.models import Account, DailySummary, SeatHolder
from seatkeeper.tabular.tables import Table
from tests.people import NAME, NOW, Tenant, open_tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")

FIRST = date.fromisoformat(NOW[:10])


def _holders(table: Table) -> dict[str, str]:
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.written()]
    return {str(row["Object ID"]): str(row["Plans"]) for row in rows}


def _live(tenant: Tenant, *steps: int) -> dict[date, dict[str, str]]:
    """Sync, let days pass, sync again: what the roster said at the end of each of those days."""
    said, day = {}, FIRST
    for step in (0, *steps):
        if step:
            tenant.move(days=step)
            day += timedelta(days=step)
        tenant.sync()
        said[day] = {row["Object ID"]: row["Plans"] for row in tenant.roster()}
    return said


def test_every_past_day_shows_the_roster_as_it_was() -> None:
    with open_tenant(people=120, churn=20) as tenant:
        said = _live(tenant, 2, 3, 8)
        assert len({tuple(sorted(people.items())) for people in said.values()}) > 1  # people did come and go
        for day, people in said.items():
            assert _holders(history.roster_on(tenant.who, NAME, day)) == people
        # A day without a run shows what was known from the run before.
        between = FIRST + timedelta(days=4)
        assert _holders(history.roster_on(tenant.who, NAME, between)) == said[FIRST + timedelta(days=2)]


def test_today_is_the_roster_itself_guests_and_blocked_people_included() -> None:
    with read_tenant(people=120) as tenant:
        Account.objects.filter(upn__contains="#EXT#").update(user_type=None)  # as very old guests are
        DailySummary.objects.update(digest="")
        roster, today = roster_of(tenant.who, NAME), history.roster_on(tenant.who, NAME, FIRST)
        shared = [roster.columns.index(column) for column in today.columns]
        assert [tuple(row[place] for place in shared) for row in roster.rows] == list(today.rows)
        told = [dict(zip(today.columns, row, strict=True)) for row in today.rows]
        assert sum(row["Guest"] is True for row in told) == SeatHolder.objects.filter(guest=True).count() > 0
        assert sum(row["Blocked"] is True for row in told) > 0


def test_pages_of_a_day_and_of_a_comparison_hold_together_what_the_whole_holds() -> None:
    with open_tenant(people=120, churn=40) as tenant:
        said = _live(tenant, 5, 9)
        first, last = min(said), max(said)
        whole = history.roster_on(tenant.who, NAME, first)
        pages = [history.roster_page(tenant.who, NAME, first, history.Slice(start, 7)) for start in range(0, 700, 7)]
        assert [row for table, _total in pages for row in table.rows] == list(whole.rows)
        assert {total for _table, total in pages} == {len(whole.rows)}
        all_of_it = history.compare(tenant.who, NAME, first, last)
        parts = [history.compare(tenant.who, NAME, first, last, history.Slice(start, 3)) for start in range(0, 99, 3)]
        assert [row for part in parts for row in part.changes.rows] == list(all_of_it.changes.rows)
        assert {tuple(sorted(part.counts.items())) for part in parts} == {tuple(sorted(all_of_it.counts.items()))}
        assert set(all_of_it.counts) == {"joined", "left", "changed plan"}


def test_two_days_differ_by_who_joined_who_left_and_whose_plan_changed() -> None:
    with open_tenant(people=120, churn=20) as tenant:
        said = _live(tenant, 5, 9)
        first, last = min(said), max(said)
        found = history.compare(tenant.who, NAME, first, last)
        words = {str(row[5]): row[0] for row in found.changes.rows}
        before, after = said[first], said[last]
        assert {key for key, word in words.items() if word == "joined"} == after.keys() - before.keys()
        assert {key for key, word in words.items() if word == "left"} == before.keys() - after.keys()
        changed = {key for key in before.keys() & after.keys() if before[key] != after[key]}
        assert {key for key, word in words.items() if word == "changed plan"} == changed
        assert sum(found.counts.values()) == len(words) > 0


def test_a_day_compared_with_itself_shows_nothing() -> None:
    with read_tenant() as tenant:
        assert history.compare(tenant.who, NAME, FIRST, FIRST).changes.rows == []


def test_the_position_of_a_day_counts_bought_assigned_and_held() -> None:
    with read_tenant(people=250) as tenant:
        true = tenant.sandbox.truth()["seats"]
        table = history.position(tenant.who, NAME, FIRST)
        rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        assert rows
        for row in rows:
            assert (row["Bought"], row["Assigned"]) == (true[row["SKU"]]["bought"], true[row["SKU"]]["assigned"])
        assert sum(int(row["On Roster"] or 0) for row in rows) >= len(tenant.roster())


def test_a_day_before_our_record_says_when_the_record_begins() -> None:
    with open_tenant() as tenant:
        with pytest.raises(BadInput, match="does not reach back"):
            history.roster_on(tenant.who, NAME, FIRST)
        tenant.sync()
        assert history.first_day(tenant.who, NAME) == FIRST
        with pytest.raises(BadInput, match=f"It begins on {FIRST}"):
            history.roster_on(tenant.who, NAME, FIRST - timedelta(days=1))


def test_days_the_wrong_way_round_and_words_that_are_no_day_are_refused() -> None:
    with read_tenant() as tenant, pytest.raises(BadInput, match="earlier day first"):
        history.compare(tenant.who, NAME, FIRST + timedelta(days=1), FIRST)
    for text in ("", "yesterday", "2026-02-30", "2026-8-1", "1" * 99):
        with pytest.raises(BadInput, match="Date"):
            history.to_day(text)
