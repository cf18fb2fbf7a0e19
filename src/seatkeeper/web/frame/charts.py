"""Charts as SVG, made on the server: pure functions from numbers to a picture, its sentence and its table.

Widths are per cent of the place a chart is given and letters keep their size, so a chart is as legible on a phone as
on a wide screen. Colours are classes of app.css, because the page's policy allows no style inside the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Cell = str | int


class Part(NamedTuple):
    """A named number; `tone` is the class that colours it."""

    label: str
    value: int
    tone: str = "tone-1"
    link: str = ""


class Line(NamedTuple):
    """A row of numbers over the same days as its siblings; None where nothing is known."""

    label: str
    values: Sequence[int | None]
    tone: str = "tone-1"


class Chart(NamedTuple):
    """A picture with the sentence that is read aloud for it, and its numbers as a table."""

    key: str
    title: str
    says: str
    svg: SafeString
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    legend: Sequence[Part] = ()
    counted: bool = False  # whether the legend says the numbers, too


def donut(key: str, title: str, parts: Sequence[Part]) -> Chart:
    """Shares of a whole, the whole in the middle."""
    total = sum(part.value for part in parts)
    shown = [part for part in parts if part.value]
    says = f"{total:,} in all: " + ", ".join(f"{p.value:,} {p.label}" for p in shown) if total else "Nothing yet."
    # Each part is a dash of the circle's outline, after the dashes before it.
    arcs, around, before = [], 2 * math.pi * _RADIUS, 0
    gap = 1.5 if len(shown) > 1 else 0
    for part in shown:
        length = max(part.value / total * around - gap, 0.5)
        dash = format_html(
            'stroke-dasharray="{} {}" stroke-dashoffset="{}" transform="rotate(-90 60 60)"',
            f"{length:.2f}",
            f"{around - length:.2f}",
            f"{-before / total * around:.2f}",
        )
        arcs.append((part.tone, _RADIUS, dash, f"{part.label}: {part.value:,}"))
        before += part.value
    body = format_html(
        '{}{}<text class="donut-total" x="60" y="60">{}</text>',
        format_html('<circle class="donut-track" cx="60" cy="60" r="{}"/>', _RADIUS),
        format_html_join(
            "", '<circle class="donut-part {}" cx="60" cy="60" r="{}" {}><title>{}</title></circle>', arcs
        ),
        f"{total:,}",
    )
    rows = [(part.label, part.value, percent(part.value, total)) for part in parts]
    svg = _svg(key, title, says, body, 'class="chart donut" viewBox="0 0 120 120"')
    return Chart(key, title, says, svg, ("", "People", "Share"), rows, parts, counted=True)


_RADIUS = 48


def percent(value: int, total: int) -> str:
    return f"{value / total:.0%}" if total else "–"


def columns(key: str, title: str, parts: Sequence[Part], unit: str) -> Chart:
    """Upright bars beside each other: how many fall into each class."""
    top = max([part.value for part in parts], default=0) or 1
    says = ", ".join(f"{part.label}: {part.value:,}" for part in parts) + f" ({unit})."
    step = 100 / max(len(parts), 1)
    body = format_html_join(
        "",
        '<rect class="{}" x="{}%" y="{}" width="{}%" height="{}" rx="2"/>'
        '<text class="value middle" x="{}%" y="{}">{}</text><text class="middle label" x="{}%" y="172">{}</text>',
        (
            (
                part.tone,
                f"{index * step + step * 0.15:.2f}",
                f"{150 - part.value / top * 125:.1f}",
                f"{step * 0.7:.2f}",
                f"{part.value / top * 125:.1f}",
                f"{index * step + step / 2:.2f}",
                f"{144 - part.value / top * 125:.1f}",
                f"{part.value:,}",
                f"{index * step + step / 2:.2f}",
                part.label,
            )
            for index, part in enumerate(parts)
        ),
    )
    body = format_html('<line class="axis" x1="0" y1="150" x2="100%" y2="150"/>{}', body)
    svg = _svg(key, title, says, body, 'class="chart" width="100%" height="180"')
    return Chart(key, title, says, svg, ("", unit.capitalize()), [(part.label, part.value) for part in parts])


def bars(key: str, title: str, groups: Sequence[tuple[str, Sequence[Part]]]) -> Chart:
    """Lying bars, several for each name, all on one scale: bought, assigned and active by plan."""
    top = max([part.value for _, parts in groups for part in parts], default=0) or 1
    says = "; ".join(f"{name}: " + ", ".join(f"{p.value:,} {p.label}" for p in parts) for name, parts in groups)
    lines, y = [], 0
    for name, parts in groups:
        shown = name if len(name) <= 44 else name[:43] + "…"
        lines.append(format_html('<text class="name" x="0" y="{}">{}</text>', y + 14, shown))
        y += 22
        for part in parts:
            # A bar takes four fifths of the width at most: the number behind it needs the rest.
            bar = format_html(
                '<rect class="{}" x="0" y="{}" width="{}%" height="14" rx="2"><title>{}: {}</title></rect>'
                '<text class="value" x="{}%" y="{}" dx="6">{}</text>',
                part.tone,
                y,
                f"{max(part.value / top * 80, 0.3):.2f}",
                part.label,
                f"{part.value:,}",
                f"{part.value / top * 80:.2f}",
                y + 12,
                f"{part.value:,}",
            )
            lines.append(bar)
            y += 20
        y += 12
    body = format_html_join("", "{}", ((line,) for line in lines))
    svg = _svg(key, title, says or "Nothing yet.", body, format_html('class="chart" width="100%" height="{}"', y))
    heads = [part.label.capitalize() for part in groups[0][1]] if groups else []
    rows: list[Sequence[Cell]] = [(name, *(part.value for part in parts)) for name, parts in groups]
    return Chart(key, title, says or "Nothing yet.", svg, ("", *heads), rows, groups[0][1] if groups else ())


def lines(key: str, title: str, days: Sequence[str], series: Sequence[Line]) -> Chart:
    """Numbers over days. The lines lie in a stretched frame; letters and strokes are not stretched with it."""
    top = max([value for line in series for value in line.values if value is not None], default=0) or 1
    last = [(line, line.values[-1]) for line in series if line.values and line.values[-1] is not None]
    says = f"From {days[0]} to {days[-1]}. Last: " + ", ".join(f"{v:,} {x.label}" for x, v in last) if days else "–"
    grid = format_html_join(
        "",
        '<line class="grid" x1="0" y1="{0}" x2="100%" y2="{0}"/><text x="0" y="{1}">{2}</text>',
        ((f"{150 - share * 130:.0f}", f"{146 - share * 130:.0f}", f"{round(top * share):,}") for share in (1, 0.5)),
    )
    paths = format_html_join(
        "",
        '<path class="line {}" vector-effect="non-scaling-stroke" d="{}"><title>{}</title></path>',
        ((line.tone, _path(line.values, top), line.label) for line in series),
    )
    body = format_html(
        '{}<line class="axis" x1="0" y1="150" x2="100%" y2="150"/>'
        '<svg x="0" y="20" width="100%" height="130" viewBox="0 0 100 130" preserveAspectRatio="none">{}</svg>'
        '<text x="0" y="170">{}</text><text class="end" x="100%" y="170">{}</text>',
        grid,
        paths,
        days[0] if days else "",
        days[-1] if len(days) > 1 else "",
    )
    rows: list[Sequence[Cell]] = [
        (day, *(_known(line.values[index]) for line in series)) for index, day in enumerate(days)
    ]
    svg = _svg(key, title, says, body, 'class="chart" width="100%" height="180"')
    newest = [next((value for value in reversed(line.values) if value is not None), 0) for line in series]
    legend = [Part(line.label, value, line.tone) for line, value in zip(series, newest, strict=True)]
    return Chart(
        key, title, says, svg, ("Day", *(line.label.capitalize() for line in series)), rows[::-1], legend, counted=True
    )


def _known(value: int | None) -> Cell:
    return "–" if value is None else value


def _path(values: Sequence[int | None], top: int) -> str:
    """One day alone is a short stroke, so that it can be seen; a day that is not known interrupts the line."""
    if len(values) == 1 and values[0] is not None:
        y = 130 - values[0] / top * 130
        return f"M0 {y:.1f}L100 {y:.1f}"
    path, down = [], False
    for index, value in enumerate(values):
        if value is not None:
            x, y = index / max(len(values) - 1, 1) * 100, 130 - value / top * 130
            path.append(f"{'L' if down else 'M'}{x:.2f} {y:.1f}")
        down = value is not None
    return "".join(path)


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CELL = 20


def heat_map(key: str, title: str, counts: dict[date, int | None], unit: str) -> Chart:
    """A square a day, a column a week, darker for more. None is a day nobody could read: that is not a zero."""
    if not counts:
        return Chart(key, title, "Nothing yet.", SafeString(""), ("Day", unit.capitalize()), ())
    first = min(counts) - timedelta(days=min(counts).weekday())
    top = max((count or 0) for count in counts.values()) or 1
    weeks = (max(counts) - first).days // 7 + 1
    known = [(day, count) for day, count in sorted(counts.items()) if count is not None]
    busiest = max(known, key=lambda pair: pair[1], default=None)
    says = f"{len(known)} of {len(counts)} days were read." + (
        f" Most on {busiest[0]:%A %d %B %Y}: {busiest[1]:,} {unit}." if busiest else ""
    )
    # Every other weekday, and each month over the week in which it begins; the first only if there is room for it.
    texts = [(0, 18 + i * _CELL + 13, name) for i, name in enumerate(WEEKDAYS) if i % 2 == 0]
    days = [first + timedelta(days=7 * week + 6) for week in range(weeks)]
    starts = [i for i, day in enumerate(days) if day.day <= 7 or i == 0]
    named = [i for i, after in zip(starts, [*starts[1:], weeks + 3], strict=True) if after - i >= 3 or i != 0]
    texts += [(34 + i * _CELL, 11, f"{days[i]:%b}") for i in named]
    names = format_html_join("", '<text x="{}" y="{}">{}</text>', texts)
    body = format_html("{}{}", names, _squares(counts, first, top, unit))
    width, height = 34 + weeks * _CELL, 18 + 7 * _CELL
    place = format_html('class="chart heat" width="{}" height="{}" viewBox="0 0 {} {}"', width, height, width, height)
    rows = [(f"{day:%Y-%m-%d} {WEEKDAYS[day.weekday()]}", _known(counts[day])) for day in sorted(counts, reverse=True)]
    steps = {math.ceil(top * i / 4): f"heat-{i}" for i in range(1, 5)} if busiest and busiest[1] else {}
    legend = [Part("none", 0, "heat-0"), *(Part(f"up to {most:,}", most, tone) for most, tone in steps.items())]
    legend += [Part("not read", 0, "unread")] if len(known) < len(counts) else []
    return Chart(key, title, says, _svg(key, title, says, body, place), ("Day", unit.capitalize()), rows, legend)


def _squares(counts: dict[date, int | None], first: date, top: int, unit: str) -> SafeString:
    return format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="17" height="17" rx="3"><title>{}: {}</title></rect>',
        (
            (
                "unread" if count is None else f"heat-{math.ceil(count / top * 4)}",
                34 + (day - first).days // 7 * _CELL,
                18 + day.weekday() * _CELL,
                day.isoformat(),
                "not read" if count is None else f"{count:,} {unit}",
            )
            for day, count in sorted(counts.items())
        ),
    )


def _svg(key: str, title: str, says: str, body: SafeString, place: str) -> SafeString:
    """`place` is written by this file alone."""
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{0}-title {0}-says" {1}>'
        '<title id="{0}-title">{2}</title><desc id="{0}-says">{3}</desc>{4}</svg>',
        key,
        SafeString(place),
        title,
        says,
        body,
    )
