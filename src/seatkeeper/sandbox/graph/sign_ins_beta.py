"""GET /beta/auditLogs/signIns: as in v1.0, and with signInEventTypes in the filter also non-interactive sign-ins."""

from __future__ import annotations

from dataclasses import replace

from seatkeeper.sandbox.graph import refusals, sign_in_filters, sign_ins
from seatkeeper.sandbox.graph.filters import Node, matches
from seatkeeper.sandbox.graph.non_interactive import KINDS, BetaLog
from seatkeeper.sandbox.graph.request import Answer, Request
from seatkeeper.sandbox.world.tenant import Tenant

EVENT_TYPES = "signInEventTypes"


def list_sign_ins(tenant: Tenant, request: Request) -> Answer:
    """A page; without a filter for kinds these are the interactive ones, as in v1.0."""
    sign_ins.may_read(tenant, request)
    kinds, rest = _split(sign_in_filters.read_filter(request))
    return sign_ins.serve(tenant, request, BetaLog(tenant, kinds), rest)


def _split(node: Node | None) -> tuple[frozenset[str], Node | None]:
    """The kinds of events a filter asks for, and what else it asks. Kinds stand alone or are joined by and."""
    if node is None:
        return frozenset({"interactiveUser"}), None
    parts = node.parts if node.op == "and" else (node,)
    asked = [part for part in parts if _only_kinds(part)]
    if not asked:
        return frozenset({"interactiveUser"}), node
    kinds = frozenset(kind for kind in KINDS if all(_allows(part, kind) for part in asked))
    others = tuple(part for part in parts if not _only_kinds(part))
    if not others:
        return kinds, None
    return kinds, others[0] if len(others) == 1 else replace(node, parts=others)


def _only_kinds(node: Node) -> bool:
    if node.op in {"or", "not"}:
        return all(_only_kinds(part) for part in node.parts)
    return node.op == "any" and node.path == EVENT_TYPES


def _allows(node: Node, kind: str) -> bool:
    """Whether an event of this kind passes; every event is of one kind."""
    if node.op == "any":
        inner = node.parts[0]
        return matches(_checked(inner, node.value), lambda _path: kind)
    if node.op == "not":
        return not _allows(node.parts[0], kind)
    return any(_allows(part, kind) for part in node.parts)


def _checked(node: Node, variable: str) -> Node:
    """The inside of any(): comparisons of its variable and nothing else."""
    compares = node.op in {"eq", "ne"} and node.path == variable
    joins = node.op in {"and", "or", "not"} and all(_checked(part, variable) for part in node.parts)
    if not (compares or joins):
        raise refusals.invalid_clause()
    return node
