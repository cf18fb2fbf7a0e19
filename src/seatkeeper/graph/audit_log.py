"""The search of a tenant's audit log, the one thing that Graph is asked by POST.

It is a read all the same: what is posted says what to look for, Microsoft looks for it in minutes or hours, and nothing
of the tenant changes. So it goes to this one path, and its body can hold nothing else. Source: microsoft-graph-docs,
v1.0 auditCoreRoot: post auditLogQueries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

SEARCHES: Final = "/v1.0/security/auditLog/queries"


class AuditSearch(msgspec.Struct, frozen=True, rename="camel"):
    """What to look for: records of these types, of events from the start to the end, both as ISO 8601 in UTC."""

    filter_start_date_time: str
    filter_end_date_time: str
    record_type_filters: Sequence[str]
    display_name: str = "Seatkeeper"
