"""The organization's own multi-tenant app registration, and a new credential for every tenant that is read as one.

It is kept once. Each connection that comes of it has the credential sealed for itself, as any connection has, so that
it can be read, edited and moved like any other; a new credential takes the place of all of them in one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, ChangedMeanwhile, CredentialsRejected, NotFound
from seatkeeper.services import addresses, applications, audit, catalogue, rotation, tenants
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import AppRegistration, Connection
from seatkeeper.store.models.connections import Door
from seatkeeper.sync.connecting import save_details, to_details
from seatkeeper.sync.vendors import (
    DELEGATED,
    ConnectionDetails,
    FieldKind,
    FormField,
    Guide,
    Vendor,
    find_vendor,
    list_vendors,
)

PATH: Final = "/connections/consented"  # where the vendor's page for consent leads back to
MEANWHILE: Final = "Something was changed while the new credential was tried. Nothing was saved. Try again."
TRIED: Final = 3  # tenants in which a new credential is tried before it is given up: one may have shut us out


def vendor() -> Vendor:
    """The vendor whose tenants can be joined by consent."""
    return next(each for each in list_vendors() if each.consenting)


def list_fields(who: Who) -> Sequence[FormField]:
    """What is asked for of the registration."""
    who.require(May.SEE)
    return [field for field in vendor().form if not field.signed_in]


def guide(who: Who) -> Guide:
    """How to make one, with the permissions of all tasks that a customer may be read for."""
    who.require(May.SEE)
    found = vendor()
    assert found.consenting is not None
    advised = catalogue.list_advised(found, {product.key for product in found.products().products})
    return found.consenting.guide(advised, redirect_uri(who))


def redirect_uri(who: Who) -> str:
    """Where the vendor's page for consent leads back to. Raises BadInput for what no vendor leads back to."""
    who.require(May.SEE)
    return addresses.way_back(PATH, "registration")


def find(who: Who) -> AppRegistration | None:
    who.require(May.SEE)
    return AppRegistration.objects.of(who).first()


def require(who: Who) -> AppRegistration:
    """Raises NotFound where none is kept."""
    if (found := find(who)) is None:
        raise NotFound("The app registration")
    return found


def fill_form(who: Who) -> Mapping[str, str]:
    """What the form shows of the one that is kept; no secret is in it."""
    found = find(who)
    return {} if found is None else find_vendor(found.vendor).fill_form(to_details(found))


def keep(who: Who, fields: Mapping[str, str]) -> AppRegistration:
    """Keep it, or change it, by the keys of the vendor's form. A credential is tried first, in the registration's own
    tenant, and replaces that of every connection that is read as the same registration.

    Raises BadInput with all that is wrong, CredentialsRejected, TryLater; then nothing is changed.
    """
    who.require(May.APPLICATIONS)
    known = find(who)
    seen = known or AppRegistration(organization_id=who.organization_id, vendor=vendor().key, created=system_clock())
    details = tenants.check_details(who, vendor(), fields, known)
    if known is not None and details.client_id != known.client_id and details.credential is None:
        raise BadInput("client_secret", "another app registration has another credential: give that, too.")
    given = {key: value for key, value in fields.items() if key in _credential_keys()}
    others = _read_as(who, details.client_id) if details.credential is not None else []
    shown = vendor().fill_form(details)
    replaced = [(door, tenants.check_details(who, vendor(), given | _confirmed(door, shown), door)) for door in others]
    rotation.try_new(who, seen, details)
    with transaction.atomic():
        applications.alone(who)
        if details.credential is not None:
            _require_same(who, details.client_id, others)
        if known is not None and require(who).version != known.version:
            raise ChangedMeanwhile(MEANWHILE)
        seen.tenant_id, seen.directory_id = details.tenant_id, details.directory_id
        if known is None:
            seen.save()
        save_details(seen, details)
        for door, changed in replaced:
            save_details(door, changed)
        audit.record(who, "registration.kept", details.client_id, _count(len(replaced)))
    return require(who)


def forget(who: Who) -> None:
    """Tenants that have joined are read on; links that nobody has answered lead nowhere."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        found = require(who)
        audit.record(who, "registration.forgotten", found.client_id)
        found.delete()


def rotate(who: Who, client_id: str, fields: Mapping[str, str]) -> int:
    """A new credential for every tenant that is read as this app registration, and for the organization's own if it is
    that one; the number of tenants. It is tried first, in one of them.

    Raises BadInput where nothing is read so, CredentialsRejected, TryLater; then nothing is changed.
    """
    who.require(May.APPLICATIONS)
    client_id = client_id.strip().lower()
    if unknown := fields.keys() - _credential_keys():
        raise BadInput("fields", f"{min(unknown)[:40]!r} is no part of a credential.")
    connections = _read_as(who, client_id)
    own = list(AppRegistration.objects.of(who).filter(client_id=client_id))
    if not connections and not own:
        raise BadInput("client_id", "no tenant is read as this app registration, and it is not the organization's own.")
    doors: list[Door] = [*own, *connections]
    replaced = [(door, tenants.check_details(who, find_vendor(door.vendor), fields, door)) for door in doors]
    if any(details.credential is None for _, details in replaced):
        raise BadInput("client_secret", "give a client secret or a certificate.")
    _try_somewhere(who, replaced)
    with transaction.atomic():
        applications.alone(who)
        _require_same(who, client_id, connections)
        for door, details in replaced:
            save_details(door, details)
        audit.record(who, "credential.rotated", client_id, _count(len(connections)))
    return len(connections)


def _count(number: int) -> str:
    return f"the credential of {number:,} tenant{'' if number == 1 else 's'} was replaced" if number else ""


def _credential_keys() -> set[str]:
    """The fields of the vendor's form that make a credential."""
    kinds = (FieldKind.SECRET, FieldKind.FILE, FieldKind.DATE)
    return {
        each.key for each in vendor().form if (each.kind in kinds or each.identity_of_server) and not each.signed_in
    }


def _read_as(who: Who, client_id: str) -> list[Connection]:
    """With a credential of the registration's own: somebody's sign-in is theirs."""
    mine = Connection.objects.of(who).filter(client_id=client_id).exclude(credential_kind=DELEGATED)
    return list(mine.order_by("pk"))


def _confirmed(door: Door, shown: Mapping[str, str]) -> dict[str, str]:
    """The addresses to which a credential goes here, as far as its giver has named the same ones for the registration.

    Any other has to be named first: whoever moved it earlier must not get what is given now.
    """
    own = addresses.own_of(find_vendor(door.vendor), to_details(door))
    return {key: address for key, address in own.items() if shown.get(key) == address}


def _require_same(who: Who, client_id: str, seen: Sequence[Connection]) -> None:
    """Raises ChangedMeanwhile where any was changed, or has joined, while the credential was tried."""
    if {each.pk: each.version for each in seen} != {each.pk: each.version for each in _read_as(who, client_id)}:
        raise ChangedMeanwhile(MEANWHILE)


def _try_somewhere(who: Who, replaced: Sequence[tuple[Door, ConnectionDetails]]) -> None:
    """A credential is the registration's, whatever the tenant. Raises what the last tenant answered."""
    for number, (door, details) in enumerate(replaced[:TRIED], start=1):
        try:
            rotation.try_new(who, door, details)
        except CredentialsRejected:
            if number == min(TRIED, len(replaced)):
                raise
        else:
            return
