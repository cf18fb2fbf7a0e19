"""Who may let a connection sign in as this server itself, and where such a token goes.

It is the operator's identity, not a member's: whoever may use it reads every tenant that trusts it.
"""

from __future__ import annotations

from seatkeeper.errors import BadInput, CredentialsRejected
from seatkeeper.services.addresses import own_of
from seatkeeper.services.members import Who
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.reader import FEDERATED_TOKEN_FILE, MANAGED_IDENTITY
from seatkeeper.sync.connecting import with_identity
from seatkeeper.sync.vendors import FEDERATED, ConnectionDetails, Vendor

FIELD = "credential"


def is_offered(who: Who) -> bool:
    """Members have it where the operator said so; at the machine itself, Azure's own setting is enough."""
    identity = SEATKEEPER.identity
    return identity is not None and (who.at_the_machine or identity.for_members)


def check(who: Who, vendor: Vendor, before: ConnectionDetails | None, details: ConnectionDetails) -> None:
    """Raises BadInput where it may not be used in this way, or its token would be refused. The vendor is not asked."""
    as_before = before is not None and details._replace(expires=before.expires) == before
    if details.credential_kind != FEDERATED or as_before:
        return
    if not is_offered(who):
        raise BadInput(
            FIELD,
            "this server's own identity is not offered here: whoever may use it reads every tenant that trusts it. "
            f"Whoever runs this installation allows it with {FEDERATED_TOKEN_FILE} or {MANAGED_IDENTITY}.",
        )
    if own_of(vendor, details) and not who.at_the_machine:
        raise BadInput(
            FIELD, f"the token of this server goes to {vendor.title}'s own addresses only. Empty the others."
        )
    try:
        vendor.check_identity(with_identity(details))
    except CredentialsRejected as error:
        raise BadInput(FIELD, str(error)) from None
