"""Tenants join: the rows of many at once, and of each customer whose administrator has consented.

The vendor is asked here and not while the administrator waits, because a consent takes a while to reach all of the
vendor's servers: until then it refuses the token. What its answer says of the tenant may be made up by whoever opened
the link, so nothing is kept before the first token, which must be for that tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import F, Q

from seatkeeper.clock import hours, seconds, system_clock
from seatkeeper.connectors.catalog import find_product, find_vendor
from seatkeeper.connectors.reach import ConnectionDetails
from seatkeeper.errors import OtherTenant, SeatkeeperError
from seatkeeper.store.models import (
    Application,
    AppRegistration,
    AuditEvent,
    Connection,
    ConsentLink,
    Organization,
    Task,
)
from seatkeeper.sync.connecting import open_credential, seal_credential, sign_in, to_columns, to_details

WAITING, DECLINED, CONSENTED = "waiting", "declined", "consented"
JOINED, REFUSED, WITHDRAWN = "joined", "refused", "withdrawn"

CLAIM: Final = seconds(120)  # far longer than a try; who died during one is followed after it
FIRST_WAIT: Final = seconds(5)
LONGEST_WAIT: Final = hours(1)
GIVEN_UP_AFTER: Final = hours(24)  # of an administrator's consent
LONGEST_NAME: Final = 120


class Customer(NamedTuple):
    """A tenant that joins, with its credential in memory, and what is managed and read of it."""

    name: str
    details: ConnectionDetails
    products: Sequence[str]
    tasks: Sequence[str]
    tags: str = ""
    threshold_days: int = 60


def connect(organization_id: int, vendor_key: str, customers: Iterable[Customer], who: str) -> list[Connection]:
    """A connection for each, with its tasks and applications, in few queries whatever their number.

    To be called in a transaction that holds the organization, with what was checked before: nothing is refused here.
    """
    now, vendor, all_of_them = system_clock(), find_vendor(vendor_key), list(customers)
    connections = Connection.objects.bulk_create(
        Connection(
            organization_id=organization_id,
            vendor=vendor_key,
            tenant_id=each.details.tenant_id,
            directory_id=each.details.directory_id,
            created=now,
            **to_columns(each.details),
        )
        for each in all_of_them
    )
    taken = set(Application.objects.filter(organization_id=organization_id).values_list("name", flat=True))
    tasks, applications, trail = list[Task](), list[Application](), list[AuditEvent]()
    for connection, each in zip(connections, all_of_them, strict=True):
        assert each.details.credential is not None
        connection.credential = seal_credential(connection, each.details.credential)
        tasks += [Task(connection=connection, key=kind.key, enabled=kind.key in each.tasks) for kind in vendor.tasks]
        looks = {"tags": each.tags, "threshold_days": each.threshold_days, "created": now}
        for key in each.products:
            title = find_product(key).title
            name = _free_name(title, each.name, taken)
            taken.add(name)
            of = {"organization_id": organization_id, "connection": connection, "product": key}
            applications.append(Application(name=name, **of, **looks))
            told = f"{title}, tenant {each.details.tenant_id}"
            trail.append(_event(organization_id, who, "application.added", name, told))
    Connection.objects.bulk_update(connections, ["credential"], batch_size=200)
    Task.objects.bulk_create(tasks, batch_size=500)
    Application.objects.bulk_create(applications, batch_size=500)
    AuditEvent.objects.bulk_create(trail, batch_size=500)
    return connections


def _free_name(title: str, customer: str, taken: set[str]) -> str:
    """The product's title with the customer behind it, and a number where another application is called so."""
    tries = (f"{title} ({customer}){end}" for end in ("", *(f" {number}" for number in range(2, len(taken) + 3))))
    return next(name for name in tries if name[:LONGEST_NAME] not in taken)[:LONGEST_NAME]


def _event(organization_id: int, who: str, action: str, subject: str, detail: str = "") -> AuditEvent:
    told = {"action": action, "subject": subject, "detail": detail}
    return AuditEvent(organization_id=organization_id, at=system_clock(), who=who, **told)


def is_due() -> bool:
    return ConsentLink.objects.filter(status=CONSENTED, due__lte=system_clock()).exists()


def join_due(stop: Callable[[], bool]) -> None:
    """Try each customer who has consented and whose time has come. Several processes may look: one try at a time."""
    due = ConsentLink.objects.filter(status=CONSENTED, due__lte=system_clock()).order_by("due", "pk")
    for link in list(due):
        claimed = ConsentLink.objects.filter(pk=link.pk, status=CONSENTED, due=link.due)
        if not stop() and claimed.update(due=system_clock() + CLAIM, tries=F("tries") + 1):
            _join(link)


def _join(link: ConsentLink) -> None:
    registration = AppRegistration.objects.of(link).filter(vendor=link.vendor, client_id=link.client_id).first()
    if registration is None:
        _end(link, REFUSED, "The app registration that the link asked consent for is not kept here any more.")
        return
    try:
        details = to_details(registration)._replace(
            tenant_id=link.tenant_id or link.directory_id,
            directory_id=link.directory_id,
            credential=open_credential(registration),
        )
        told = sign_in(registration, details)
    except OtherTenant as error:
        _end(link, REFUSED, f"{error} Nothing was kept.")
    except SeatkeeperError as error:
        _wait(link, str(error))
    else:
        if told == link.directory_id:
            _save(link, details)
        else:
            _end(
                link, REFUSED, "The first token does not say that it is for the tenant that answered; nothing is kept."
            )


def _wait(link: ConsentLink, reason: str) -> None:
    """What is refused right after a consent may be granted a minute later."""
    now = system_clock()
    if now - (link.answered or now) > GIVEN_UP_AFTER:
        _end(link, REFUSED, f"{reason} It was tried for a day.")
        return
    pause = min(LONGEST_WAIT, FIRST_WAIT * 3 ** min(link.tries, 9))
    ConsentLink.objects.filter(pk=link.pk, status=CONSENTED).update(due=now + pause, message=reason)


def _end(link: ConsentLink, status: str, message: str, connection: Connection | None = None) -> None:
    """Unless somebody has withdrawn it meanwhile."""
    ended = {"status": status, "message": message, "due": None, "connection": connection}
    if ConsentLink.objects.filter(pk=link.pk, status=CONSENTED).update(**ended):
        _event(link.organization_id, "Seatkeeper", f"consent.{status}", link.customer, message[:2000]).save()


def _save(link: ConsentLink, details: ConnectionDetails) -> None:
    """The connection, unless the tenant is read already or the link was withdrawn during the try."""
    with transaction.atomic():
        Organization.objects.of(link).select_for_update(no_key=True).get()
        if not ConsentLink.objects.filter(pk=link.pk, status=CONSENTED).exists():
            return
        same = Q(directory_id=details.directory_id) | Q(tenant_id__in=(details.tenant_id, details.directory_id))
        if known := Connection.objects.of(link).filter(same, vendor=link.vendor).first():
            names = Application.objects.filter(connection=known).order_by("name").values_list("name", flat=True)
            told = f"The tenant is read already, for {', '.join(names)}. Nothing was added: add products on its page."
            _end(link, REFUSED, told, known)
            return
        customer = Customer(link.customer, details, link.products, link.tasks, link.tags, link.threshold_days)
        (made,) = connect(link.organization_id, link.vendor, [customer], f"consent of {link.customer}")
        _end(link, JOINED, "", made)
