"""Promises about the docs: they can be read in a terminal, and what they point to exists."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from seatkeeper.insights.catalog import INSIGHTS

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "seatkeeper"
MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "tour.md", ROOT / "docs" / "extending.md"]
WIDEST = 120
FILE = re.compile(r"`([\w./-]+\.(?:py|json|html|toml|md))(?::([\w.]+))?`")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MARKDOWN, ids=_name)
def test_a_line_of_markdown_fits_a_screen(path: Path) -> None:
    columns = "| `seatkeeper "  # the columns of a command, in a row that cannot be broken
    wide = [line for line in path.read_text().splitlines() if len(line) > WIDEST and not line.startswith(columns)]
    assert wide == []


@pytest.mark.parametrize("path", MARKDOWN, ids=_name)
def test_a_link_leads_to_a_file_and_a_heading_that_exist(path: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", path.read_text()):
        found = path.parent / target if target else path
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings], anchor


@pytest.mark.parametrize("path", GUIDES, ids=_name)
def test_a_file_and_a_name_in_it_that_a_guide_points_to_exist(path: Path) -> None:
    pointers = FILE.findall(path.read_text())
    assert pointers
    for file, name in pointers:
        found = next((folder / file for folder in (SOURCE, ROOT) if (folder / file).is_file()), None)
        assert found, file
        assert not name or name in _names(found), f"{file}:{name}"


def _names(path: Path) -> set[str]:
    """What a module defines: functions, classes with their methods, and constants."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
            names |= {target.id} if isinstance(target, ast.Name) else set()
    return names


def test_the_storeys_are_those_that_the_linter_holds() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    house = next(each for each in contracts if each.get("containers") == ["seatkeeper"])
    drawing = (ROOT / "CONTRIBUTING.md").read_text().split("```")[1]
    assert re.findall(r"^(\w[\w |]*\w)  +", drawing, re.MULTILINE) == house["layers"]


def test_the_tour_enters_every_storey() -> None:
    named = {file.partition("/")[0] for file, _ in FILE.findall((ROOT / "docs" / "tour.md").read_text())}
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    assert rooms - named == {"sandbox", "settings", "tabular"}


@pytest.mark.parametrize("name", ["insight.md", "commands.md"])
def test_every_finding_is_in_the_docs(name: str) -> None:
    docs = (ROOT / "docs" / name).read_text()
    assert [insight.key for insight in INSIGHTS if f"`{insight.key}`" not in docs] == []
