"""The coverage ledger as a picture: one character a day."""

from __future__ import annotations

from collections.abc import Sequence

from seatkeeper.clock import days, seconds
from seatkeeper.model import CoverageState, Stretch, to_text

SIGNS = {
    CoverageState.COMPLETE: "█",
    CoverageState.PROVISIONAL: "▓",
    CoverageState.LOST: "✕",
    CoverageState.NOT_YET: "░",
}
HOUR = seconds(3600)
WORST_FIRST = (CoverageState.LOST, CoverageState.NOT_YET, CoverageState.PROVISIONAL, CoverageState.COMPLETE)


def draw_bar(stretches: Sequence[Stretch]) -> str:
    """Each day shows its weakest hour, so a full block is a promise; less than an hour is not drawn."""
    if not stretches:
        return ""
    day, last = stretches[0].start, stretches[-1].end
    signs = []
    while day < last:
        states = {state for start, end, state in stretches if min(end, day + days(1)) - max(start, day) > HOUR}
        signs.append(next((SIGNS[state] for state in WORST_FIRST if state in states), " "))
        day += days(1)
    return "".join(signs)


def print_bar(stretches: Sequence[Stretch]) -> None:
    from seatkeeper.cli.screen import out

    if bar := draw_bar(stretches):
        console = out()
        console.print(f"{to_text(stretches[0].start)[:10]} {bar} {to_text(stretches[-1].end)[:10]}")
        console.print("  ".join(f"{sign} {state}" for state, sign in SIGNS.items()))
