"""From what Microsoft says about a person's licences to seats of the products we manage.

The rule (docs/decisions/0003): a seat is an assigned SKU that carries a plan of the product which is not disabled
in the assignment and which Microsoft does not report as over (Warning is grace). `assignedLicenses` is the holding
truth; `assignedPlans` says since when and whether it works (removed plans stay in it as Deleted);
`licenseAssignmentStates` says by whom, and is not tracked by delta.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from seatkeeper.connectors.microsoft.products import Watched, load_products
from seatkeeper.connectors.products import Carried
from seatkeeper.graph.pages import Id
from seatkeeper.model import MISSING, Account, ActiveSource, Instant, Key, Missing, Seat, to_instant, to_key

FAILED = ("Error", "ActiveWithError")
DELETED = "Deleted"  # a plan that was taken away stays listed so, with the date of that
OVER = ("Suspended", "LockedOut", DELETED)  # a status that is new to us ends nobody's seat
# Microsoft's words that mean something to us, in whatever case they come.
_WORDS = {word.casefold(): word for word in (*FAILED, *OVER, "Active", "Disabled", "None")}


class AssignedLicense(msgspec.Struct, rename="camel", gc=False):
    """assignedLicense: no date, and not whether it came by a group (Graph docs, resources/user)."""

    sku_id: Id
    disabled_plans: list[Id] | None = None


class PlanState(msgspec.Struct, rename="camel", gc=False):
    """assignedPlan; `service` is left out because it does not identify the product."""

    service_plan_id: Id
    capability_status: str | None = None
    assigned_date_time: str | None = None


class AssignmentState(msgspec.Struct, rename="camel", gc=False):
    """licenseAssignmentState: the same SKU may appear directly and for each group."""

    sku_id: Id | None = None
    assigned_by_group: Id | None = None
    state: str | None = None
    error: str | None = None
    last_updated_date_time: str | None = None


class Licensing(msgspec.Struct, omit_defaults=True, gc=False):
    """What is kept of a person's licensing: only the watched SKUs and plans. UNSET is what Microsoft did not send.

    Of whom no watched SKU is held, `states` are those that failed, and `plans` those that ended. `opened` are the
    products that another product's licence lets the person in to.
    """

    held: list[AssignedLicense] | msgspec.UnsetType = msgspec.UNSET
    plans: list[PlanState] | msgspec.UnsetType = msgspec.UNSET
    states: list[AssignmentState] | msgspec.UnsetType = msgspec.UNSET
    opened: list[str] | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(Licensing)
_encode = msgspec.json.Encoder().encode


def to_licensing(
    held: list[AssignedLicense] | Missing | None,
    plans: list[PlanState] | Missing | None,
    states: list[AssignmentState] | Missing | None,
    watched: Watched,
) -> str | Missing | None:
    """Only the part that matters for the managed products, in an order that does not depend on Microsoft's.

    None for a person of whom nothing is watched, MISSING when Microsoft said nothing about it: a list that is
    null was not told, for a person without licences has an empty one.
    """
    skus, wanted = watched.skus, watched.plans
    result = Licensing()
    if isinstance(held, list):
        result.held = sorted([h for h in held if h.sku_id in skus], key=lambda h: h.sku_id)
        if not held:
            result.opened = []
    if isinstance(plans, list):
        openers = watched.openers
        known = [p for p in plans if p.service_plan_id in wanted or p.service_plan_id in openers]
        for plan in known:
            plan.capability_status = _fold(plan.capability_status)
        opening = [p for p in known if p.service_plan_id in openers and p.capability_status not in OVER]
        result.opened = sorted({product for p in opening for product in openers[p.service_plan_id]})
        known = [p for p in known if p.service_plan_id in wanted]
        result.plans = sorted(known, key=lambda p: (p.service_plan_id, p.assigned_date_time or ""))
    if isinstance(states, list):
        ours = [s for s in states if s.sku_id in skus]
        for state in ours:
            state.state, state.error = _fold(state.state), _fold(state.error)
        result.states = sorted(ours, key=lambda s: (s.sku_id or "", s.assigned_by_group or ""))
    if result == Licensing():
        return MISSING
    whole = msgspec.UNSET not in (result.held, result.plans, result.states)
    return _to_json(result) if whole else _encode(result).decode()  # of a part, merging says what is left


def _fold(word: str | None) -> str | None:
    return _WORDS.get(word.casefold(), word) if word else word


def _to_json(licensing: Licensing) -> str | None:
    """None when nothing is left that matters: whoever holds nothing has plans that ended, and states that failed."""
    if licensing.held is not msgspec.UNSET and not licensing.held:
        licensing.plans = [plan for plan in licensing.plans or () if plan.capability_status == DELETED]
        licensing.states = [state for state in licensing.states or () if state.state in FAILED]
    if not (licensing.held or licensing.plans or licensing.states or licensing.opened):
        return None
    return _encode(licensing).decode()


def from_json(text: str | None) -> Licensing:
    """What is kept of a person's licensing. What no version can read any more tells nothing, and stops no run."""
    if not text:
        return Licensing(held=[], plans=[], states=[])
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Licensing()


def list_assigned(text: str) -> list[Key]:
    """The SKUs that are assigned to an account, of those that were watched."""
    return sorted({to_key(held.sku_id) for held in from_json(text).held or ()})


def merge_licensing(old: str | None, new: str | None) -> str | None:
    """Parts that the newer answer did not send stay as they were."""
    if new is None:
        return None
    before, after = from_json(old), from_json(new)
    for part in ("held", "plans", "states", "opened"):
        if getattr(after, part) is msgspec.UNSET:
            setattr(after, part, getattr(before, part))
    return _to_json(after)


def list_failed(text: str) -> list[tuple[Key, str]]:
    """The SKUs that could not be assigned and are not held, each with the vendor's word for why."""
    licensing = from_json(text)
    held = {one.sku_id for one in licensing.held or ()}
    failed = [s for s in licensing.states or () if s.sku_id and s.sku_id not in held and s.state in FAILED]
    return sorted({to_key(s.sku_id or ""): s.error or s.state or "" for s in failed}.items())


def list_opened(text: str) -> list[str]:
    """The products that another product's licence lets the person in to."""
    return list(from_json(text).opened or ())


class _Assignments(msgspec.Struct, gc=False):
    """Of what is kept, by whom licences were assigned: everything else is skipped unread."""

    states: list[AssignmentState] = []


_assignments = msgspec.json.Decoder(_Assignments)


def list_groups(text: str) -> list[tuple[Key, Key]]:
    """The groups that assign SKUs to an account, each with the SKU. Nothing of what no version can read any more."""
    try:
        states = _assignments.decode(text).states
        found = {(s.sku_id, s.assigned_by_group) for s in states if s.sku_id and s.assigned_by_group}
        return sorted((to_key(sku), to_key(group)) for sku, group in found)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return []


@lru_cache(maxsize=1)
def _list_seats_of_plans(_version: str) -> Mapping[str, Sequence[str]]:
    """The products that each plan makes a seat of, looked for again when the table says something else."""
    found: dict[str, list[str]] = {}
    for product in load_products().products:
        for plan in product.plans:
            if plan.seat:
                found.setdefault(plan.id, []).append(product.key)
    return found


def list_ended(text: str) -> dict[str, Instant]:
    """The products whose plans were taken from the account, each with when the last of them was."""
    ended: dict[str, Instant] = {}
    for plan in from_json(text).plans or ():
        if plan.capability_status == DELETED and (at := to_date(plan.assigned_date_time)) is not None:
            for product in _list_seats_of_plans(load_products().version).get(plan.service_plan_id, ()):
                ended[product] = max(at, ended.get(product, at))
    return ended


def to_seats(account: Account, watched: Watched) -> list[Seat]:
    """The seats that this account holds, one for each assigned SKU and product."""
    if not isinstance(account.licensing, str):
        return []
    licensing = from_json(account.licensing)
    seats = []
    for held in licensing.held or ():
        for carried in watched.skus.get(held.sku_id, ()):
            in_force, dates = _plans_in_force(carried.plans.difference(held.disabled_plans or ()), licensing)
            if in_force:
                names = ",".join(sorted(watched.plan_names[plan] for plan in in_force))
                seats.append(_to_seat(account, held, carried, licensing, (names, dates)))
    return seats


def _plans_in_force(carried: frozenset[str], licensing: Licensing) -> tuple[list[str], list[str | None]]:
    """The plans that work, with their dates; one that Microsoft does not mention (yet) is taken to work."""
    told: dict[str, list[PlanState]] = {}
    for state in licensing.plans or ():
        told.setdefault(state.service_plan_id, []).append(state)
    in_force, dates = [], []
    for plan in carried:
        working = [state for state in told.get(plan, ()) if state.capability_status not in OVER]
        if working or plan not in told:
            in_force.append(plan)
            dates += [state.assigned_date_time for state in working]
    return in_force, dates


def _to_seat(
    account: Account, held: AssignedLicense, carried: Carried, licensing: Licensing, plans: tuple[str, list[str | None]]
) -> Seat:
    states = [state for state in licensing.states or () if state.sku_id == held.sku_id]
    active, source = _active_date(account, plans[1], states)
    ways = {"group" if state.assigned_by_group else "direct" for state in states}
    # One SKU can come directly and by groups: the worst state is shown, and one that is new to us before none.
    told = {state.state for state in states if state.state}
    worst = next((state for state in ("Error", "ActiveWithError", "Disabled", "Active") if state in told), "")
    return Seat(
        account=account.key,
        sku=to_key(held.sku_id),
        product=carried.product,
        kind=carried.kind.value,
        plans=plans[0],
        active=active,
        active_source=source.value,
        assigned_by=", ".join(sorted(ways)),
        state=worst or min(told, default=""),
        error=next((s.error for s in states if s.error and s.error != "None"), ""),
    )


def _active_date(
    account: Account, dates: list[str | None], states: list[AssignmentState]
) -> tuple[Instant | None, ActiveSource]:
    """The earliest plan date, else the newest change of the licence, else the account's creation."""
    known = [instant for date in dates if (instant := to_date(date)) is not None]
    if known:
        return min(known), ActiveSource.PLAN
    changed = [i for s in states if (i := to_date(s.last_updated_date_time)) is not None]
    if changed:
        return max(changed), ActiveSource.STATE
    if isinstance(account.created, int):
        return account.created, ActiveSource.CREATED
    return None, ActiveSource.NONE


def to_date(text: str | None) -> Instant | None:
    """A date that only describes. Null and what lies before 1970 (the years 1, 1601) are Microsoft's "never"; what we
    cannot read says no more.

    It never raises: nobody loses a seat for a date, and no row that is stored stops a run (docs/decisions/0012).
    """
    try:
        moment = to_instant(text) if text else 0
    except ValueError:
        return None
    return moment if moment > 0 else None
