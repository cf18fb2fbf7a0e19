"""What people told us that changes how findings are shown: prices, and exceptions."""

from __future__ import annotations

from collections.abc import Sequence

from seatkeeper.clock import fixed_clock
from seatkeeper.insights.base import Finding, Picture
from seatkeeper.insights.exempt import Exempt, Exemptions
from seatkeeper.insights.money import PriceList
from seatkeeper.model import Instant
from seatkeeper.services.price_list import price_list
from seatkeeper.store.bulk.drawn import FindingRow
from seatkeeper.store.models import Application, Exemption


class Worth:
    """What seats cost a month, in words. Thousands of people hold the same few: each set of seats is reckoned once."""

    def __init__(self, prices: PriceList) -> None:
        self.prices = prices
        self._known: dict[tuple[str, ...], str] = {}

    def of(self, part_numbers: Sequence[str]) -> str:
        seats = tuple(part_numbers)
        if seats not in self._known:
            self._known[seats] = str(self.prices.of_seats(seats))
        return self._known[seats]


def read_worth(application: Application, now: Instant) -> Worth:
    return Worth(price_list(application.organization_id, fixed_clock(now)))


def read_exemptions(application: Application, now: Instant) -> Exemptions:
    rows = Exemption.objects.filter(application=application)
    return Exemptions([Exempt(row.finding, row.scope, row.value, row.until) for row in rows], now)


def list_covered(
    exemptions: Exemptions, picture: Picture, findings: Sequence[Finding], rows: Sequence[FindingRow]
) -> set[tuple[str, str]]:
    """Key and subject of each finding that is excepted now."""
    if not exemptions:
        return set()
    departments = {holder.account: holder.department for holder in (*picture.holders, *picture.apart)}
    return {
        (row.key, row.subject)
        for finding, row in zip(findings, rows, strict=True)
        if exemptions.cover(finding, departments.get(finding.account or b"", ""))
    }
