"""What is wrong with a field is data: its key, what people call it, and the message, never one text taken apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import seatkeeper
from seatkeeper.errors import BadInput, Refusals, to_title

SOURCE = Path(seatkeeper.__file__).parent


def refuse(field: str) -> str:
    raise BadInput(field, "it is wrong.")


def test_field_and_message_are_apart_and_together_for_the_command_line() -> None:
    error = BadInput("client_id", "it is no GUID: paste it again.")
    assert error.first == ("client_id", "it is no GUID: paste it again.", "Client ID")
    assert error.first.sentence == "It is no GUID: paste it again."
    assert str(error) == "Client ID: it is no GUID: paste it again."


@pytest.mark.parametrize(
    ("field", "title"),
    [
        ("name", "Name"), ("login_url", "Login URL"), ("ca_file", "CA File"), ("valid_until", "Valid Until"),
        ("threshold_days", "Threshold"), ("day", "Date"), ("--client-secret-file", "--client-secret-file"),
        ("User Principal Name", "User Principal Name"),
    ],
)  # fmt: skip
def test_a_field_has_a_title(field: str, title: str) -> None:
    assert to_title(field) == title


def test_everything_that_is_wrong_is_told_at_once() -> None:
    refusals = Refusals()
    assert refusals.check(str.upper, "good") == "GOOD"
    refusals.end()
    for field in ("name", "tenant_id"):
        refusals.check(refuse, field)
    with pytest.raises(BadInput) as refused:
        refusals.end()
    assert [problem.field for problem in refused.value.problems] == ["name", "tenant_id"]
    assert str(refused.value) == "Name: it is wrong.\nTenant ID: it is wrong."


def test_a_field_is_named_by_its_key_everywhere() -> None:
    named = list(fields())
    assert len(named) > 60
    assert [(place, name) for place, name in named if not name.startswith("-") and name != name.lower()] == []


def fields() -> Iterator[tuple[str, str]]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "BadInput":
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield f"{path.name}:{node.lineno}", first.value
