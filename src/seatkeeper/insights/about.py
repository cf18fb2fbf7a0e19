"""How an insight says what it found: about a person on the roster, or about a purchase."""

from __future__ import annotations

from seatkeeper.insights.base import Finding, Holder, Sku
from seatkeeper.insights.groups import advise
from seatkeeper.model import Certainty


def about(holder: Holder, advice: str, sku: Sku | None = None, certainty: Certainty = Certainty.CERTAIN) -> Finding:
    """A finding about a person on the roster: about one of the plans held, or about all."""
    return Finding(
        "",
        holder.user_id,
        holder.plans if sku is None else sku.title,
        holder.evidence,
        holder.observed_since,
        holder.last_login,
        advice,
        holder.account,
        tuple(seat.sku for seat in holder.seats) if sku is None else (sku,),
        certainty=certainty,
    )


def about_taking(
    holder: Holder, advice: str, sku: Sku | None = None, certainty: Certainty = Certainty.CERTAIN
) -> Finding:
    """The same, of a finding that gives seats back: of those that a group gives, it says where that is done."""
    seats = [seat for seat in holder.seats if sku is None or seat.sku == sku]
    where = advise(
        (group for seat in seats for group in seat.groups), direct=any("direct" in s.assigned_by for s in seats)
    )
    return about(holder, f"{advice} {where}".rstrip(), sku, certainty)


def about_plan(sku: Sku, advice: str, units: int = 0) -> Finding:
    """A finding about a purchase and no person; `units` are the seats that could be given back."""
    return Finding("", "", sku.title, "", None, None, advice, None, (sku,), units)
