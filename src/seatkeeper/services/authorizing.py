"""The checks of Authorize, one by one; of what is found, only which tenant it is is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.errors import CredentialsRejected, SameTenant, TryLater
from seatkeeper.services import addresses
from seatkeeper.services.members import Who
from seatkeeper.store.models import Connection, Task
from seatkeeper.sync.connecting import open_connector
from seatkeeper.sync.identity import recognize
from seatkeeper.sync.vendors import Check

ONE_NAME: Final = "The tenant is known by one name"


def list_checks(who: Who, connection: Connection) -> Iterator[Check]:
    """What must hold at the vendor, as far as the asker may know it."""
    own = {} if who.at_the_machine else addresses.list_own(connection)
    checks = _preflight(connection)
    if not own:
        return checks
    # Whether a machine inside refused, kept silent or speaks something else would map the network for a member.
    said = f"Nothing answers as the vendor does at {addresses.in_words(own)}."
    told = f"{said} `seatkeeper apps authorize` says why, to whoever runs this machine."
    return (check._replace(message=told) if check.unanswered else check for check in checks)


def _preflight(connection: Connection) -> Iterator[Check]:
    with open_connector(connection) as connector:
        ticked = set(Task.objects.filter(connection=connection, enabled=True).values_list("key", flat=True))
        for number, check in enumerate(connector.preflight(ticked)):
            yield check
            if number == 0 and check.passed:  # the credential is accepted, so the tenant can be known
                try:
                    directory_id = connector.identify()
                    recognize(connection, directory_id)
                except (CredentialsRejected, SameTenant, TryLater) as error:
                    yield Check(ONE_NAME, False, str(error), unanswered=isinstance(error, TryLater))
                    return
                if directory_id not in ("", connection.tenant_id):
                    yield Check(ONE_NAME, passed=True, message=f"{connection.tenant_id} is the tenant {directory_id}.")
