"""A source file is tested in a test file of its name, in one that imports it, or in one that `where.toml` names."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "seatkeeper"
WHERE: dict[str, list[str]] = tomllib.loads((TESTS / "where.toml").read_text())


def _acting() -> set[str]:
    """The source files in which something happens: with a function, and no migration."""
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if "migrations" not in path.parts and _has_functions(ast.parse(path.read_text()))
    }


def _has_functions(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))


def _imported(path: Path) -> Iterator[str]:
    """The modules of ours that a test file imports, and those whose dotted names it patches."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("seatkeeper."):
            parts = node.value.split(".")
            yield from (".".join(parts[:end]) for end in range(2, len(parts) + 1))


def _told_by_itself() -> set[str]:
    """The files that have a test file of their name, or that a test file imports."""
    files = [*TESTS.rglob("*.py")]
    names = {path.stem.removeprefix("test_") for path in files if path.stem.startswith("test_")}
    modules = {module for path in files for module in _imported(path)}
    return {
        name
        for name in _acting()
        if Path(name).stem in names or f"seatkeeper.{name.removesuffix('.py').replace('/', '.')}" in modules
    }


def test_every_file_in_which_something_happens_has_its_test() -> None:
    untold = _acting() - _told_by_itself()
    covered = {name for name in untold if WHERE.keys() & {name, *(str(folder) for folder in Path(name).parents)}}
    # Two classes with one method each, for Django.
    assert untold - covered == {"store/apps.py", "web/apps.py"}


def test_the_list_names_test_files_that_there_are_and_nothing_that_tells_itself() -> None:
    assert [name for names in WHERE.values() for name in names if not (TESTS / name).is_file()] == []
    untold = _acting() - _told_by_itself()
    needless = [place for place in WHERE if not any(name == place or name.startswith(f"{place}/") for name in untold)]
    assert needless == []
