"""The managed applications of an organization, with the figures of their newest summary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Concat, Lower

from seatkeeper.model import RunStatus
from seatkeeper.services.application_input import split_tags
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, DailySummary, Run, Task
from seatkeeper.sync.vendors import list_products

HEALTH: Final = ("healthy", "attention", "failing", "never run", "duplicate", "deactivated")

# What comes from the newest summary, by its fields there; `active` is a column of the application itself.
FIGURES: Final = {
    "bought": "bought",
    "assigned": "assigned",
    "people": "holders",
    "people_active": "active",
    "people_possibly_active": "possibly_active",
    "people_inactive": "inactive",
    "never_seen": "never_seen",
    "not_observable": "not_observable",
    "suspicious": "suspicious",
    "findings": "findings",
    "annual_cost": "bought_cost",
    "idle_cost": "idle_cost",
    "idle_cost_a_year": "idle_cost",
    "could_save_a_year": "could_save",
    "saved_a_year": "saved",
    "complete_from": "observed_from",
    "complete_until": "observed_until",
}

LISTING: Final = Listing[Application](
    key="applications",
    title="Managed SaaS Applications",
    columns=(
        Column("name", "Application", Kind.NAME),
        Column("tenant", "Tenant", shown=False),
        Column("product_title", "Product"),
        Column("bought", "Bought", Kind.NUMBER),
        Column("assigned", "Assigned", Kind.NUMBER),
        Column("people", "Holders", Kind.NUMBER, shown=False),
        Column("people_active", "Active", Kind.NUMBER),
        Column("people_possibly_active", "Possibly active", Kind.NUMBER, shown=False),
        Column("people_inactive", "Inactive", Kind.NUMBER),
        Column("never_seen", "Never seen", Kind.NUMBER),
        Column("not_observable", "Not observable", Kind.NUMBER, shown=False),
        Column("suspicious", "Suspicious", Kind.NUMBER),
        Column("findings", "Findings", Kind.NUMBER),
        Column("annual_cost", "Bought, a year", Kind.MONEY, sorts=False, period="year"),
        Column("idle_cost_a_year", "Idle, a year", Kind.MONEY, sorts=False, period="year"),
        Column("could_save_a_year", "Could be saved, a year", Kind.MONEY, shown=False, sorts=False, period="year"),
        Column("saved_a_year", "Saved, a year", Kind.MONEY, shown=False, sorts=False, period="year"),
        Column(
            "idle_cost", "Idle, a month", Kind.MONEY, shown=False, sorts=False, period="month",
            instead="idle_cost_a_year",
        ),
        Column("complete_from", "Complete from", Kind.TIME, shown=False),
        Column("complete_until", "Complete until", Kind.TIME, shown=False),
        Column("last_complete", "Last complete run", Kind.TIME),
        Column("health", "Health", Kind.BADGE),
        Column("tags", "Tags", Kind.NAME),
    ),
    filters=(
        Filter("health", "Health", [Choice(each, each) for each in HEALTH], lambda value: Q(health=value)),
        Filter(
            "product",
            "Product",
            [Choice(product.key, product.title) for product in list_products()],
            lambda value: Q(product=value),
        ),
        Filter(
            "active", "State", [Choice("yes", "active"), Choice("no", "deactivated")],
            lambda value: Q(active=value == "yes"),
        ),
    ),
    search=("words",),
    sort="name",
    empty="No application is managed yet: add the first one.",
)  # fmt: skip


def listing(who: Who) -> Listing[Application]:
    """With filters by the products and the tags there are."""
    mine = Application.objects.of(who).exclude(tags="")
    tags = sorted({tag for text in mine.values_list("tags", flat=True) for tag in split_tags(text)}, key=str.casefold)
    by_tag = Filter("tag", "Tag", [Choice(tag, tag) for tag in tags], lambda tag: Q(tag_list__contains=f", {tag},"))
    products = [Choice(product.key, product.title) for product in list_products()]
    filters = [replace(each, choices=products) if each.key == "product" else each for each in LISTING.filters]
    return replace(LISTING, filters=(*filters, by_tag))


def rows(who: Who) -> QuerySet[Application]:
    who.require(May.SEE)
    newest = DailySummary.objects.filter(application=OuterRef("pk")).order_by("-pk")
    figures: dict[str, Any] = {name: Subquery(newest.values(field)[:1]) for name, field in FIGURES.items()}
    complete = Run.objects.filter(
        task__connection=OuterRef("connection"), task__key="roster", status=RunStatus.COMPLETE
    )
    titles = [When(product=product.key, then=Value(product.title)) for product in list_products()]
    return (
        Application.objects.of(who)
        .select_related("connection")
        .annotate(
            tenant=F("connection__tenant_id"),
            product_title=Case(*titles, default=F("product"), output_field=TextField()),
            words=Lower(
                Concat("name", Value(" "), "tags", Value(" "), "connection__tenant_id", output_field=TextField())
            ),
            tag_list=Concat(Value(", "), "tags", Value(","), output_field=TextField()),
            last_complete=Subquery(complete.order_by("-pk").values("ended")[:1]),
            health=_health(),
            **figures,
        )
    )


def _health() -> Case:
    """How its reading goes, for all applications in one query."""
    newest = Run.objects.filter(task=OuterRef("pk")).order_by("-pk")
    tasks = Task.objects.filter(connection=OuterRef("connection"), enabled=True).annotate(
        status=Subquery(newest.values("status")[:1]), put_aside=Subquery(newest.values("quarantined")[:1])
    )
    well = Q(status__in=(RunStatus.COMPLETE, RunStatus.RUNNING), put_aside=0)
    return Case(
        When(active=False, then=Value("deactivated")),
        When(connection__duplicate_of__isnull=False, then=Value("duplicate")),
        When(~Exists(tasks.filter(status__isnull=False)), then=Value("never run")),
        When(Exists(tasks.filter(status__in=(RunStatus.REFUSED, RunStatus.FAILED))), then=Value("failing")),
        When(Exists(tasks.filter(Q(status__isnull=True) | ~well)), then=Value("attention")),
        default=Value("healthy"),
        output_field=TextField(),
    )
