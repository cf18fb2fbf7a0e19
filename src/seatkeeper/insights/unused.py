"""Who used the product once, surely or possibly, and has not for longer than the threshold?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Holder, Insight, Picture, about
from seatkeeper.insights.evidence import Activity, activity, is_settled
from seatkeeper.model import to_text


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        if activity(holder, picture) is Activity.INACTIVE and is_settled(holder, picture):
            yield about(holder, "unused", _advice(holder))


def _advice(holder: Holder) -> str:
    if holder.in_tenant and holder.observed_since == holder.in_tenant.last:
        day = to_text(holder.in_tenant.last)[:10]
        return f"The account got in nowhere in the tenant since {day}. Take the seat back; ask first if in doubt."
    if holder.last_use is None:
        return "Only what may have been a use was seen, and none of late. Ask whether the seat is needed."
    return "Ask whether the seat is still needed; take it back if not."


INSIGHT = Insight("unused", "Who used it once, and has not for longer than the threshold?", find)
