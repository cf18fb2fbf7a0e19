"""All insights, in the order in which their findings are shown."""

from __future__ import annotations

from seatkeeper.insights import (
    assignment_error,
    blocked,
    deleted,
    guest,
    higher_plan,
    never_seen,
    other_product,
    over_assigned,
    renewal,
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
        deleted,
        two_plans,
        higher_plan,
        retired_service,
        other_product,
        assignment_error,
        unassigned,
        over_assigned,
        renewal,
    )
)


def find_all(picture: Picture) -> list[Finding]:
    """Every finding of every insight, one insight after the other."""
    return [finding for insight in INSIGHTS for finding in insight.find(picture)]
