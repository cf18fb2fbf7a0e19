"""For which stretches of time the sign-ins are complete, as a bar with its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from seatkeeper.model import Instant, to_text
from seatkeeper.services.tables import Table

TONES: Final = {
    "complete": "tone-active",
    "provisional": "tone-possible",
    "lost": "tone-never",
    "not yet": "tone-unknown",
}
MEANINGS: Final = {
    "complete": "every sign-in is here",
    "provisional": "read, but late ones may still come",
    "lost": "Microsoft kept it no longer when we came",
    "not yet": "not read so far",
}


class Stretch(NamedTuple):
    """A stretch of time in one state."""

    start: Instant
    end: Instant
    state: str

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def meaning(self) -> str:
        return MEANINGS[self.state]


def stretches(coverage: Table) -> list[Stretch]:
    return [Stretch._make(row) for row in coverage.rows]


def legend(parts: Sequence[Stretch]) -> list[Stretch]:
    """One stretch of each state there is."""
    return [
        next(part for part in parts if part.state == state) for state in TONES if any(p.state == state for p in parts)
    ]


def bar(parts: Sequence[Stretch]) -> SafeString:
    """Oldest on the left; each stretch is as wide as it is long."""
    if not parts:
        return SafeString("")
    first, last = min(part.start for part in parts), max(part.end for part in parts)
    length = max(last - first, 1)
    drawn = format_html_join(
        "",
        '<rect class="{}" x="{}%" y="0" width="{}%" height="22"><title>{} to {}: {}</title></rect>',
        (
            (
                part.tone,
                f"{(part.start - first) / length * 100:.3f}",
                f"{max((part.end - part.start) / length * 100, 0.2):.3f}",
                to_text(part.start)[:16].replace("T", " "),
                to_text(part.end)[:16].replace("T", " "),
                part.state,
            )
            for part in parts
        ),
    )
    days = {state: sum(p.end - p.start for p in parts if p.state == state) / 864_000_000_000 for state in TONES}
    says = ", ".join(f"{count:.1f} days {state}" for state, count in days.items() if count)
    return format_html(
        '<svg class="chart" xmlns="http://www.w3.org/2000/svg" width="100%" height="46" role="img"'
        ' aria-labelledby="coverage-title coverage-says"><title id="coverage-title">Coverage of sign-ins</title>'
        '<desc id="coverage-says">From {0} to {1}: {2}.</desc>{3}'
        '<text x="0" y="40">{0}</text><text class="end" x="100%" y="40">{1}</text></svg>',
        to_text(first)[:10],
        to_text(last)[:10],
        says,
        drawn,
    )
