"""What can go wrong at Microsoft, by name. The table is `FAULTS`; each group of the catalogue has a file.

A fault is one function in one file: it spoils answers before they are sent, changes the tenant and undoes the change,
or takes new connections.
"""

from seatkeeper.sandbox.faults import (  # noqa: F401 - each import fills the table
    links,
    log,
    names,
    network,
    pages,
    payload,
    searches,
    tenant,
    throttling,
    tokens,
    values,
)
from seatkeeper.sandbox.faults.engine import Faults, FaultyTenant, read_value
from seatkeeper.sandbox.faults.fault import FAULTS, Call, Fault, Reply, listing

__all__ = ["FAULTS", "Call", "Fault", "Faults", "FaultyTenant", "Reply", "listing", "read_value"]
