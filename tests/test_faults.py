"""The fault catalogue: each fault has a test that proves our answer to it, or a reason why it needs none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from tests.proofs import read_catalogue, unproven

T = TypeVar("T", ast.ClassDef, ast.FunctionDef)
ROOT = Path(__file__).parent.parent
# Token endpoint, paging, sign-ins and throttling, payload, network, clock, kills, disk and database, concurrency,
# credentials, large tenants, hostile data, personal data, pages and REST, files, supply chain and operation: how many
# faults each group has.
GROUPS = {
    "A": 13, "B": 23, "C": 15, "D": 15, "E": 12, "F": 9, "G": 17, "H": 15, "I-": 8, "J": 10, "K": 7, "L": 12,
    "M": 8, "N": 24, "O": 10, "P": 10,
}  # fmt: skip
FAULTS = read_catalogue()
PROOFS = sorted({test for entry in FAULTS.values() for test in entry.get("tests", ())})


def test_the_catalogue_holds_every_fault_in_order() -> None:
    assert list(FAULTS) == [f"{group}{number + 1}" for group, count in GROUPS.items() for number in range(count)]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_proven_or_accepted_with_a_reason(fault: str) -> None:
    entry = FAULTS[fault]
    assert set(entry) in ({"fault", "tests"}, {"fault", "accepted"})
    assert len(entry["fault"].split()) > 1
    if "tests" in entry:
        assert entry["tests"]
        assert len(entry["tests"]) == len(set(entry["tests"]))
    else:
        assert len(entry["accepted"].split()) > 3, "that is no reason"


@pytest.mark.parametrize("proof", PROOFS)
def test_a_proof_is_a_test_that_runs(proof: str) -> None:
    path, *names = proof.split("::")
    module = _parse(path)
    marks = list(_marks_of_module(module))
    scope: ast.Module | ast.ClassDef = module
    for name in names[:-1]:
        scope = _find(scope, name, ast.ClassDef)
        marks += scope.decorator_list
    test = _find(scope, names[-1], ast.FunctionDef)
    assert names[-1].startswith("test_")
    assert any(isinstance(node, ast.Assert | ast.Call) for node in ast.walk(test)), "it checks nothing"
    switched_off = {"pytest.mark.skip", "pytest.mark.xfail"} & {_name(mark) for mark in [*marks, *test.decorator_list]}
    assert not switched_off


@cache
def _parse(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def _find(scope: ast.Module | ast.ClassDef, name: str, kind: type[T]) -> T:
    found = [node for node in scope.body if isinstance(node, kind) and node.name == name]
    assert len(found) == 1, f"there are {len(found)} of {name}"
    return found[0]


def _marks_of_module(module: ast.Module) -> Iterator[ast.expr]:
    for node in module.body:
        if isinstance(node, ast.Assign) and any(_name(target) == "pytestmark" for target in node.targets):
            yield from node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]


def _name(mark: ast.expr) -> str:
    """The dotted name of a mark, whether it is called or not."""
    return ast.unparse(mark.func if isinstance(mark, ast.Call) else mark)


ENTRY = {"A1": {"fault": "short words", "tests": ["tests/a.py::test_b", "tests/a.py::test_c"]}}


def test_a_proof_that_failed_or_never_ran_leaves_its_fault_unproven() -> None:
    passed = {"tests/a.py::test_b": {"passed"}, "tests/a.py::test_c": {"passed"}}
    assert list(unproven(ENTRY, passed)) == []
    assert list(unproven(ENTRY, passed | {"tests/a.py::test_c": {"skipped"}})) == []
    (line,) = unproven(ENTRY, passed | {"tests/a.py::test_c": {"passed", "failed"}})
    assert line == "A1 (short words) is not proven: tests/a.py::test_c failed."
    (line,) = unproven(ENTRY, {"tests/a.py::test_b": {"passed"}})
    assert line.endswith("test_c did not run.")


def test_an_accepted_fault_needs_no_proof() -> None:
    assert list(unproven({"A1": {"fault": "short words", "accepted": "a reason"}}, {})) == []
