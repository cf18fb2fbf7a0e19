"""The main job against the sandbox's truth, over real HTTPS, on both databases."""

from __future__ import annotations

import pytest

from tests.people import compare_with_truth, open_tenant, read_tenant
from tests.thorough import in_turn

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("seed", in_turn(range(1, 21), 10))
def test_roster_access_and_suspicious_equal_the_truth(seed: int) -> None:
    with open_tenant(people=250, seed=seed) as tenant:
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
        assert compare_with_truth(tenant) == []
        assert len(tenant.roster()) > 20


def test_the_people_of_the_stories_are_told_right() -> None:
    with read_tenant() as tenant:
        on_roster = {row["First Name"] for row in tenant.roster()}
        assert {"Ada", "Bo", "Cy", "Di", "Eve", "Flo", "Gus", "Lou", "Mo", "Ned", "Pat"} <= on_roster
        assert not {"Hal", "Ivy", "Jo", "Kim", "Ola", "Ren"} & on_roster
        assert tenant.person("Ada")["Evidence"] == "confirmed"
        assert (tenant.person("Bo")["Evidence"], tenant.person("Bo")["Last Login"]) == ("none seen", None)
        assert (
            tenant.person("Eve")["Evidence"] == "none seen"
        )  # she came before our history begins, and we say since when
        assert tenant.person("Flo")["Evidence"] == "confirmed"  # joined by her object id, not by her name
        assert tenant.person("Gus")["Evidence"] == "not observable yet"  # hired yesterday
        assert tenant.person("Lou")["Evidence"] == "possible"
        assert tenant.person("Mo")["Evidence"] == "none seen"  # failed sign-ins are no use
        unlicensed_users = {row["User ID"].partition(".")[0] for row in tenant.suspicious()}
        assert {"kim", "ren"} <= unlicensed_users


def test_findings_name_the_people_they_are_about() -> None:
    with read_tenant() as tenant:
        found = {(row["Finding"], row["User ID"].partition(".")[0].partition("_")[0]) for row in tenant.findings()}
        expected = {
            ("blocked", "cy"),
            ("guest", "flo"),
            ("two-plans", "di"),
            ("never-seen", "bo"),
            ("other-product", "ivy"),
        }
        assert expected <= found
        assert ("never-seen", "gus") not in found
        assert not {
            finding for finding, _ in found if finding == "unused"
        }  # 30 days of history cannot prove 60 of idleness


@pytest.mark.parametrize("seed", in_turn(range(1, 6), 5))
def test_ten_living_days_later_the_delta_says_the_same_as_the_truth(seed: int) -> None:
    with read_tenant(people=250, seed=seed) as tenant:
        for days in (1, 3, 2, 4):
            tenant.move(days=days)
            results = tenant.sync()
            assert [result.exit_code for result in results] == [0, 0, 0]
            assert _roster_differences(compare_with_truth(tenant)) == []
        roster_runs = [result.run for result in results if result.kind.key == "roster"]
        assert all(run is not None and run.requests < 5 for run in roster_runs)


def _roster_differences(wrong: list[str]) -> list[str]:
    """Our own record is longer than the source's memory, so only the roster can be equal for ever."""
    return [line for line in wrong if line.startswith("roster")]


def test_a_second_run_of_an_unchanged_tenant_changes_nothing() -> None:
    with read_tenant() as tenant:
        before = tenant.roster(), tenant.access(), tenant.suspicious()
        results = tenant.sync()
        assert [(r.run.added, r.run.changed, r.run.gone) for r in results if r.run] == [(0, 0, 0)] * 3
        assert (tenant.roster(), tenant.access(), tenant.suspicious()) == before


def test_a_full_read_says_the_same_as_the_changes() -> None:
    with read_tenant(people=250) as tenant:
        tenant.move(days=3)
        tenant.sync("roster")
        before = tenant.roster()
        tenant.sync("roster", full=True)
        assert tenant.roster() == before
