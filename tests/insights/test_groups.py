"""A seat that a group gives is taken away in the group: every finding that gives seats back says in which."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.insights.about import about_taking
from seatkeeper.insights.base import Seat
from seatkeeper.insights.groups import Group, advise, to_titles
from seatkeeper.model import LOST
from tests.insights.test_activity import holder

USERS, STAFF, NAMELESS = Group("1", "Project users"), Group("2", "All; staff"), Group("0d7a", "")
PILOT = Group("3", "Pilot", deleted=True)


def test_a_group_without_a_name_goes_by_its_id_and_a_deleted_one_is_called_so() -> None:
    assert to_titles([USERS, NAMELESS, USERS]) == "0d7a; Project users"
    assert to_titles([PILOT, Group("4", "", deleted=True)]) == "4 (deleted group); Pilot (deleted group)"
    assert to_titles([]) == ""


def test_a_name_cannot_turn_the_direction_of_what_follows_it() -> None:
    assert Group("1", "a\u202eb").title == f"a{LOST}b"


@pytest.mark.parametrize(
    ("groups", "direct", "words"),
    [
        ([], False, ""),
        ([], True, ""),
        ([USERS], False, "To take it away, take them out of the group Project users."),
        ([NAMELESS], False, "To take it away, take them out of the group 0d7a."),
        ([USERS, USERS], True, "To take it away, also take them out of the group Project users."),
        ([USERS, STAFF], False, "To take it away, take them out of the groups All; staff; Project users."),
        ([PILOT], False, "A group that gave it is deleted: Pilot."),
        ([PILOT, Group("4", "B", deleted=True)], False, "Groups that gave it are deleted: B; Pilot."),
        ([USERS, PILOT], False,
         "To take it away, take them out of the group Project users. A group that gave it is deleted: Pilot."),
    ],
)  # fmt: skip
def test_advice_says_where_to_take_a_seat_away(groups: list[Group], direct: bool, words: str) -> None:
    assert advise(groups, direct=direct) == words


def given_by(seat: Seat, way: str, *groups: Group) -> Seat:
    return seat._replace(assigned_by=way, groups=groups)


def test_a_finding_about_one_plan_names_the_groups_of_that_plan_alone() -> None:
    person = holder(3)
    (seat,) = person.seats
    other = seat._replace(sku=seat.sku._replace(key=b"9" * 16, title="Other"))
    person = replace(person, seats=(given_by(seat, "group", USERS), given_by(other, "direct, group", STAFF)))
    assert about_taking(person, "Drop it.", seat.sku).advice.endswith("out of the group Project users.")
    assert about_taking(person, "Drop it.", other.sku).advice.endswith("also take them out of the group All; staff.")
    assert "the groups All; staff; Project users" in about_taking(person, "Drop it.").advice
    alone = replace(person, seats=(given_by(seat, "direct"),))
    assert about_taking(alone, "Drop it.").advice == "Drop it."
