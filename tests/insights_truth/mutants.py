"""Insights that are wrong on purpose: the comparison must find each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from seatkeeper.app_uses import to_app_use
from seatkeeper.clock import days
from seatkeeper.connectors.products import Product
from seatkeeper.insights.base import Holder, Snapshot
from seatkeeper.insights.evidence import grade, observed_since
from seatkeeper.reporting import refresh, snapshot
from seatkeeper.spans import Span, join
from seatkeeper.store import raw
from seatkeeper.store.queries.roster import UseRow
from seatkeeper.sync import access, coverage


def _see(patch: pytest.MonkeyPatch, change: Callable[[Snapshot], Snapshot]) -> None:
    """Everybody who draws a snapshot sees it changed."""
    draw = snapshot.take_snapshot
    for module in (refresh, snapshot):
        patch.setattr(module, "take_snapshot", lambda *args: change(draw(*args)))


def no_grace(patch: pytest.MonkeyPatch) -> None:
    _see(patch, lambda seen: replace(seen, grace=0))


def a_day_less(patch: pytest.MonkeyPatch) -> None:
    _see(patch, lambda seen: replace(seen, threshold=seen.threshold - days(1)))


def a_day_more(patch: pytest.MonkeyPatch) -> None:
    _see(patch, lambda seen: replace(seen, threshold=seen.threshold + days(1)))


def no_coverage(patch: pytest.MonkeyPatch) -> None:
    """Whatever was not seen did not happen."""

    def change(seen: Snapshot) -> Snapshot:
        all_time = Span(0, seen.now)
        holders = [replace(h, evidence=grade(h.signals, all_time, h.active), observed_since=0) for h in seen.holders]
        return replace(seen, observed=all_time, holders=holders)

    _see(patch, change)


def by_name(patch: pytest.MonkeyPatch) -> None:
    """Sign-ins belong to whoever has their user principal name."""
    draw = snapshot.take_snapshot

    def list_uses(connection_id: int, product: str, generation: int) -> list[UseRow]:
        sql = """
            SELECT a.key, p.guid, MAX(i.created) FROM store_signin i
            JOIN store_signinapp p ON p.id = i.app_id
            JOIN store_account a ON a.connection_id = i.connection_id AND LOWER(a.upn) = i.upn AND a.since <= ?
                                 AND a.until > ?
            WHERE i.connection_id = ? AND i.error_code = 0 GROUP BY a.key, p.guid
        """
        return [UseRow._make(row) for row in raw.fetch(sql, [generation, generation, connection_id])]

    for module in (refresh, snapshot):
        patch.setattr(module, "take_snapshot", lambda application, clock, *_: draw(application, clock, list_uses))


def no_upper_bound(patch: pytest.MonkeyPatch) -> None:
    """Who got in elsewhere is judged as if nobody had read that."""

    def change(seen: Snapshot) -> Snapshot:
        return replace(seen, holders=[_without_tenant(holder, seen) for holder in seen.holders])

    _see(patch, change)


def _without_tenant(holder: Holder, seen: Snapshot) -> Holder:
    signals = tuple(found for found in holder.signals if not found.bounds)
    evidence, since = grade(signals, seen.observed, holder.active), observed_since(signals, seen.observed)
    return replace(holder, signals=signals, evidence=evidence, observed_since=since)


def nothing_comes_late(patch: pytest.MonkeyPatch) -> None:
    """What was read is taken to be complete up to the moment of reading."""
    patch.setattr(coverage, "proven", lambda readings, *_: join(Span(r.start, r.end) for r in readings))


def all_is_kept(patch: pytest.MonkeyPatch) -> None:
    """The log is taken to be as long as its vendor says."""
    patch.setattr(access, "find_begin", lambda _connector, declared: Span(declared.start, declared.start))


def client_alone(patch: pytest.MonkeyPatch) -> None:
    """What was reached by a sign-in says nothing."""
    find = Product.find_app
    patch.setattr(Product, "find_app", lambda product, name: find(product, to_app_use(name).client))


REACHED: Final = "what was reached ignored"  # found where there are products of which only that tells
SHORT_LOG: Final = "short log taken for a long one"  # found where there is one: in the worst tenants
MUTANTS: Final[dict[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "grace ignored": no_grace,
    "threshold a day short": a_day_less,
    "threshold a day long": a_day_more,
    "coverage ignored": no_coverage,
    "joined by name": by_name,
    "account activity ignored": no_upper_bound,
    "late sign-ins ignored": nothing_comes_late,
    SHORT_LOG: all_is_kept,
    REACHED: client_alone,
}
