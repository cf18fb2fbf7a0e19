"""The prices of an organization as insights use them."""

from __future__ import annotations

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.insights.money import Price, PriceList
from seatkeeper.model import Instant
from seatkeeper.store import models
from seatkeeper.store.models.owned import InOrganization


def price_list(who: InOrganization, clock: Clock = system_clock) -> PriceList:
    """The prices that hold today."""
    return PriceList(read_prices(who), to_day_number(clock()))


def read_prices(who: InOrganization) -> list[Price]:
    """All there are: those that ended and those that begin later, too."""
    rows = models.Price.objects.of(who)
    fields = "sku", "amount", "currency", "period", "valid_from", "valid_until"
    return [Price(*row) for row in rows.order_by("pk").values_list(*fields)]


def to_day_number(moment: Instant) -> int:
    return moment // days(1)
