"""Links by which a customer's administrator lets the organization's app registration into their tenant.

Whoever answers has no account here, so a link says all that matters in advance: the customer's name, and what is
managed and read of their tenant. What comes back with it is signed, belongs to one link of one organization, is good
for one consent and ends. That an administrator declines does not use it up: the next one may know better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.signing import BadSignature, Signer
from django.db import transaction

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.errors import BadInput, CredentialsRejected, NotFound, Refusals
from seatkeeper.jobs import running
from seatkeeper.jobs.joining import CONSENTED, DECLINED, REFUSED, WAITING, WITHDRAWN
from seatkeeper.services import additions, app_registrations, audit, tenants
from seatkeeper.services.application_input import check_tags, check_tasks, check_threshold
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import AppRegistration, ConsentLink
from seatkeeper.sync.connecting import to_details
from seatkeeper.sync.vendors import find_vendor

LIFE: Final = days(14)
LONGEST_CUSTOMER: Final = 80
_OPEN: Final = (WAITING, DECLINED)
_ENDED: Final = "this link was used already, was withdrawn or has ended. Ask whoever sent it for a new one."
_EXAMPLE: Final = "stands-for-the-credential"


@dataclass(frozen=True, slots=True)
class NewLink:
    """A customer who is to join. With `tenant_id` no other tenant may answer."""

    customer: str
    tenant_id: str = ""
    products: Sequence[str] = ()
    tasks: Sequence[str] = ()
    tags: str = ""
    threshold_days: int = 60


def make(who: Who, new: NewLink, clock: Clock = system_clock) -> ConsentLink:
    """Raises BadInput with all that is wrong, and NotFound where the organization keeps no app registration."""
    who.require(May.APPLICATIONS)
    link = check(who, new, app_registrations.require(who), clock)
    with transaction.atomic():
        link.save()
        audit.record(who, "consent.link_made", link.customer, link.tenant_id)
    return link


def check(who: Who, new: NewLink, registration: AppRegistration, clock: Clock = system_clock) -> ConsentLink:
    """The link, not saved yet. Raises BadInput with all that is wrong."""
    who.require(May.APPLICATIONS)
    vendor = find_vendor(registration.vendor)
    refusals = Refusals()
    refusals.check(app_registrations.redirect_uri, who)
    customer = refusals.check(check_customer, new.customer)
    products = refusals.check(additions.choose, new.products, vendor.products().products) or []
    tasks = refusals.check(check_tasks, new.tasks, vendor.tasks)
    tags = refusals.check(check_tags, new.tags)
    threshold = refusals.check(check_threshold, new.threshold_days)
    tenant_id = new.tenant_id.strip().lower()
    if tenant_id:
        typed = {"tenant_id": tenant_id, "client_id": registration.client_id, "client_secret": _EXAMPLE}
        checked = refusals.check(vendor.check_form, typed, None)
        if checked and tenants.find_connection(who, vendor, checked.tenant_id):
            refusals.check(_refuse_known)
    refusals.end()
    now = clock()
    return ConsentLink(
        organization_id=who.organization_id,
        vendor=vendor.key,
        customer=customer,
        tenant_id=tenant_id,
        client_id=registration.client_id,
        products=[product.key for product in products],
        tasks=tasks,
        tags=tags,
        threshold_days=threshold,
        made=now,
        made_by=who.name,
        expires=now + LIFE,
        status=WAITING,
    )


def check_customer(text: str) -> str:
    customer = " ".join(text.split())
    if not customer or len(customer) > LONGEST_CUSTOMER or not customer.isprintable():
        raise BadInput("customer", f"give a name of 1 to {LONGEST_CUSTOMER} visible characters.")
    return customer


def _refuse_known() -> None:
    raise BadInput("tenant_id", "this tenant is read already. Add products on its page.")


def find(who: Who, link_id: int) -> ConsentLink:
    """Raises NotFound, also for another organization's."""
    who.require(May.APPLICATIONS)
    if (link := ConsentLink.objects.of(who).filter(pk=link_id).first()) is None:
        raise NotFound("The link")
    return link


def address(who: Who, link: ConsentLink) -> str:
    """What the customer's administrator opens; empty for a link that cannot be answered any more."""
    who.require(May.APPLICATIONS)
    registration = AppRegistration.objects.of(who).filter(vendor=link.vendor, client_id=link.client_id).first()
    if registration is None or not is_open(link):
        return ""
    consenting = find_vendor(link.vendor).consenting
    assert consenting is not None
    details = to_details(registration)._replace(tenant_id=link.tenant_id)
    return consenting.link(details, app_registrations.redirect_uri(who), _signer().sign(_to_text(link)))


def is_open(link: ConsentLink, clock: Clock = system_clock) -> bool:
    return link.status in _OPEN and clock() < link.expires


def withdraw(who: Who, link_id: int) -> None:
    """Nobody can answer it any more, and who has answered does not join. Raises BadInput when they have joined."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        link = find(who, link_id)
        mine = ConsentLink.objects.of(who).filter(pk=link.pk, status__in=(*_OPEN, CONSENTED))
        if not mine.update(status=WITHDRAWN, due=None):
            raise BadInput("link", f"it is {link.status} already.")
        audit.record(who, "consent.withdrawn", link.customer)


def retry(who: Who, link_id: int) -> None:
    """Ask the vendor for a token again, now. Raises BadInput where nobody has consented."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        link = find(who, link_id)
        mine = ConsentLink.objects.of(who).filter(pk=link.pk, status__in=(CONSENTED, REFUSED), connection=None)
        if not mine.update(status=CONSENTED, due=system_clock()):
            raise BadInput("link", f"it is {link.status}: there is nothing to try again.")
        audit.record(who, "consent.tried_again", link.customer)
        transaction.on_commit(running.changed.set)


def arrive(answer: Mapping[str, str], clock: Clock = system_clock) -> bool:
    """Note what an administrator's browser brought back; whether they have consented.

    The vendor is asked for a token afterwards, by jobs/joining.py. Raises BadInput for what is no answer to a link that
    is open; of whose link it is, and what it is about, nothing is said.
    """
    with transaction.atomic():
        link = _find_answered(answer.get("state", ""))
        if link is None or not is_open(link, clock):
            raise BadInput("state", _ENDED)
        consenting = find_vendor(link.vendor).consenting
        assert consenting is not None
        who = Who(link.organization_id, f"administrator of {link.customer}")
        try:
            tenant = consenting.read(answer)
        except CredentialsRejected as error:
            return _note(who, link, DECLINED, message=str(error))
        if link.tenant_id not in ("", tenant) and "." not in link.tenant_id:  # a domain is proven by the first token
            told = f"The tenant {tenant} has answered, and the link is for {link.tenant_id} alone. Nothing was kept."
            return _note(who, link, DECLINED, message=told)
        transaction.on_commit(running.changed.set)
        now = clock()
        return _note(who, link, CONSENTED, directory_id=tenant, answered=now, due=now, message="")


def _note(who: Who, link: ConsentLink, status: str, **values: object) -> bool:
    ConsentLink.objects.of(who).filter(pk=link.pk).update(status=status, **values)
    audit.record(who, f"consent.{status}", link.customer, str(values.get("directory_id") or values["message"]))
    return status == CONSENTED


def _find_answered(state: str) -> ConsentLink | None:
    """The link that a text is signed for, held until the answer is noted; None for any other text."""
    try:
        text = _signer().unsign(state)
    except BadSignature:
        return None
    organization_id, link_id, made = map(int, text.split("-"))
    nobody = Who(organization_id, "")
    return ConsentLink.objects.of(nobody).filter(pk=link_id, made=made).select_for_update().first()


def _to_text(link: ConsentLink) -> str:
    return f"{link.organization_id}-{link.pk}-{link.made}"


def _signer() -> Signer:
    return Signer(salt="seatkeeper consent link")
