"""For which stretches of time the sign-ins are complete, as a bar with its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from seatkeeper.clock import days
from seatkeeper.model import CoverageState, Stretch, to_text

TONES: Final = {
    CoverageState.COMPLETE: "tone-active",
    CoverageState.PROVISIONAL: "tone-possible",
    CoverageState.LOST: "tone-never",
    CoverageState.NOT_YET: "tone-unknown",
}
MEANINGS: Final = {
    CoverageState.COMPLETE: "every sign-in has been read",
    CoverageState.PROVISIONAL: "read, but late ones may still come",
    CoverageState.LOST: "the vendor no longer kept it when it was read",
    CoverageState.NOT_YET: "not read yet",
}


def legend(parts: Sequence[Stretch]) -> list[tuple[str, CoverageState, str]]:
    """Each state there is, with its tone and what it means."""
    present = {part.state for part in parts}
    return [(tone, state, MEANINGS[state]) for state, tone in TONES.items() if state in present]


def bar(parts: Sequence[Stretch]) -> SafeString:
    """Oldest on the left; each stretch is as wide as it is long."""
    if not parts:
        return SafeString("")
    first, last = parts[0].start, parts[-1].end
    length = max(last - first, 1)
    bars = format_html_join(
        "",
        '<rect class="{}" x="{}%" y="0" width="{}%" height="22"><title>{} to {}: {}</title></rect>',
        (
            (
                TONES[part.state],
                f"{(part.start - first) / length * 100:.3f}",
                f"{max((part.end - part.start) / length * 100, 0.2):.3f}",
                to_text(part.start)[:16].replace("T", " "),
                to_text(part.end)[:16].replace("T", " "),
                part.state,
            )
            for part in parts
        ),
    )
    lengths = {state: sum(p.end - p.start for p in parts if p.state is state) / days(1) for state in TONES}
    says = ", ".join(f"{length:.1f} days {state}" for state, length in lengths.items() if length)
    return format_html(
        '<svg class="chart" xmlns="http://www.w3.org/2000/svg" width="100%" height="46" role="img"'
        ' aria-labelledby="coverage-title coverage-says"><title id="coverage-title">Coverage of sign-ins</title>'
        '<desc id="coverage-says">From {0} to {1}: {2}.</desc>{3}'
        '<text x="0" y="40">{0}</text><text class="end" x="100%" y="40">{1}</text></svg>',
        to_text(first)[:10],
        to_text(last)[:10],
        says,
        bars,
    )
