"""The dashboard and the alert rules that we ship ask for figures that there are, with labels that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from seatkeeper import telemetry
from seatkeeper.services import audit, metrics
from seatkeeper.services.members import operator
from tests.people import read_tenant

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "deploy" / "monitoring"
PROMETHEUS = {"up": {"job", "instance"}}  # what Prometheus itself knows of each instance
# Of PromQL: what is no figure and no label.
WORDS = {"max", "min", "sum", "by", "rate", "increase", "or", "absent", "topk", "histogram_quantile"}


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return found


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in alerts())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


def list_samples() -> dict[str, set[str]]:
    metrics._ledgers.clear()
    telemetry.HTTP.labels("GET", "/applications", 200).observe(0.1)
    with read_tenant():
        audit.record(operator(), "backup.made", "monday.zip")
        families = list(text_string_to_metric_families(metrics.text().decode()))
    metrics._ledgers.clear()
    labels = {family.name: {"kind"} for family in families if family.name == "seatkeeper_notices_open"}
    for sample in [sample for family in families for sample in family.samples]:
        labels.setdefault(sample.name, set()).update(sample.labels)
    return {name: some | {"job", "instance"} for name, some in labels.items()} | PROMETHEUS


@pytest.mark.usefixtures("database")
def test_every_expression_asks_for_what_there_is() -> None:
    known = list_samples()
    for expression in expressions():
        plain = re.sub(r'"[^"]*"|\[\w+\]|\b\d[\d.e]*\b', "", expression)
        names = set(re.findall(r"[a-z_]\w+", plain)) - WORDS
        figures = {name for name in names if name in known}
        assert figures, expression
        labels = set().union(*(known[figure] for figure in figures))
        assert names - figures <= labels, f"{expression}: neither a figure nor a label of one"
        for opening, closing in ("()", "{}", "[]"):
            assert expression.count(opening) == expression.count(closing)
        counters = {figure for figure in figures if figure.endswith(("_total", "_count", "_sum", "_bucket"))}
        assert not counters or re.search(r"\b(rate|increase)\(", expression), f"{expression}: a counter only grows"


def test_an_alert_says_how_bad_it_is_for_how_long_and_what_to_do() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text()
    for rule in alerts():
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert rule["annotations"]["summary"].endswith((".", "?"))
        assert f"`{rule['alert']}`" in guide, "docs/operating.md says what to do"


def test_panels_have_a_number_and_a_place_of_their_own() -> None:
    found = panels()
    assert len({panel["id"] for panel in found}) == len(found)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in found}
    assert len(places) == len(found)
    assert all(panel["datasource"]["uid"] == "${source}" for panel in found), "whatever the source is called"
