"""Activations: when each person activated the desktop software of Office, Project or Visio last, on any device.

Microsoft's own report (usage_rows). Activated is not used, so this is possible use at most, and that there is none
proves nothing: a shared computer is not counted. A row that says of a product's software that it is on no computer is
kept as a fact; that there is no row is none. Rows: learn.microsoft.com, reportRoot:
getOffice365ActivationsUserDetail, whose example has the product type "Project Client"; that of Visio is not written
anywhere, so it is found by its word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

import msgspec

from seatkeeper.account_facts import desktop
from seatkeeper.clock import days
from seatkeeper.connectors.base import RecordPage, TaskKind
from seatkeeper.connectors.microsoft import usage_rows
from seatkeeper.connectors.vendor import UsageSignal
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import to_row
from seatkeeper.model import LastUse

TASK: Final = TaskKind(
    "activations",
    "Activations",
    "nobody can say who activated Visio or Project on a computer",
    usage_rows.PERMISSION,
    optional=True,
    hint="Activations reads on which day each person activated the desktop software of Office, Project and Visio last: "
    "it may have been used then. It needs the permission Reports.Read.All, and reports that do not conceal names. The "
    "report is about two to three days late.",
    lateness=days(3),
)
_PRODUCTS: Final = {"project": "microsoft-project", "visio": "microsoft-visio"}  # by a word of the product type
_OTHERS: Final = "office-365"
SIGNAL: Final = UsageSignal(
    task=TASK.key,
    heading="Last Activated",
    says="The desktop software was activated last on {day}.",
    products=frozenset({*_PRODUCTS.values(), _OTHERS}),
    sure=False,
    by_product=True,
    proves="May have been used since: software was activated on that day, and nobody says whether it was used. That "
    "there is none proves nothing.",
)
REPORT: Final = "/beta/reports/getOffice365ActivationsUserDetail"
QUESTION: Final = f"{REPORT}?$format=application/json&$top=999"


class Activation(msgspec.Struct, rename="camel", gc=False):
    """A kind of software, with the number of its computers; the day is "2026-07-29", or nothing for none."""

    product_type: str
    last_activated_date: str | None = None
    windows: int | None = None
    mac: int | None = None
    activated_on_shared_computer: bool | None = None

    @property
    def anywhere(self) -> bool | None:
        """Whether it is activated on any computer; None where the row does not say so of each kind of computer."""
        if self.last_activated_date or self.windows or self.mac or self.activated_on_shared_computer:
            return True
        return False if (self.windows, self.mac, self.activated_on_shared_computer) == (0, 0, False) else None


class Activations(msgspec.Struct, rename="camel", gc=False):
    """A person of the report."""

    ONCE: ClassVar = ("userPrincipalName", "reportRefreshDate", "userActivationCounts")

    user_principal_name: str
    report_refresh_date: str
    user_activation_counts: list[Activation]


def read(client: Client) -> Iterator[RecordPage[LastUse]]:
    """Everybody with an activation, page by page. Finishes or raises; NamesConcealed before anything is given out."""
    return usage_rows.read_report(client, QUESTION, Activations, to_last_use)


def read_again(raw: bytes) -> LastUse | None:
    """A row that was set aside. Raises ValueError with the reason."""
    return to_last_use(to_row(raw, Activations))


def to_last_use(row: Activations) -> LastUse | None:
    """The newest activation of each product, and whether it is activated anywhere; None where nothing is told.

    Raises ValueError for a row without a name or a day.
    """
    told = usage_rows.to_last_use(
        row,
        [(_to_product(each.product_type), each.last_activated_date) for each in row.user_activation_counts],
        facts=tuple(_list_facts(row.user_activation_counts)),
    )
    return told and told._replace(parts=tuple(sorted(dict(sorted(told.parts, key=lambda part: part[1])).items())))


def _list_facts(some: Iterable[Activation]) -> Iterator[tuple[str, str]]:
    """Of each product whether any of its software is activated; nothing where that is not said of all of it."""
    found: dict[str, list[bool | None]] = defaultdict(list)
    for each in some:
        found[_to_product(each.product_type)].append(each.anywhere)
    for product, told in sorted(found.items()):
        if any(told) or None not in told:
            yield desktop(product), "yes" if any(told) else "no"


def _to_product(product_type: str) -> str:
    words = product_type.casefold()
    return next((product for word, product in _PRODUCTS.items() if word in words), _OTHERS)
