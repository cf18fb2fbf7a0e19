"""Promises about the project itself, held by reading it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from seatkeeper.cli.main import app
from seatkeeper.services import coverage, findings, reports, roster, runs, suspicious

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "seatkeeper"
FILES = sorted(
    path for path in [*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")] if "migrations" not in path.parts
)
EDGES = {
    "cli/main.py",
    "jobs/postgres.py",
    "jobs/work.py",
}  # where a process would die: the command's main and the job loop


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _commands(group: Any, words: tuple[str, ...] = ("seatkeeper",)) -> Iterator[tuple[str, Any]]:
    if hasattr(group, "commands"):
        for name, command in group.commands.items():
            yield from _commands(command, (*words, name))
    else:
        yield " ".join(words), group


COMMANDS = dict(_commands(typer.main.get_command(app)))
DOCS = (ROOT / "docs" / "commands.md").read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_has_at_most_40_lines_and_6_parameters(path: Path) -> None:
    is_command = path.parent.name == "cli"
    for function in _functions(path):
        first = function.body[0]
        documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        start = function.body[1] if documented and len(function.body) > 1 else first
        length = (function.end_lineno or 0) - start.lineno + 1
        limit = 45 if is_command else 40
        assert length <= limit, f"{function.name} has {length} lines"
        names = [a.arg for a in function.args.posonlyargs + function.args.args + function.args.kwonlyargs]
        count = len([name for name in names if name not in ("self", "cls")])
        fixture = path.is_relative_to(ROOT / "tests")
        assert is_command or fixture or count <= 8, f"{function.name} has {count} parameters"
        positional = [a.arg for a in function.args.posonlyargs + function.args.args if a.arg not in ("self", "cls")]
        assert is_command or fixture or len(positional) <= 6, f"{function.name} has {len(positional)} positional ones"


def test_everything_is_caught_only_at_the_edges() -> None:
    broad = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                names = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"everything"}
                raises = any(isinstance(n, ast.Raise) for n in ast.walk(node))
                if names & {"Exception", "BaseException", "everything"} and not raises:
                    broad.add(str(path.relative_to(SOURCE)))
    assert broad == EDGES


def test_only_the_graph_door_and_the_delivery_of_notices_know_an_http_client() -> None:
    for path in SOURCE.rglob("*.py"):
        if path.is_relative_to(SOURCE / "graph") or path in (SOURCE / "wire.py", SOURCE / "notices" / "delivery.py"):
            continue
        imported = {
            name.name.partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
        }
        clients = {"httpx", "httpx2", "httpcore2", "requests", "urllib3", "msal", "aiohttp", "apprise"}
        assert not imported & clients, path


def test_nothing_is_read_in_a_form_that_can_run_something() -> None:
    unsafe = {"pickle", "marshal", "shelve", "dill", "joblib", "yaml", "code", "runpy"}
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        imported = {
            name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        assert not imported & unsafe | called & {"eval", "exec", "compile"}, path


def test_where_something_is_done_at_a_vendor_is_said_by_the_vendors_folder_alone() -> None:
    its_own = [SOURCE / "connectors" / "microsoft", SOURCE / "graph", SOURCE / "sandbox"]
    named = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {node.value}"
        for path in SOURCE.rglob("*.py")
        if not any(path.is_relative_to(folder) for folder in its_own)
        for tree in [ast.parse(path.read_text())]
        for prose in [{id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        if re.search(r"\b(Entra|Azure|admin center|microsoft\.com)\b", node.value)
    ]
    assert named == []


def test_figures_are_computed_by_a_refresh_and_live_only_where_that_is_the_point() -> None:
    """Commands, pages, REST, exports and notices read stored rows: then no two of them can disagree."""
    computing = {"take_snapshot", "quick_snapshot", "find_all", "to_unlicensed_users", "activity"}
    users = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if not path.is_relative_to(SOURCE / "sandbox")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and {name.name for name in node.names} & computing
        if (node.module or "").startswith(("seatkeeper.reporting", "seatkeeper.insights"))
    }
    live = {"services/bundles.py", "services/what_if.py"}
    assert live <= users
    assert {name for name in users - live if not name.startswith(("reporting/", "insights/"))} == set()


def test_only_retire_marks_anybody_as_gone() -> None:
    closers = ("close_accounts", "close_unseen", "close_seats_of_closed_accounts")
    users = {
        f"{path.parent.name}/{path.name}": [word for word in closers if f"bulk.{word}" in path.read_text()]
        for path in (SOURCE / "sync").rglob("*.py")
    }
    used = {name: words for name, words in users.items() if words}
    # roster.py ends the old version of an account whose new version it inserts in the same breath.
    assert used == {"sync/retire.py": list(closers), "sync/roster.py": ["close_accounts"]}


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_is_in_the_docs(words: str) -> None:
    assert f"`{words}" in DOCS


@pytest.mark.parametrize("words", COMMANDS)
def test_the_docs_name_every_visible_option_of_a_command(words: str) -> None:
    for parameter in COMMANDS[words].params:
        option = next((o for o in parameter.opts if o.startswith("--")), None)
        if option and not getattr(parameter, "hidden", False) and option != "--help":
            assert option in DOCS, f"{words} {option}"


def test_the_docs_name_no_command_that_does_not_exist() -> None:
    for words in re.findall(
        r"`(seatkeeper [a-z-]+(?: (?:add|list|show|edit|authorize|deactivate|reactivate|delete|serve))?)", DOCS
    ):
        assert any(name == words or name.startswith(words + " ") for name in COMMANDS), words


@pytest.mark.parametrize(
    "columns",
    [
        tuple(roster.ROSTER),
        tuple(roster.ACCESS),
        tuple(suspicious.COLUMNS),
        coverage.COVERAGE_COLUMNS,
        coverage.QUARANTINE_COLUMNS,
        findings.COLUMNS,
        tuple(reports.COLUMNS),
        runs.RUN_COLUMNS,
    ],
)
def test_the_docs_list_the_columns_in_their_order(columns: tuple[str, ...]) -> None:
    assert f"| {', '.join(columns)} |" in DOCS


def test_every_recipe_of_the_makefile_has_one_comment() -> None:
    recipes = re.findall(r"^([a-z]+):(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test", "lint", "bench", "serve"} <= {name for name, _ in recipes}
    assert all(" ## " in rest for _, rest in recipes)


def test_every_test_that_the_list_of_proofs_names_exists_on_both_sides() -> None:
    section = (ROOT / "docs" / "proof.md").read_text().partition("## Quick and long")[2].partition("\n## ")[0]
    promises = section.split("\n- **")[1:]
    assert len(promises) > 20
    for promise in promises:
        sides = re.split(r"\b(?:Quick|Long):", promise)[1:]
        named = [re.findall(r"`(tests/[^`]+)`", side) for side in sides]
        assert len(named) == 2, promise
        assert all(named), f"{promise}: nothing shows it"
        assert [path for paths in named for path in paths if not (ROOT / path).is_file()] == [], promise
        assert [path for path in named[0] if "pytestmark = pytest.mark.deep" in (ROOT / path).read_text()] == [], (
            promise
        )


def test_the_locks_carry_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text
