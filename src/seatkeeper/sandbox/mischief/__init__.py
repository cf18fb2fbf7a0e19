"""What can go wrong at Microsoft, by name and seed. One table, `FAULTS`; each group of the catalogue has a file.

A fault changes the tenant when it is switched on, or is shown every answer before it is sent and may spoil it.
"""

from seatkeeper.sandbox.mischief import (  # noqa: F401 - each import fills the table
    links,
    log,
    names,
    network,
    pages,
    payload,
    tenants,
    throttling,
    tokens,
    values,
)
from seatkeeper.sandbox.mischief.engine import Mischief
from seatkeeper.sandbox.mischief.fault import FAULTS, Call, Fault, Reply, listing

__all__ = ["FAULTS", "Call", "Fault", "Mischief", "Reply", "listing"]
