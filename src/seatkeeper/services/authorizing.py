"""The checks of Authorize, one by one; of what is found, only which tenant it is is stored."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.jobs import tenant_checks
from seatkeeper.services import addresses
from seatkeeper.services.members import Who
from seatkeeper.store.models import Connection
from seatkeeper.sync.vendors import Check


def list_checks(who: Who, connection: Connection) -> Iterator[Check]:
    """What must hold at the vendor, as far as the asker may know it."""
    own = {} if who.at_the_machine else addresses.list_own(connection)
    checks = tenant_checks.list_checks(connection)
    if not own:
        return checks
    # Whether a machine inside refused, kept silent or speaks something else would map the network for a member.
    said = f"Nothing answers as the vendor does at {addresses.in_words(own)}."
    told = f"{said} `seatkeeper apps authorize` says why, to whoever runs this machine."
    return (check._replace(message=told) if check.unanswered else check for check in checks)
