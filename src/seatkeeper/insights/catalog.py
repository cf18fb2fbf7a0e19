"""All insights, in the order in which their findings are shown."""

from __future__ import annotations

from seatkeeper.insights import (
    assignment_error,
    blocked,
    guest,
    never_seen,
    other_product,
    over_assigned,
    retired_service,
    two_plans,
    unassigned,
    unused,
)
from seatkeeper.insights.base import Finding, Picture

INSIGHTS = tuple(
    module.INSIGHT
    for module in (
        unused,
        never_seen,
        blocked,
        guest,
        two_plans,
        retired_service,
        other_product,
        assignment_error,
        unassigned,
        over_assigned,
    )
)


def find_all(picture: Picture) -> list[Finding]:
    """Every finding of every insight, one insight after the other."""
    return [finding for insight in INSIGHTS for finding in insight.find(picture)]
