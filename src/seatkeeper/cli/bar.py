"""The coverage ledger as a picture: one character a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatkeeper.clock import days, seconds
from seatkeeper.model import to_text

if TYPE_CHECKING:
    from seatkeeper.services.tables import Table

SIGNS = {"complete": "█", "provisional": "▓", "lost": "✕", "not yet": "░"}
HOUR = seconds(3600)
WORST_FIRST = ("lost", "not yet", "provisional", "complete")


def draw_bar(table: Table) -> str:
    """Each day shows its weakest hour, so a full block is a promise; less than an hour is not drawn."""
    spans = [(int(start or 0), int(end or 0), str(state)) for start, end, state in table.rows]
    if not spans:
        return ""
    day, last = min(s[0] for s in spans), max(s[1] for s in spans)
    signs = []
    while day < last:
        states = {state for start, end, state in spans if min(end, day + days(1)) - max(start, day) > HOUR}
        signs.append(next((SIGNS[state] for state in WORST_FIRST if state in states), " "))
        day += days(1)
    return "".join(signs)


def print_bar(table: Table, lag: str) -> None:
    from seatkeeper.cli.screen import out

    bar = draw_bar(table)
    if bar:
        first, last = min(int(r[0] or 0) for r in table.rows), max(int(r[1] or 0) for r in table.rows)
        console = out()
        console.print(f"{to_text(first)[:10]} {bar} {to_text(last)[:10]}")
        console.print("  ".join(f"{sign} {state}" for state, sign in SIGNS.items()))
        console.print(f"Sign-ins are {lag}." if lag.startswith("complete") else f"{lag.capitalize()}.")
