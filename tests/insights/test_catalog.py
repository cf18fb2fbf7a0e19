"""All that is known of a finding stands in its own file."""

from __future__ import annotations

import re
from pathlib import Path

from seatkeeper.connectors.catalog import list_products
from seatkeeper.insights import findings
from seatkeeper.insights.catalog import BY_KEY, INSIGHTS

WORDS = {"blocked", "guest", "unused", "unassigned"}  # also columns, and parts of the seats
FINDINGS = Path(findings.__path__[0])
SOURCE = FINDINGS.parents[1]


def test_a_finding_is_registered_by_its_file_alone() -> None:
    files = {path.stem.replace("_", "-") for path in FINDINGS.glob("*.py")} - {"--init--"}
    assert files == set(BY_KEY)
    assert len({insight.place for insight in INSIGHTS}) == len(INSIGHTS), "two findings share a place"


def test_no_other_file_lists_findings_by_their_keys() -> None:
    """Whatever must be known of a finding elsewhere is a fact on its Insight. One key alone may be another word."""
    keys = re.compile(rf'"({"|".join(BY_KEY)})"')
    ours = [path for path in SOURCE.rglob("*.py") if not {"sandbox", "migrations", "findings"} & set(path.parts)]
    lists = {path.relative_to(SOURCE).as_posix(): set(keys.findall(path.read_text())) for path in ours}
    assert {name: found for name, found in lists.items() if len(found - WORDS) > 1} == {}


def test_no_advice_names_a_product() -> None:
    """Titles come with the snapshot, from product data."""
    titles = {product.title for product in list_products()} | {sku.title for p in list_products() for sku in p.skus}
    services = {plan.service for product in list_products() for plan in product.plans if plan.service}
    for insight in INSIGHTS:
        text = (FINDINGS / f"{insight.key.replace('-', '_')}.py").read_text()
        named = [title for title in titles | services if title in text.split('"""', 2)[2]]
        assert not named, f"{insight.key} names {named}"
