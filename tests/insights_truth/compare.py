"""What we say beside what is true, finding by finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.insights.base import Finding
from seatkeeper.insights.catalog import INSIGHTS, find_all
from seatkeeper.model import Instant, to_id
from seatkeeper.reporting import snapshot as snapshots
from seatkeeper.sandbox.world import truth_findings, truth_unneeded
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.spans import Span
from seatkeeper.store import models as tables
from seatkeeper.sync.coverage import coverage_of
from tests.insights_truth.world import World

KEYS = tuple(insight.key for insight in INSIGHTS)
IDLE = ("unused", "never-seen")
UNNEEDED = ("shared-mailbox", "large-mailbox", "not-activated", "only-viewing", "browser-only")
SILENT = "non-interactive-access"
TITLES = {(product.key, sku.part_number): sku.title for product in load_products().products for sku in product.skus}


class Said(NamedTuple):
    """A finding: which, about whom, and about which SKUs, by their titles; of one in UNNEEDED by part numbers."""

    key: str
    object_id: str
    plans: tuple[str, ...]


@dataclass
class Tally:
    """Counts over tenants and moments; `wrong` says what is wrong, in sentences."""

    right: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    moments: int = 0
    used: int = 0  # seats called unused or never seen that were used in the stretch we call complete
    unread: int = 0  # successes in a stretch that we call complete and never read
    stored: int = 0  # rows of findings looked at
    decisions: int = 0  # looked at again, at each visit after they were made
    so: Counter[str] = field(default_factory=Counter)  # of what is possible, how many are so
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("right", "invented", "missed", "so"):
            getattr(self, name).update(getattr(other, name))
        for name in ("moments", "used", "unread", "stored", "decisions"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong


def compare(world: World, application: tables.Application, tally: Tally) -> None:
    """Everything that can be said at this moment."""
    product, snapshot = application.product, snapshots.take_snapshot(application, world.clock)
    active = world.read[-1] if world.in_tenant else None
    reader = truth_findings.Reader(
        world.threshold * DAY, world.grace * DAY, snapshot.observed, world.read_for(product), active,
        lateness=coverage_of(application, world.now).lateness // truth_findings.TICKS,
        silent=tables.Task.objects.get(connection_id=application.connection_id, key=SILENT).enabled,
        bounded=None if snapshot.bounded is None else snapshot.bounded // truth_findings.TICKS,
        also=tuple((other, world.read_for(other)) for other in world.added if other != product),
    )  # fmt: skip
    said = [(_said(found), found.units) for found in find_all(snapshot)]
    true = [
        (Said(row["finding"], row["object_id"], _named(product, row)), row)
        for row in truth_findings.findings(world.tenant, reader, product=product)
    ]
    where = f"{world.name(product)}, day {world.moved // 864_000_000_000}"
    _count(where, [one for one, _units in said], [one for one, _row in true], tally)
    units = {one: row["units"] for one, row in true if row["units"]}
    tally.wrong += [f"{where}: {one} of {number} units" for one, number in said if units.get(one, number) != number]
    _compare_stored(where, world.now, application, {one for one, _row in true}, tally)
    idle = {one.object_id: one.key for one, _units in said if one.key in IDLE}
    uses = truth_findings.successes(world.tenant, reader, world.tenant.seconds, product)
    _look_for_use(where, world, reader, idle, uses, tally)
    tally.moments += 1


def _named(product: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """What it is about: of a person the titles of plans, of a purchase the part number, for SKUs may share a title."""
    return tuple(sorted(TITLES[product, name] if row["object_id"] else name for name in row["skus"]))


def _said(found: Finding) -> Said:
    if not found.account:
        return Said(found.key, "", found.part_numbers)
    if found.key in UNNEEDED:
        return Said(found.key, to_id(found.account), found.part_numbers)
    return Said(found.key, to_id(found.account), _plans(found.plan))


def _kept(row: tables.Finding) -> Said:
    if row.key in UNNEEDED:
        return Said(row.key, row.object_id, tuple(row.subject.split(" ")[1:]))
    return Said(row.key, row.object_id, _plans(row.plan) if row.object_id else (row.subject.partition(" ")[0],))


def _plans(titles: str) -> tuple[str, ...]:
    return tuple(sorted(titles.split("; ")))


def _count(where: str, said: list[Said], true: list[Said], tally: Tally) -> None:
    tally.wrong += [f"{where}: said twice: {one}" for one, times in Counter(said).items() if times > 1]
    for one in said:
        (tally.right if one in true else tally.invented)[one.key] += 1
    tally.missed.update(one.key for one in true if one not in said)
    tally.wrong += [f"{where}: not true: {one}" for one in said if one not in true]
    tally.wrong += [f"{where}: not said: {one}" for one in true if one not in said]


def compare_unneeded(world: World, application: tables.Application, tally: Tally) -> None:
    """What the vendor's reports show of licences that are more than their holders need, and whether it is so."""
    product, snapshot = application.product, snapshots.take_snapshot(application, world.clock)
    said = [_said(found) for found in find_all(snapshot) if found.key in UNNEEDED]
    shown = truth_unneeded.unneeded(world.tenant, world.read[-1], product)
    true = {Said(row["finding"], row["object_id"], tuple(row["skus"])): row["so"] for row in shown}
    where = f"{world.name(product)}, day {world.moved // 864_000_000_000}"
    _count(where, said, list(true), tally)
    _compare_stored(where, world.now, application, set(true), tally, UNNEEDED)
    tally.so.update(one.key for one in said if true.get(one))
    tally.moments += 1


def _compare_stored(
    where: str,
    now: Instant,
    application: tables.Application,
    true: set[Said],
    tally: Tally,
    keys: Sequence[str] = KEYS,
) -> None:
    """The rows that pages read: the living ones are the truth, and none that ended just now is still true."""
    rows = tables.Finding.objects.filter(application=application, key__in=keys)
    living = [_kept(row) for row in rows.filter(resolved=None).exclude(state="unproven")]
    ended = [_kept(row) for row in rows.filter(resolved=now)]
    tally.stored += len(living) + len(ended)
    tally.wrong += [f"{where}: kept twice: {one}" for one, times in Counter(living).items() if times > 1]
    tally.wrong += [f"{where}: kept, but not true: {one}" for one in set(living) - true]
    tally.wrong += [f"{where}: true, but not kept: {one}" for one in true - set(living)]
    tally.wrong += [f"{where}: resolved, but true: {one}" for one in true & set(ended)]


def _look_for_use(
    where: str,
    world: World,
    reader: truth_findings.Reader,
    idle: dict[str, str],
    uses: Iterable[tuple[int, int, str, bool]],
    tally: Tally,
) -> None:
    """Nobody called unused came within the threshold, nobody called never seen in the stretch that we call complete;
    and that stretch is complete.
    """
    if reader.complete is None:
        return
    stretch = Span(*reader.complete)
    since = {"never-seen": stretch.start, "unused": stretch.end - reader.threshold * truth_findings.TICKS}
    now, directory, used = world.tenant.seconds, world.tenant.directory, set()
    for when, who, _grade, shown in uses:
        if when > stretch.end:
            continue
        tally.unread += when >= stretch.start and not shown
        person = directory.at(who, now)
        if person and person.id in idle and when >= since[idle[person.id]]:
            used.add(person.id)
    tally.used += len(used)
    tally.wrong += [f"{where}: called {idle[one]}, but used: {one}" for one in used]
