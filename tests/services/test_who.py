"""Every service call starts with who is asking, and the store alone puts their organization into a query."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatkeeper.store import models

SERVICES = Path(__file__).parents[2] / "src" / "seatkeeper" / "services"
FILES = {str(path.relative_to(SERVICES)): ast.parse(path.read_text()) for path in sorted(SERVICES.rglob("*.py"))}

BELOW = ("seatkeeper.store", "seatkeeper.reporting", "seatkeeper.jobs", "seatkeeper.sync")
QUERIES = {"objects", "filter", "save", "delete"}
CREATES = {"create", "get_or_create", "update_or_create", *models.__all__}

# Public functions that reach below without `who`, and why.
WITHOUT_WHO = {
    "nobody is signed in yet: these find out who it is, or let somebody in": {
        "members.py:operator",
        "invitations.py:accept",
        "invitations.py:accept_vouched",
        "invitations.py:can_sign_in",
        "invitations.py:find_to_join",
        "invitations.py:invited",
        "invitations.py:join",
        "invitations.py:lock",
        "invitations.py:set_password",
        "invitations.py:waiting",
        "members.py:list_open",
        "members.py:operator_in",
        "members.py:who_asks",
        "members.py:who_has_none",
        "members.py:who_is",
        "memberships.py:find_or_make",
        "consent_links.py:arrive",
        "setup.py:is_needed",
        "setup.py:set_up",
        "tokens.py:who_has",
    },
    "the machine itself, whose state belongs to no organization": {
        "backups.py:list_backups",
        "backups.py:list_unopened",
        "backups.py:make",
        "backups.py:make_before_upgrade",
        "backups.py:newest",
        "backups.py:restore",
        "health.py:look",
        "health.py:start_scheduler",
        "machine.py:look",
        "keys.py:check",
        "keys.py:forget",
        "keys.py:forget_credentials",
        "keys.py:list_keys",
        "keys.py:rotate",
        "machine.py:migrate",
        "machine.py:plan_migration",
        "process.py:follow_keys",
        "process.py:looked_after",
        "retention.py:list_old",
        "retention.py:prune",
        "retention.py:rewrite",
    },
    "they compute from what they are given, and read no row": {
        "applications.py:fill_form",
        "listings/licenses.py:list_licenses",
        "listings/people.py:cost_of",
        "overview.py:list_cautions",
        "bundles.py:verify",
        "second_factors.py:open_sealed",
        "second_factors.py:seal",
        "addresses.py:list_own",
    },
}


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"))


def _reaching(tree: ast.Module) -> set[str]:
    """Names of the file's functions that query, or call what lies below services, themselves or through each other."""
    below = {
        name.asname or name.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(BELOW)
        for name in node.names
        if name.name.islower() and "vendors" not in (name.name, (node.module or "").rpartition(".")[2])  # product data
    }
    bodies = {node.name: list(ast.walk(node)) for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names = {name: {n.id for n in nodes if isinstance(n, ast.Name)} for name, nodes in bodies.items()}
    reaching = {
        name
        for name, nodes in bodies.items()
        if names[name] & below or any(isinstance(n, ast.Attribute) and n.attr in QUERIES for n in nodes)
    }
    while more := {name for name in bodies.keys() - reaching if names[name] & reaching}:
        reaching |= more
    return reaching


def test_what_reaches_the_database_takes_who_first_or_says_why_not() -> None:
    without = set()
    for file, tree in FILES.items():
        reaching = _reaching(tree)
        for function in _public(tree):
            names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
            if function.name in reaching and names[:1] != ["who"]:
                without.add(f"{file}:{function.name}")
    assert without == set().union(*WITHOUT_WHO.values())


def _by_hand(tree: ast.Module) -> Iterator[str]:
    """Where an organization is written into a query: as a condition, as a row's number, or as a name in a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith("organization_id"):
            yield ast.unparse(node)
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        for keyword in node.keywords:
            name, value = keyword.arg or "", ast.unparse(keyword.value)
            is_named = name.endswith(("organization_id", "organization"))
            if (is_named and called not in CREATES) or (not is_named and value.endswith("organization_id")):
                yield f"{called}({name}={value})"


@pytest.mark.parametrize("file", FILES)
def test_no_service_names_the_organization_in_a_query(file: str) -> None:
    assert list(_by_hand(FILES[file])) == []


@pytest.mark.parametrize(
    "line",
    [
        "Finding.objects.filter(application__organization_id=who.organization_id)",
        "Organization.objects.get(pk=who.organization_id)",
        "Run.objects.filter(Q(organization=who.organization_id))",
        "Task.objects.filter(**{'connection__organization_id': who.organization_id})",
    ],
)
def test_a_query_by_hand_is_found(line: str) -> None:
    assert list(_by_hand(ast.parse(line)))
    assert not list(_by_hand(ast.parse("Price.objects.create(organization_id=who.organization_id)")))
