"""Charts: drawings that say what they show, escape what they are given, and keep to the page's policy."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree

import pytest

from seatkeeper.web.frame.charts import Chart, Line, Part, bars, columns, donut, heat_map, lines

HOSTILE = "</text><script>alert(1)</script>\"' onload=x \u202e=cmd"
SVG = "{http://www.w3.org/2000/svg}"


def charts(label: str) -> list[Chart]:
    parts = [Part(label, 3), Part("other", 0), Part("rest", 9)]
    return [
        donut("a", label, parts),
        columns("b", label, parts, "people"),
        bars("c", label, [(label, parts), ("second", parts)]),
        lines(
            "d", label, ["2026-08-01", "2026-08-02", "2026-08-03"], [Line(label, [1, None, 3]), Line("x", [0, 0, 0])]
        ),
        heat_map("e", label, {date(2026, 7, 30): 4, date(2026, 8, 1): None, date(2026, 8, 2): 0}, label),
    ]


@pytest.mark.parametrize("number", range(5))
def test_a_chart_says_in_words_and_in_a_table_what_it_draws(number: int) -> None:
    chart = charts("holders")[number]
    drawing = ElementTree.fromstring(chart.svg)
    assert drawing.get("role") == "img"
    names = {drawing.find(f"{SVG}title"), drawing.find(f"{SVG}desc")}
    assert {name.get("id") for name in names if name is not None} == set(drawing.get("aria-labelledby", "").split())
    assert chart.says
    assert chart.rows
    assert all(len(row) == len(chart.columns) for row in chart.rows)


@pytest.mark.parametrize("number", range(5))
def test_a_hostile_name_is_only_text_in_a_chart(number: int) -> None:
    svg = charts(HOSTILE)[number].svg
    drawing = ElementTree.fromstring(svg)
    assert not [element for element in drawing.iter() if "script" in element.tag]
    assert not [name for element in drawing.iter() for name in element.attrib if name.startswith("on")]


@pytest.mark.parametrize("number", range(5))
def test_a_chart_carries_no_style_of_its_own(number: int) -> None:
    svg = charts("holders")[number].svg
    assert "style" not in svg
    assert not re.search(r'\b(fill|stroke)="', svg)
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_the_shares_of_a_donut_go_once_around() -> None:
    svg = donut("a", "t", [Part("one", 1), Part("three", 3)]).svg
    lengths = [float(found) for found in re.findall(r'stroke-dasharray="([\d.]+) ', svg)]
    assert lengths[1] + 1.5 == pytest.approx(3 * (lengths[0] + 1.5), rel=0.01)
    assert sum(lengths) + 3 == pytest.approx(2 * 3.14159 * 48, rel=0.001)


def test_bars_are_as_long_as_their_numbers() -> None:
    svg = bars("a", "t", [("one", [Part("x", 50), Part("y", 100)])]).svg
    assert 'width="40.00%"' in svg
    assert 'width="80.00%"' in svg


def test_a_line_is_broken_where_nothing_is_known() -> None:
    svg = lines("a", "t", ["1", "2", "3"], [Line("x", [1, None, 1])]).svg
    (path,) = re.findall(r' d="([^"]+)"', svg)
    assert path.count("M") == 2
    assert "L" not in path


def test_a_day_that_was_not_read_is_not_a_day_without_sign_ins() -> None:
    chart = heat_map("a", "t", {date(2026, 8, 1): None, date(2026, 8, 2): 0, date(2026, 8, 3): 8}, "people")
    assert "2026-08-01: not read" in chart.svg
    assert 'class="heat-0"' in chart.svg
    assert 'class="heat-4"' in chart.svg
    assert [row[1] for row in chart.rows] == [8, 0, "–"]


def test_charts_of_nothing_say_so_and_divide_by_nothing() -> None:
    for chart in (
        donut("a", "t", []),
        donut("a", "t", [Part("x", 0)]),
        columns("b", "t", [], "people"),
        bars("c", "t", []),
        lines("d", "t", [], []),
        heat_map("e", "t", {}, "people"),
    ):
        assert "nan" not in chart.svg
        assert chart.says
