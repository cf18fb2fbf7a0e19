"""From what Microsoft says about a person's licences to seats of the products we manage.

The rule (docs/decisions/0003): a seat is an assigned SKU that carries a plan of the product which is not disabled
in the assignment and which Microsoft does not report as over (Warning is grace). `assignedLicenses` is the holding
truth; `assignedPlans` says since when and whether it works (removed plans stay in it as Deleted);
`licenseAssignmentStates` says by whom, and is not tracked by delta.
"""

from __future__ import annotations

import msgspec

from seatkeeper.connectors.microsoft.products import Carried, Watched
from seatkeeper.model import MISSING, Account, ActiveSource, Instant, Missing, Seat, to_instant, to_key

OVER = ("Suspended", "LockedOut", "Deleted")  # a word that is new to us ends nobody's seat


class Held(msgspec.Struct, rename="camel", gc=False):
    """assignedLicense"""

    sku_id: str
    disabled_plans: list[str] | None = None


class PlanState(msgspec.Struct, rename="camel", gc=False):
    """assignedPlan; `service` is left out because it does not identify the product."""

    service_plan_id: str
    capability_status: str | None = None
    assigned_date_time: str | None = None


class AssignmentState(msgspec.Struct, rename="camel", gc=False):
    """licenseAssignmentState: the same SKU may appear directly and for each group."""

    sku_id: str | None = None
    assigned_by_group: str | None = None
    state: str | None = None
    error: str | None = None
    last_updated_date_time: str | None = None


class Licensing(msgspec.Struct, omit_defaults=True, gc=False):
    """What is kept of a person's licensing: only the watched SKUs and plans. UNSET is what Microsoft did not send."""

    held: list[Held] | msgspec.UnsetType = msgspec.UNSET
    plans: list[PlanState] | msgspec.UnsetType = msgspec.UNSET
    states: list[AssignmentState] | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(Licensing)
_encode = msgspec.json.Encoder().encode


def to_licensing(
    held: list[Held] | Missing | None,
    plans: list[PlanState] | Missing | None,
    states: list[AssignmentState] | Missing | None,
    watched: Watched,
) -> str | Missing | None:
    """Only the part that matters for the managed products, in an order that does not depend on Microsoft's.

    None for a person who holds nothing that is watched, MISSING when Microsoft said nothing about it: a list that is
    null was not told, for a person without licences has an empty one.
    """
    skus, wanted = watched.skus, watched.plans
    result = Licensing()
    if isinstance(held, list):
        result.held = sorted([h for h in held if h.sku_id in skus], key=_by_sku)
        if not result.held:
            return None  # most people: their plans need not be looked at
    if isinstance(plans, list):
        result.plans = sorted([p for p in plans if p.service_plan_id in wanted], key=_by_plan)
    if isinstance(states, list):
        result.states = sorted([s for s in states if s.sku_id in skus], key=_by_assignment)
    return MISSING if result == Licensing() else _encode(result).decode()


def _by_sku(held: Held) -> str:
    return held.sku_id


def _by_plan(plan: PlanState) -> tuple[str, str]:
    return plan.service_plan_id, plan.assigned_date_time or ""


def _by_assignment(state: AssignmentState) -> tuple[str, str]:
    return state.sku_id or "", state.assigned_by_group or ""


def from_json(text: str | None) -> Licensing:
    return _decoder.decode(text) if text else Licensing(held=[], plans=[], states=[])


def merge_licensing(old: str | None, new: str | None) -> str | None:
    """Parts that the newer answer did not send stay as they were."""
    if new is None:
        return None
    before, after = from_json(old), from_json(new)
    for part in ("held", "plans", "states"):
        if getattr(after, part) is msgspec.UNSET:
            setattr(after, part, getattr(before, part))
    return _encode(after).decode() if after.held else None


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
    account: Account, held: Held, carried: Carried, licensing: Licensing, plans: tuple[str, list[str | None]]
) -> Seat:
    states = [state for state in licensing.states or () if state.sku_id == held.sku_id]
    active, source = _active_date(account, plans[1], states)
    return Seat(
        account=account.key,
        sku=to_key(held.sku_id),
        product=carried.product,
        kind=carried.kind.value,
        plans=plans[0],
        active=active,
        active_source=source.value,
        assigned_by=_assigned_by(states),
        state=_worst(states),
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
    """A date of Microsoft's; none for null and for the year 1, which it uses for "never"."""
    if text is None or text.startswith("0001-"):
        return None
    return to_instant(text)


def _assigned_by(states: list[AssignmentState]) -> str:
    ways = {"group" if state.assigned_by_group else "direct" for state in states}
    return ", ".join(sorted(ways))


def _worst(states: list[AssignmentState]) -> str:
    order = ("Error", "ActiveWithError", "Disabled", "Active")
    found = {state.state for state in states if state.state}
    return next((state for state in order if state in found), next(iter(sorted(found)), ""))
