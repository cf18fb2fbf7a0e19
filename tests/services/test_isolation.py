"""A query of ours begins at the asker's organization, or at a row that was found there; what does not is named here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from seatkeeper.store.models.owned import Owned

SOURCE = Path(__file__).parents[2] / "src" / "seatkeeper"
MANAGERS = ("objects", "_default_manager", "_base_manager")
FILES = {
    str(path.relative_to(SOURCE)): path.read_text()
    for layer in ("services", "web", "api", "cli")
    for path in sorted((SOURCE / layer).rglob("*.py"))
}
TABLES = {table.__name__: table for table in apps.get_app_config("store").get_models() if issubclass(table, Owned)}
MAKES = {"create", "bulk_create", "get_or_create", "update_or_create"}  # tests/services/test_who.py reads these

# Functions whose queries begin elsewhere, and why.
ELSEWHERE = {
    "a row that was found in the asker's organization just before, by its number": {
        "services/activity_reports.py import_report Application",
        "services/findings.py _decide Finding",
        "services/notice_targets.py test NoticeTarget",
        "services/organizations.py _changing Organization",
        "services/runs.py break_run Task",
        "services/tasks.py _newest_runs Run",
        "services/tasks.py _newest_runs Task",
    },
    "its conditions hold the asker's applications, or it is a part of a query that does": {
        "services/exceptions.py exempt SeatHolder",
        "services/listings/everywhere.py read Finding",
        "services/listings/everywhere.py read SeatHolder",
        "services/listings/everywhere.py read UnlicensedUser",
        "services/listings/people.py _complete Finding",
        "services/listings/people.py _complete SeatHolder",
        "services/listings/queue.py rows Application",
    },
    "it is about one person's sign-in, whatever that opens": {
        "services/invitations.py accept Membership",
        "services/invitations.py accept_vouched Membership",
        "services/invitations.py find_to_join Membership",
        "services/invitations.py invited Membership",
        "services/invitations.py join Membership",
        "services/invitations.py opens_more Membership",
        "services/members.py list_open Membership",
        "services/members.py who_has_none Membership",
        "services/tokens.py make ApiToken",
        "services/tokens.py who_has ApiToken",
    },
    "it is for an operator, and shows no person": {
        "services/listings/audit.py rows_of_installation AuditEvent",
        "services/listings/organizations.py rows Organization",
        "services/organizations.py _to_name Organization",
        "services/organizations.py find_named Organization",
    },
    "it is for whoever has the machine": {
        "services/backups.py list_unopened Connection",
        "services/backups.py newest AuditEvent",
        "services/backups.py restore Connection",
        "services/health.py _refresh_hangs Application",
        "services/keys.py _alone Organization",
        "services/machine.py _look_at_key Connection",
        "services/machine.py _look_at_tasks Organization",
        "services/members.py operator Organization",
        "services/members.py operator_in Organization",
        "services/setup.py is_needed Membership",
        "services/setup.py set_up Organization",
    },
}


def rooted(table: type[Owned], chain: list[ast.Call]) -> bool:
    """Whether a condition leads from a row of another table with an owner: application=application."""
    ways = {
        field.name
        for field in table._meta.get_fields()
        if field.is_relation and field.related_model in TABLES.values() and field.name != "organization"
    }
    named = {keyword.arg or "" for call in chain for keyword in call.keywords}
    return any(name.removesuffix("_id").partition("__")[0] in ways for name in named)


def unrooted(tree: ast.Module) -> Iterator[str]:
    """The function and the table of each query that may find rows of any organization."""
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr in MANAGERS):
            continue
        table = TABLES.get(ast.unparse(node.value).rpartition(".")[2])
        if table is None:
            continue
        methods, chain, at = [], [], parents[node]
        while isinstance(at, ast.Attribute | ast.Call):
            if isinstance(at, ast.Attribute):
                methods.append(at.attr)
            else:
                chain.append(at)
            child, at = at, parents[at]
            if isinstance(at, ast.Call) and at.func is not child:
                break  # the query is handed on whole
        if (methods and methods[0] in {"of", *MAKES}) or rooted(table, chain):
            continue
        function: ast.AST = node
        while not isinstance(function, ast.FunctionDef | ast.Module):
            function = parents[function]
        yield f"{getattr(function, 'name', 'the file')} {table.__name__}"


def test_every_query_begins_at_the_asker_or_says_why_not() -> None:
    querying = {path: text for path, text in FILES.items() if any(f".{name}" in text for name in MANAGERS)}
    found = {f"{path} {place}" for path, text in querying.items() for place in unrooted(ast.parse(text))}
    known = set().union(*ELSEWHERE.values())
    assert found - known == set(), "begin it with .of(who), or say above why it may find rows of any organization"
    assert known - found == set(), "these are there no more"


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("Finding.objects.filter(state='open')", True),
        ("Finding.objects.all()", True),
        ("models.Finding.objects.get(pk=finding_id)", True),
        ("Finding._default_manager.order_by('pk')", True),
        ("rows = Run.objects.filter(organization=1)", True),
        ("Finding.objects.of(who).filter(pk=finding_id)", False),
        ("Finding.objects.filter(application=application)", False),
        ("Run.objects.filter(task=OuterRef('pk')).order_by('-pk')", False),
        ("SignInApp.objects.all()", False),
    ],
)
def test_what_a_query_begins_with_is_seen(line: str, is_found: bool) -> None:
    assert bool([*unrooted(ast.parse(line))]) is is_found
