"""The signals: what shows whether somebody used a product, and what each can prove. All else iterates over the list.

A signal more is a reader, and an entry here, or a report of use that its vendor declares. Only sign-ins inside
coverage, and the last sign-in of an account anywhere, can prove that somebody did not use a product; the lack of
anything else proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from django.db.models import Max

from seatkeeper.clock import days
from seatkeeper.connectors.catalog import find_task, find_vendor_of, list_vendors
from seatkeeper.connectors.products import Product
from seatkeeper.connectors.vendor import UsageSignal, Vendor
from seatkeeper.insights.base import SHARED_SIGN_INS, SIGN_INS, SILENT_SIGN_INS, Reported, Sighting
from seatkeeper.model import Grade, Instant, Key
from seatkeeper.spans import Span
from seatkeeper.store.models import Application, LastUse, ProductActivity, Task
from seatkeeper.store.queries import roster
from seatkeeper.store.queries.roster import SeatRow

ACTIVITY: Final = "activity"  # key of the task that reads when accounts got in anywhere
SILENT_ACCESS: Final = "non-interactive-access"  # of the task that reads sign-ins without a prompt
ANYWHERE: Final = "account-activity"  # and of the signal that it gives


class Readings(NamedTuple):
    """What a signal is read for: an application, the roster that is shown, and the newest sign-ins of its holders."""

    application: Application
    product: Product
    roster: int
    observed: Span | None
    observed_silently: Span | None
    direct: Mapping[Key, Instant]
    shared: Mapping[Key, Instant]
    silent: Mapping[Key, Instant]


Find = Callable[[SeatRow], Sighting | None]


class Signal(NamedTuple):
    """`proves` and `says` are sentences for people, the second with the day of what was seen last.

    `speaks_of` tells whether it can say anything of a product; `read` finds what it says of each seat holder. `heading`
    stands above the newest use in lists; `column` is where SeatHolder keeps that by itself; a signal can do without.
    """

    key: str
    title: str
    heading: str
    proves: str
    says: str
    speaks_of: Callable[[Product], bool]
    read: Callable[[Readings], Find]
    column: str = ""
    of_days: bool = False  # whether it knows only the day
    by_product: bool = False  # whether what its task tells apart are products: then the others' are not this one's
    task: str = ""  # key of the task that reads it alone, and without which it says nothing


def _sign_ins(key: str, newest: Mapping[Key, Instant], observed: Span | None, *, sure: bool = True) -> Find:
    until = observed.end if observed else None

    def find(row: SeatRow) -> Sighting | None:
        last = newest.get(row.account)
        return None if last is None else Sighting(key, last, sure, until)

    return find


def _report(readings: Readings) -> Find:
    """By the account that had the name when the report was uploaded; who was not on the roster then, by name."""
    told: dict[Key | str, Reported] = {
        row.user_id if row.account is None else bytes(row.account): Reported(
            row.last, row.desktop, row.web, row.other, days(row.period_days), row.until
        )
        for row in ProductActivity.objects.filter(application=readings.application).iterator(2000)
    }

    def find(row: SeatRow) -> Sighting | None:
        reported = told.get(row.account) or told.get((row.upn or "").casefold())
        return Sighting(REPORT.key, reported.last, True, reported.until, reported=reported) if reported else None

    return find


def _last_uses(task: str, key: str, readings: Readings, *, sure: bool, bounds: bool = False, used: str = "") -> Find:
    """What a task tells of accounts; nothing while it is not ticked. What `bounds` says that no use came later.

    `used` is which of the things that the task tells apart, where one of them is the product.
    """
    connection_id = readings.application.connection_id
    ticked = Task.objects.filter(connection_id=connection_id, key=task, enabled=True).first()
    if ticked is None:
        return lambda _row: None
    rows = roster.list_last_uses(connection_id, task, readings.product.key, readings.roster, used)
    told = {row.account: row for row in rows}
    lateness = _lateness(readings.product.key, task)
    searched = ticked.full_read_at if used else None  # events are looked for of everybody, also where none is found

    def find(row: SeatRow) -> Sighting | None:
        if (found := told.get(row.account)) is None:
            return None
        until = (searched or found.read_at) - lateness if found.until is None else found.until
        return Sighting(key, found.last, sure, until, bounds=bounds)

    return find


def _has_task(product: Product, key: str) -> bool:
    return any(task.key == key for task in find_vendor_of(product.key).tasks)


def _lateness(product: str, task: str) -> Instant:
    return find_task(find_vendor_of(product).key, task).lateness


def _of_vendor(vendor: Vendor, usage: UsageSignal) -> Signal:
    """What a task of the vendor tells of use: it speaks of the products that the vendor names alone."""

    def read(readings: Readings) -> Find:
        product = readings.product.key
        if product not in usage.products:
            return lambda _row: None
        used = product if usage.by_product else ""
        return _last_uses(usage.task, usage.task, readings, sure=usage.sure, used=used)

    return Signal(
        usage.task,
        find_task(vendor.key, usage.task).title,
        usage.heading,
        usage.proves or REPORT.proves,
        usage.says,
        lambda product: product.key in usage.products,
        read,
        of_days=not usage.of_events,
        by_product=usage.by_product,
        task=usage.task,
    )


DIRECT: Final = Signal(
    SIGN_INS,
    "Sign-ins to the product",
    "Last Login",
    "Confirms use. Inside the time for which sign-ins are complete, their lack proves that there was none.",
    "Last sign-in to the product itself on {day}.",
    lambda product: product.has(Grade.DIRECT),
    lambda readings: _sign_ins(SIGN_INS, readings.direct, readings.observed),
    "last_login",
)
SILENT: Final = Signal(
    SILENT_SIGN_INS,
    "Sign-ins without a prompt",
    "Last Without A Prompt",
    "Confirms use on that day. Inside the time for which both kinds of sign-in are complete, their lack proves that "
    "there was none of either.",
    "Last sign-in to the product itself without a prompt, by a session that was there already, on {day}.",
    lambda product: product.has(Grade.DIRECT) and _has_task(product, SILENT_ACCESS),
    lambda readings: _sign_ins(SILENT_SIGN_INS, readings.silent, readings.observed_silently),
    of_days=True,
    task=SILENT_ACCESS,
)
REPORT: Final = Signal(
    "report",
    "Uploaded activity report",
    "Last Reported",
    "Confirms use on the day that it names. Its lack proves nothing.",
    "The vendor's activity report says that the product was used last on {day}.",
    lambda product: product.key in find_vendor_of(product.key).reports,
    _report,
    "last_reported",
    of_days=True,
)
SHARED: Final = Signal(
    SHARED_SIGN_INS,
    "Sign-ins to shared applications",
    "Last Possible",
    "May have been a use of this product. Their lack proves nothing by itself.",
    "Last sign-in to an application that several products share on {day}: it may have been this product.",
    lambda product: product.has(Grade.AMBIGUOUS),
    lambda readings: _sign_ins(SHARED_SIGN_INS, readings.shared, readings.observed, sure=False),
    "last_possible",
)
ACCOUNT_ACTIVITY: Final = Signal(
    ANYWHERE,
    "Last sign-in anywhere",
    "Last In Tenant",
    "May have been a use of this product. Whoever has not signed in anywhere since, with or without a prompt, has not "
    "used it since; an attempt that failed is no sign-in.",
    "The directory knows of no successful sign-in of the account, anywhere in the tenant, after {day}.",
    lambda product: _has_task(product, ACTIVITY),
    lambda readings: _last_uses(ACTIVITY, ANYWHERE, readings, sure=False, bounds=True),
    "last_in_tenant",
    task=ACTIVITY,
)

OF_VENDORS: Final = [_of_vendor(vendor, usage) for vendor in list_vendors() for usage in vendor.usage]
SIGNALS: list[Signal] = [DIRECT, SILENT, REPORT, *OF_VENDORS, SHARED, ACCOUNT_ACTIVITY]


NOT_OBSERVABLE: Final = (
    "No sign-in shows the use of this product: nobody is called unused, except those who signed in nowhere at all."
)


def is_observable(product: Product) -> bool:
    """Whether sign-ins show the use of the product, so that their lack can prove anything."""
    return DIRECT.speaks_of(product)


def reported_until(application: Application) -> Instant | None:
    """Up to when the vendor's own reports know of the use of the product; None where none is read, or none tells."""
    usage = find_vendor_of(application.product).usage
    tasks = [each.task for each in usage if application.product in each.products and not each.by_product]
    ticked = Task.objects.filter(connection_id=application.connection_id, key__in=tasks, enabled=True)
    told = LastUse.objects.filter(
        connection_id=application.connection_id, signal__in=list(ticked.values_list("key", flat=True))
    )
    newest: Instant | None = told.aggregate(newest=Max("until"))["newest"]
    return newest


def bounded_until(application: Application) -> Instant | None:
    """Up to when it is known of accounts when they last got in anywhere; None when nobody has read that to its end."""
    task = Task.objects.filter(connection_id=application.connection_id, key=ACTIVITY, enabled=True).first()
    if task is None or task.full_read_at is None:
        return None
    return task.full_read_at - _lateness(application.product, ACTIVITY)
