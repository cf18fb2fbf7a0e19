"""The lists of files in docs/extending.md are what an addition really touches."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seatkeeper.connectors.vendor import Vendor

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "seatkeeper"
DOCS = dict(
    section.split("\n", 1) for section in (ROOT / "docs" / "extending.md").read_text().split("\n## ")[1:]
)  # a section by its heading
HOUSE = pytest.mark.xdist_group("the extended house")  # which is built once


def _listed(heading: str) -> set[str]:
    """The files of a section, one a bullet."""
    return set(re.findall(r"^- `([^`]+)`", DOCS[heading], re.MULTILINE))


def _touching(pattern: str, *outside: str) -> set[str]:
    """The modules of ours, and the files named outside them, that hold the pattern."""
    ours = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py")}
    files = ours | {name: ROOT / name for name in outside}
    return {name for name, path in files.items() if re.search(pattern, path.read_text())}


def test_a_signal_touches_the_files_that_the_docs_list() -> None:
    assert _touching(r"\bSignInActivity\b|= \(activity, |\bACCOUNT_ACTIVITY\b") == _listed("A signal")


def test_a_page_touches_the_files_that_the_docs_list() -> None:
    address = r"""["\[]/(api/v1/)?suspicious["\]]"""
    listing = r"(listings|decisions) import [^\n]*\bsuspicious\b|QuerySet\[UnlicensedUser\]"
    found = _touching(f"{address}|{listing}", "tests/web/authorization.toml", "docs/openapi.json")
    templates = re.findall(r'"(seatkeeper/suspicious/[^"]+)"', (SOURCE / "web/decisions/suspicious.py").read_text())
    assert found | {f"web/templates/{name}" for name in templates} == _listed("A page")


def test_a_vendor_is_a_folder_and_the_one_line_that_the_docs_list() -> None:
    folder = SOURCE / "connectors" / "microsoft"
    importing = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if not path.is_relative_to(folder)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seatkeeper.connectors.microsoft")
    }
    assert importing == _listed("A vendor")
    needed = {field.name for field in dataclasses.fields(Vendor) if _has_no_default(field)}
    said = DOCS["A vendor"].partition("must say")[2].partition(", and has")[0]
    assert set(re.findall(r"`(\w+)`", said)) == needed


def _has_no_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


TEAMS: dict[str, Any] = {"id": "57ff2da0-773e-42df-b2af-ffb7a2317929", "name": "TEAMS1", "class": "web", "seat": True}
SUITE = {
    "id": "05e9a617-0261-4cee-bb44-138d3ef5d965", "part_number": "SPE_E3", "title": "Microsoft 365 E3",
    "kind": "seat", "level": 1, "plans": [TEAMS["id"]],
}  # fmt: skip
PRODUCT = {"key": "teams", "title": "Teams", "integration": "Teams", "plans": [TEAMS], "skus": [SUITE]}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a command and pages show in a copy of the house with one finding more and one product more.

    Of the files that the docs list, those with code or data are changed in the copy, and no other.
    """
    copy = tmp_path_factory.mktemp("extended") / "seatkeeper"
    shutil.copytree(SOURCE, copy, copy_function=os.symlink, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _listed("A finding") | _listed("A product"):
        if not name.startswith("docs/"):
            text = (copy / name).read_text()
            (copy / name).unlink()
            (copy / name).write_text(_extend(copy / name, text))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEATKEEPER_")}
    environment |= {"SEATKEEPER_HOME": str(copy.parent / "home"), "PYTHONPATH": f"{copy.parent}:{ROOT}"}
    told = subprocess.run(
        [sys.executable, "-m", "tests.extended"], cwd=copy.parent, env=environment, capture_output=True, check=False
    )
    assert told.returncode == 0, told.stderr.decode()
    shown: dict[str, Any] = json.loads(told.stdout)
    return shown


def _extend(path: Path, text: str) -> str:
    """A table of products with one more; a finding's file as it is, with a copy beside it that finds every holder."""
    if path.suffix == ".json":
        table = json.loads(text)
        return json.dumps(table | {"products": [*table["products"], PRODUCT]})
    path.with_name("newcomer.py").write_text(text.replace('"guest"', '"newcomer"').replace("holder.guest", "True"))
    return text


@pytest.mark.deep
@HOUSE
def test_a_finding_is_shown_by_the_command_and_on_its_page(extended: dict[str, Any]) -> None:
    holders = {row["Object ID"] for row in extended["roster"]}
    assert len(holders) > 5
    found = [row for row in extended["findings"] if row["Finding"] == "newcomer"]
    assert len(found) == len(holders)
    assert "newcomer" in extended["findings page"]


@pytest.mark.deep
@HOUSE
def test_a_product_is_in_the_catalogue_and_has_its_seat_holders_by_data_alone(extended: dict[str, Any]) -> None:
    assert "Teams" in extended["catalogue page"]
    assert len(extended["teams"]) > 3  # of the SKU that the table lists: other suites are licences of Office 365
    assert extended["teams"][0]["User ID"] in extended["teams page"]
