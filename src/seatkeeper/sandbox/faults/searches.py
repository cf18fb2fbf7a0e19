"""What can go wrong with searches of the audit log."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.sandbox.faults.fault import switch
from seatkeeper.sandbox.world.tenant import Tenant


@switch("C15", "audit-search",
        "stuck: a search of the audit log never ends; failed, cancelled: it ends as that; gone: it answers 404; off: "
        "auditing is switched off, so it answers 403; limited: it gives out half of what it found",
        "go on with the same search at the next run, start a lost one anew once, say what is wrong or missing",
        variants=("stuck", "failed", "cancelled", "gone", "off", "limited"))  # fmt: skip
def _audit_search(tenant: Tenant, value: str) -> Iterator[None]:
    tenant.search_fault = value
    yield
    tenant.search_fault = ""
