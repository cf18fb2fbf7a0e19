"""Plans to take seats back: proposed from findings, reviewed by people, run by an administrator, followed up by us.

Seatkeeper holds no permission to write at the vendor and asks for none. What it makes is a script to be read and run,
with one that undoes it, or mails to the holders; whether a seat is gone is what the next roster says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Count, QuerySet

from seatkeeper.amounts import Money
from seatkeeper.clock import Clock, system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.insights.catalog import BY_KEY
from seatkeeper.insights.groups import to_titles
from seatkeeper.model import to_id
from seatkeeper.reporting.daily_summary import list_seat_prices
from seatkeeper.reporting.reclaim_plans import APPROVED, CLOSED, EXCEPTED, GONE, PROPOSED, list_held
from seatkeeper.reporting.seats import Groups
from seatkeeper.reporting.skus import name_skus
from seatkeeper.services import audit
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.members import May, Who
from seatkeeper.services.savings import freeing
from seatkeeper.store.models import Application, Finding, ReclaimItem, ReclaimPlan, SeatHolder, Task
from seatkeeper.store.queries import roster
from seatkeeper.tabular.tables import Cell, Table

ANSWERS: Final = ("needed", "not needed", "")
DRAFT = "draft"
DROPPED, KEPT = "dropped", "kept"


class Seat(NamedTuple):
    """A seat that could be taken back, with the finding that says so."""

    finding: Finding
    holder: SeatHolder
    sku: str
    title: str
    part_number: str
    assigned_by: str
    groups: str


def propose(who: Who, which: Which, name: str, skus: Sequence[str] = (), clock: Clock = system_clock) -> ReclaimPlan:
    """A draft with every seat that open or accepted findings would take back, or those of some SKUs (part numbers)."""
    who.require(May.LICENSES)
    application = find_application(who, which)
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise BadInput("name", "give the plan a name of 1 to 120 visible characters.")
    seats = _choose(list_seats(who, application), skus)
    if not seats:
        raise BadInput("plan", "no finding says of a seat that it could be taken back.")
    prices = list_seat_prices(application)
    with transaction.atomic():
        plan = ReclaimPlan.objects.create(application=application, name=name, state=DRAFT, by=who.name, created=clock())
        items = [
            ReclaimItem(
                plan=plan,
                object_id=seat.holder.object_id,
                user_id=seat.holder.user_id,
                email=seat.holder.email,
                sku=seat.sku,
                title=seat.title,
                finding=seat.finding.key,
                evidence=seat.finding.evidence,
                cost=prices.get(seat.sku, Money()),
                assigned_by=seat.assigned_by,
                groups=seat.groups,
                state=PROPOSED,
            )
            for seat in seats
        ]
        ReclaimItem.objects.bulk_create(items, batch_size=1000)
        audit.record(who, "plan.proposed", name, f"{len(seats)} seats of {application.name}")
    return plan


def _choose(seats: Sequence[Seat], skus: Sequence[str]) -> Sequence[Seat]:
    """The seats of some SKUs, in whatever case they are typed, or all. Raises BadInput for a SKU that has none."""
    if not seats or not skus:
        return seats
    wanted, there = {sku.strip().casefold() for sku in skus}, sorted({seat.part_number for seat in seats})
    if unknown := sorted(wanted - {number.casefold() for number in there}):
        there_are = ", ".join(there)[:300]
        raise BadInput(
            "plan", f"no finding says of a seat of {unknown[0][:60]!r} that it could be taken back, but of {there_are}."
        )
    return [seat for seat in seats if seat.part_number.casefold() in wanted]


def list_skus(who: Who, which: Which) -> list[tuple[str, str]]:
    """Part number and title of the seats that could be taken back: what a plan can be narrowed to."""
    who.require(May.SEE)
    application = find_application(who, which)
    names = name_skus(application)
    freed = set(freeing(who, application).exclude(object_id="").values_list("frees", flat=True))
    return sorted({names.get(sku, (sku, sku)) for frees in freed for sku in frees.split()})


def list_seats(who: Who, application: Application) -> list[Seat]:
    """Every seat that somebody holds and that findings would take back, with the surest finding that says so."""
    names = name_skus(application)
    task = Task.objects.of(who).filter(connection_id=application.connection_id, key="roster").first()
    living = list(freeing(who, application).only("key", "frees", "object_id", "user_id", "evidence"))
    people, groups = {finding.object_id for finding in living}, Groups(application)
    held = roster.stream_seats(application.connection_id, application.product, task.generation if task else 0)
    ways = {  # a person's may differ
        (person, to_id(row.sku)): (row.assigned_by, to_titles(groups.of(row)))
        for row in held
        if (person := to_id(row.account)) in people
    }
    rows = SeatHolder.objects.filter(application=application).only("object_id", "user_id", "email")
    seat_holders = {holder.object_id: holder for holder in rows.iterator(2000) if holder.object_id in people}
    seats = []
    for finding in sorted(living, key=lambda finding: (BY_KEY[finding.key].place, finding.user_id.casefold())):
        if (holder := seat_holders.get(finding.object_id)) is None:
            continue  # an account that was deleted
        for sku in finding.frees.split():
            part_number, title = names.get(sku, (sku, sku))
            way = ways.get((holder.object_id, sku), ("", ""))
            seats.append(Seat(finding, holder, sku, title, part_number, *way))
    return seats


def list_plans(who: Who, which: Which) -> list[ReclaimPlan]:
    """Newest first."""
    who.require(May.SEE)
    return list(ReclaimPlan.objects.filter(application=find_application(who, which)).order_by("-created", "-pk"))


def find_plan(who: Who, plan_id: int) -> ReclaimPlan:
    """A plan of the asker's organization. Raises NotFound."""
    who.require(May.SEE)
    mine = ReclaimPlan.objects.of(who).filter(pk=plan_id)
    plan = mine.select_related("application__connection").first()
    if plan is None:
        raise NotFound("The plan")
    return plan


def list_items(who: Who, plan: ReclaimPlan, start: int = 0, size: int | None = None) -> list[ReclaimItem]:
    """All of them, or a page."""
    items = ReclaimItem.objects.of(who).filter(plan=plan).order_by("user_id", "title", "pk")
    return list(items[start:] if size is None else items[start : start + size])


def review(who: Who, plan_id: int, keep: Sequence[int], among: Sequence[int] | None = None) -> int:
    """Of all items of a draft, or of those that were looked at, leave only these; the others are dropped.

    Answers how many stay in the plan.
    """
    who.require(May.LICENSES)
    with transaction.atomic():
        plan = _in_state(who, plan_id, DRAFT, "reviewed")
        items = plan.items.all() if among is None else plan.items.filter(pk__in=list(among))
        items.filter(pk__in=list(keep)).update(state=PROPOSED)
        items.exclude(pk__in=list(keep)).update(state=DROPPED)
        stays = plan.items.filter(state=PROPOSED).count()
        audit.record(who, "plan.reviewed", plan.name, f"{stays} stay, {plan.items.count() - stays} dropped")
    return stays


def leave_out(who: Who, plan_id: int, user_ids: Sequence[str]) -> int:
    """Drop the seats of these people from a draft. Raises BadInput for somebody who is not in it."""
    items = list_items(who, find_plan(who, plan_id))
    unwanted = {user_id.casefold() for user_id in user_ids}
    if unknown := sorted(unwanted - {item.user_id.casefold() for item in items}):
        raise BadInput("person", f"{unknown[0][:60]!r} is not in the plan.")
    stays = [item.pk for item in items if item.state == PROPOSED and item.user_id.casefold() not in unwanted]
    return review(who, plan_id, stays)


def approve(who: Who, plan_id: int, clock: Clock = system_clock) -> ReclaimPlan:
    """Say that the list is right: from now on its script can be had and its seats are watched.

    What was given back before that is none of the plan's doing, and is dropped.
    """
    who.require(May.LICENSES)
    with transaction.atomic():
        plan = _in_state(who, plan_id, DRAFT, "approved")
        items = list(plan.items.filter(state=PROPOSED))
        held = list_held(plan.application, items)
        gone = [item.pk for item in items if (item.object_id, item.sku) not in held]
        if len(gone) == len(items):
            raise BadInput("plan", "every seat was dropped or is gone already; there is nothing to approve.")
        plan.items.filter(pk__in=gone).update(state=DROPPED)
        plan.state, plan.approved_by, plan.approved = APPROVED, who.name, clock()
        plan.save(update_fields=["state", "approved_by", "approved"])
        audit.record(who, "plan.approved", plan.name, f"{len(gone)} were gone already" if gone else "")
    return plan


def note_answer(who: Who, plan_id: int, item_id: int, answer: str) -> ReclaimItem:
    """What the holder said. A seat that is needed is kept: scripts made from now on leave it out."""
    who.require(May.LICENSES)
    if answer not in ANSWERS:
        raise BadInput("answer", f"{answer[:40]!r} is not one of {', '.join(filter(None, ANSWERS))}.")
    with transaction.atomic():
        plan = find_plan(who, plan_id)
        if plan.state == CLOSED:
            raise BadInput("plan", "it is closed: answers are noted no more.")
        item = plan.items.filter(pk=item_id).first()
        if item is None or item.state not in (PROPOSED, KEPT):
            raise NotFound("The seat")
        item.answer, item.state = answer, KEPT if answer == "needed" else PROPOSED
        item.save(update_fields=["answer", "state"])
        audit.record(who, "plan.answer-noted", plan.name, f"{item.user_id}: {answer or 'taken back'}")
    return item


def close(who: Who, plan_id: int) -> ReclaimPlan:
    """Nothing more is expected of it: its seats are no longer watched."""
    who.require(May.LICENSES)
    with transaction.atomic():
        plan = find_plan(who, plan_id)
        if plan.state == CLOSED:
            raise BadInput("plan", "it is closed already.")
        plan.state = CLOSED
        plan.save(update_fields=["state"])
        audit.record(who, "plan.closed", plan.name)
    return plan


def _in_state(who: Who, plan_id: int, state: str, verb: str) -> ReclaimPlan:
    plan = find_plan(who, plan_id)
    if plan.state != state:
        raise BadInput("plan", f"it is {plan.state} already; only a {state} can be {verb}.")
    return plan


class Outcome(NamedTuple):
    """How far a plan has come, in seats and money."""

    proposed: int
    kept: int
    gone: int
    excepted: int
    worth: Money
    saved: Money


def outcome(who: Who, plan: ReclaimPlan) -> Outcome:
    """Counted by what its seats cost now; those that are gone, by what they cost then."""
    counts, costs = Counter[str](), defaultdict[str, list[Money]](list)
    items = ReclaimItem.objects.of(who).filter(plan=plan).order_by()
    for state, cost, number in items.values_list("state", "cost").annotate(Count("pk")):
        counts[state] += number
        costs[state].append(cost.times(number))
    saved = Money.total(costs[GONE])
    worth = Money.total([*costs[PROPOSED], saved])
    return Outcome(counts[PROPOSED], counts[KEPT], counts[GONE], counts[EXCEPTED], worth, saved)


PLAN_COLUMNS: Final = ("Plan", "Name", "State", "Made", "By", "To Take", "Kept", "Gone", "Worth", "Saved")
ITEM_COLUMNS: Final = (
    "User ID", "Plan", "Finding", "Evidence", "Monthly Cost", "Assigned By", "State", "Answer", "Gone",
    "Object ID", "SKU ID", "Groups",
)  # fmt: skip


def plan_table(who: Who, which: Which) -> Table:
    """The plans of an application as rows."""
    rows: list[Sequence[Cell]] = []
    for plan in list_plans(who, which):
        found = outcome(who, plan)
        money = found.worth.a_month, found.saved.a_month
        rows.append((plan.pk, plan.name, plan.state, plan.created, plan.by, *found[:3], *money))
    return Table(PLAN_COLUMNS, rows, frozenset({"Made"}))


def item_table(who: Who, plan_id: int) -> Table:
    """The seats of a plan as rows."""
    rows: list[Sequence[Cell]] = [
        (
            i.user_id, i.title, i.finding, i.evidence, i.monthly_cost, i.assigned_by, i.state, i.answer, i.gone,
            i.object_id, i.sku, i.groups,
        )
        for i in list_items(who, find_plan(who, plan_id))
    ]  # fmt: skip
    return Table(ITEM_COLUMNS, rows, frozenset({"Gone"}))


def to_take(who: Who, plan: ReclaimPlan) -> Iterator[ReclaimItem]:
    """What a script takes back: neither dropped nor kept nor gone, and given to the person, not only to a group."""
    return (item for item in list_items(who, plan) if item.state == PROPOSED and item.assigned_by != "group")


def of_groups(who: Who, plan: ReclaimPlan) -> QuerySet[ReclaimItem]:
    """Seats that a group gives: they go when the person leaves the group, not by a script on the person."""
    mine = ReclaimItem.objects.of(who).filter(plan=plan, state=PROPOSED, assigned_by__contains="group")
    return mine.order_by("user_id", "title", "pk")
