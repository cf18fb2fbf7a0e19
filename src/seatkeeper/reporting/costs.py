"""What people told us that changes how findings are shown: prices, and exceptions."""

from __future__ import annotations

from collections.abc import Sequence

from seatkeeper.amounts import Money
from seatkeeper.clock import fixed_clock
from seatkeeper.insights.base import Finding, Sku, Snapshot
from seatkeeper.insights.exempt import ExceptionRule, ExceptionRules
from seatkeeper.insights.money import PriceList, SeatPrices
from seatkeeper.model import Instant, Key
from seatkeeper.reporting.price_list import price_list
from seatkeeper.store.bulk.reporting import FindingRow
from seatkeeper.store.models import Application, FindingException


class Worth:
    """What seats cost, as it is stored. Thousands of people hold the same few: each set of seats is added up once."""

    def __init__(self, prices: SeatPrices) -> None:
        self._prices = prices
        self._known: dict[tuple[int, tuple[Key, ...]], str] = {}

    def of(self, skus: Sequence[Sku], units: int = 1) -> str:
        seats = units, tuple(sku.key for sku in skus)
        if seats not in self._known:
            self._known[seats] = Money.total(map(self._prices.of, skus)).times(units).write()
        return self._known[seats]


def read_prices(application: Application, now: Instant) -> PriceList:
    """The prices that are valid at a moment."""
    return price_list(application, fixed_clock(now))


def read_exceptions(application: Application, now: Instant) -> ExceptionRules:
    rows = FindingException.objects.filter(application=application)
    return ExceptionRules([ExceptionRule(row.finding, row.scope, row.value, row.until) for row in rows], now)


def list_covered(
    exceptions: ExceptionRules, snapshot: Snapshot, findings: Sequence[Finding], rows: Sequence[FindingRow]
) -> set[tuple[str, str]]:
    """Key and subject of each finding that is excepted now."""
    if not exceptions:
        return set()
    departments = {holder.account: holder.department for holder in (*snapshot.holders, *snapshot.apart)}
    return {
        (row.key, row.subject)
        for finding, row in zip(findings, rows, strict=True)
        if exceptions.cover(finding, departments.get(finding.account or b"", ""))
    }
