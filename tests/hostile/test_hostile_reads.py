"""The quick part of `python -m tests.hostile`, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.conftest import connected
from tests.hostile import designs, door, reads
from tests.thorough import THOROUGH, in_turn


@pytest.fixture(autouse=True)
def _own_database(sqlite_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), connected(sqlite_database):
        yield


def test_spoiled_answers_retire_nobody_invent_nobody_and_a_clean_run_is_the_truth() -> None:
    count = 50 if THOROUGH else 20
    tally = reads.live(77, count)
    assert tally.wrong == []
    assert tally.reads == count
    assert len({word for _name, word in tally.words}) >= 2


def test_the_same_holds_over_sockets_with_tls(tmp_path: Path) -> None:
    tally = reads.live(78, 4, tmp_path)
    assert tally.wrong == []
    assert tally.reads == 4


def test_an_answer_that_belongs_to_an_earlier_question_is_not_taken_for_this_one() -> None:
    tally = reads.live(79, 8, names=["sent twice"])
    assert tally.wrong == []
    assert tally.words["sent twice", "complete"]  # and it is asked again


@pytest.mark.parametrize("design", in_turn(sorted(designs.MUTANTS), 3))
def test_a_reader_that_is_known_to_be_wrong_is_found(design: str) -> None:
    assert reads.live(1, 150, mutant=design).wrong


def test_a_token_follows_no_hostile_link_and_every_legal_one() -> None:
    leaks = door.try_links(77, 210, 30)
    assert leaks.wrong == []
    assert (leaks.elsewhere, leaks.astray) == (0, 0)
    assert leaks.followed == leaks.legal == 30
    assert leaks.refused["UntrustedLink"] > 180


@pytest.mark.parametrize("design", in_turn(sorted(door.MUTANTS), 2))
def test_a_door_that_is_known_to_be_wrong_is_found(design: str) -> None:
    assert door.try_mutant(design, 1, 300).wrong
