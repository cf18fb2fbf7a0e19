"""The admin centre's reports of Project and Visio: use that Microsoft itself counted, the desktop clients included.

Microsoft offers no other way to them (no Graph function gives them out). Columns are as its pages of June 2026 write
them. They are confirmed use, with the day that they name; who is not in one, or without a day, may have used the
product all the same: a person's privacy settings hide it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from seatkeeper.connectors.microsoft.concealed import FEW, SHARE, is_concealed
from seatkeeper.connectors.vendor import ReportColumn, UsageReport
from seatkeeper.errors import BadInput

# <PII:H105(x=)>@contoso.com, long hexadecimal or base64 text, a GUID: in whole, or before the sign of an address.
_CODE: Final = re.compile(
    r"(.*[<>{}\[\]*].*|pii[:_(].*|[0-9a-f]{16,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-z+/_-]{8,}={1,2})(@.*)?",
    re.IGNORECASE,
)


def refuse_concealed(names: Sequence[str]) -> None:
    """Raise BadInput when the names are codes: they could never be joined to people."""
    codes = sum(is_concealed(name) or _CODE.fullmatch(name) is not None for name in names)
    if codes > SHARE * len(names) and (codes >= FEW or codes == len(names)):
        raise BadInput(
            "file",
            "Microsoft has replaced the user names by codes. In the Microsoft 365 admin center, under Settings > Org "
            "settings > Reports, untick “Display concealed user, group, and site names in all reports”, and export "
            "the report again.",
        )


def _report(product: str, columns: tuple[ReportColumn, ...]) -> UsageReport:
    where = f"in the Microsoft 365 admin center under Reports > Usage > {product} > {product} activity"
    return UsageReport(
        title=f"{product} activity report of the admin center",
        about=f"Microsoft counts the use of {product}, the desktop client included, and gives the report to "
        f"administrators alone. Export it {where}.",
        where=where,
        user="User name",
        last="Last activity date",
        columns=columns,
        refreshed="Report refresh date",
        period="Report period",
        periods=(7, 30, 90, 180),
        refuse=refuse_concealed,
        other_names={"User principal name": "User name"},
    )


REPORTS: Final = {
    "microsoft-project": _report(
        "Project",
        (
            ReportColumn("Projects visited (Desktop)", "desktop"),
            ReportColumn("Projects visited (Web)", "web"),
            ReportColumn("Tasks created (Web)", "web", needed=False),
            ReportColumn("Tasks edited (Web)", "web", needed=False),
            ReportColumn("Other", "other", flag=True, needed=False),
        ),
    ),
    # Visio's report says only whether it was used at least once in the period.
    "microsoft-visio": _report(
        "Visio", (ReportColumn("Desktop", "desktop", flag=True), ReportColumn("Web", "web", flag=True))
    ),
}
