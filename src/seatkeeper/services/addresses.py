"""Where a credential is sent when that is not the vendor's own address: who may say so, and that its giver knows."""

from __future__ import annotations

from collections.abc import Mapping

from seatkeeper.errors import BadInput, TryLater
from seatkeeper.services.members import Who
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.reader import OWN_ADDRESSES
from seatkeeper.store.models import Connection
from seatkeeper.sync.connecting import to_details
from seatkeeper.sync.vendors import GIVE_AGAIN, ConnectionDetails, Vendor, find_vendor

ORIGIN = "https://"


def are_allowed(who: Who) -> bool:
    """Whether the asker may give such addresses. At the machine itself the operator asks, who could set it anyway."""
    return who.at_the_machine or SEATKEEPER.own_addresses


def list_own(connection: Connection) -> dict[str, str]:
    """The connection's addresses that are not its vendor's, by what people call them; none for nearly everybody."""
    vendor = find_vendor(connection.vendor)
    titles = {field.key: field.title for field in vendor.form}
    return {titles[key]: value for key, value in own_of(vendor, to_details(connection)).items()}


def in_words(own: Mapping[str, str]) -> str:
    return ", ".join(f"{title} {value}" for title, value in own.items())


def refuse_files(who: Who, vendor: Vendor, typed: Mapping[str, str], before: ConnectionDetails | None) -> None:
    """Raises BadInput for a path on the server before anybody looks whether there is such a file."""
    was = own_of(vendor, before) if before else {}
    for field in vendor.form:
        value = typed.get(field.key, "")
        if field.address and value not in ("", was.get(field.key)) and not value.startswith(ORIGIN):
            _require_permission(who, field.key)


def check_addresses(
    who: Who, vendor: Vendor, typed: Mapping[str, str], before: ConnectionDetails | None, details: ConnectionDetails
) -> None:
    """Raises BadInput for addresses that may not be given, or that whoever gives a credential has not named.

    Who moved an address earlier must not get a credential that somebody else gives later, believing it goes to the
    vendor. So what is sent elsewhere is given together with where.
    """
    own, was = own_of(vendor, details), own_of(vendor, before) if before else {}
    for key in own:
        if own[key] != was.get(key):
            _require_permission(who, key)
    if before is None or who.at_the_machine:
        return
    titles = {field.key: field.title for field in vendor.form}
    if details.credential is None and own != was:
        raise BadInput(
            next(field.key for field in vendor.form if field.address and own.get(field.key) != was.get(field.key)),
            GIVE_AGAIN,
        )
    if details.credential is not None and (unseen := [key for key in own if key not in typed]):
        told = in_words({titles[key]: own[key] for key in own})
        raise BadInput(
            unseen[0],
            f"the credential would not go to {vendor.title} but to addresses of this connection's own: {told}. Give "
            f"{' and '.join(unseen)} with it: the same to confirm them, or empty for {vendor.title}'s own.",
        )


def list_changes(vendor: Vendor, before: ConnectionDetails | None, details: ConnectionDetails) -> list[str]:
    """What the audit trail says of addresses that changed, and of where a new credential is sent."""
    own, was = own_of(vendor, details), own_of(vendor, before) if before else {}
    titles = {field.key: field.title for field in vendor.form}
    told = [
        f"{titles[key]}: {was.get(key, 'the usual')} → {own.get(key, 'the usual')}"
        for key in titles
        if own.get(key) != was.get(key)
    ]
    if details.credential is not None and own:
        told.append(f"the credential is sent to {in_words({titles[key]: own[key] for key in own})}")
    return told


def tell_silence(who: Who, vendor: Vendor, details: ConnectionDetails, error: TryLater) -> str:
    """Why the vendor did not answer.

    Of other machines than the vendor's, a member is not told whether they refuse or keep silent.
    """
    own = {} if who.at_the_machine else own_of(vendor, details)
    return f"Nothing answers as the vendor does at {', '.join(own.values())}." if own else str(error)


def own_of(vendor: Vendor, details: ConnectionDetails) -> dict[str, str]:
    """The addresses that are not the vendor's, by their keys."""
    filled = vendor.fill_form(details)
    return {field.key: value for field in vendor.form if field.address and (value := filled.get(field.key, ""))}


def way_back(path: str, field: str) -> str:
    """Our address that a vendor's page leads back to. Raises BadInput for one that no vendor leads back to."""
    address = SEATKEEPER.address
    if not (address.is_https or address.is_loopback):
        told = f"the way back leads to {address.origin}, and vendors lead back to https or to this machine alone."
        raise BadInput(field, f"{told} Whoever runs this server sets SEATKEEPER_URL.")
    return f"{address.url}{path}"


def _require_permission(who: Who, key: str) -> None:
    if not are_allowed(who):
        raise BadInput(
            key,
            "other addresses than the vendor's own are not allowed here: credentials are sent there. Whoever runs this "
            f"installation allows them with {OWN_ADDRESSES}=yes.",
        )
