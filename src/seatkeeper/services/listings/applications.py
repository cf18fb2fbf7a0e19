"""The managed applications of an organization, with the counts of their newest drawing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Concat, Lower

from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.model import Word
from seatkeeper.services.application_input import split_tags
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Run, Standing, Task

HEALTH: Final = ("healthy", "attention", "failing", "never run", "deactivated")

# Columns that come from the newest drawing, by the fields they have there; `active` is the application's own word.
COUNTS: Final = {
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
    "annual_cost": "annual_cost",
    "idle_cost": "idle_cost",
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
        Column("annual_cost", "Annual cost", Kind.MONEY, sorts=False),
        Column("idle_cost", "Idle cost", Kind.MONEY, sorts=False),
        Column("last_complete", "Last complete run", Kind.TIME),
        Column("health", "Health", Kind.BADGE),
        Column("tags", "Tags", Kind.NAME),
    ),
    filters=(
        Filter("health", "Health", [Choice(word, word) for word in HEALTH], lambda value: Q(health=value)),
        Filter(
            "product",
            "Product",
            [Choice(product.key, product.title) for product in load_products().products],
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
    """With a filter by the tags there are."""
    mine = Application.objects.filter(organization_id=who.organization_id).exclude(tags="")
    tags = sorted({tag for text in mine.values_list("tags", flat=True) for tag in split_tags(text)}, key=str.casefold)
    by_tag = Filter("tag", "Tag", [Choice(tag, tag) for tag in tags], _has_tag)
    return replace(LISTING, filters=(*LISTING.filters, by_tag))


def rows(who: Who) -> QuerySet[Application]:
    who.require(May.SEE)
    newest = Standing.objects.filter(application=OuterRef("pk")).order_by("-day")
    counts: dict[str, Any] = {name: Subquery(newest.values(field)[:1]) for name, field in COUNTS.items()}
    titles = [When(product=product.key, then=Value(product.title)) for product in load_products().products]
    return (
        Application.objects.filter(organization_id=who.organization_id)
        .select_related("connection")
        .annotate(
            tenant=F("connection__tenant_id"),
            product_title=Case(*titles, default=F("product"), output_field=TextField()),
            words=Lower(
                Concat("name", Value(" "), "tags", Value(" "), "connection__tenant_id", output_field=TextField())
            ),
            tag_list=Concat(Value(", "), "tags", Value(","), output_field=TextField()),
            last_complete=Subquery(_complete_runs().values("ended")[:1]),
            health=_health(),
            **counts,
        )
    )


def _has_tag(tag: str) -> Q:
    return Q(tag_list__contains=f", {tag},")


def _complete_runs() -> QuerySet[Run]:
    """Of the application's roster, the newest first."""
    return Run.objects.filter(task__connection=OuterRef("connection"), task__key="roster", word=Word.COMPLETE).order_by(
        "-started", "-pk"
    )


def _health() -> Case:
    """One word for how its reading goes: as services/findings.health says it, for all applications in one question."""
    newest = Run.objects.filter(task=OuterRef("pk")).order_by("-started", "-pk")
    tasks = Task.objects.filter(connection=OuterRef("connection"), enabled=True).annotate(
        word=Subquery(newest.values("word")[:1]), put_aside=Subquery(newest.values("quarantined")[:1])
    )
    well = Q(word__in=(Word.COMPLETE, Word.RUNNING), put_aside=0)
    return Case(
        When(active=False, then=Value("deactivated")),
        When(~Exists(tasks.filter(word__isnull=False)), then=Value("never run")),
        When(Exists(tasks.filter(word__in=(Word.REFUSED, Word.FAILED))), then=Value("failing")),
        When(Exists(tasks.filter(Q(word__isnull=True) | ~well)), then=Value("attention")),
        default=Value("healthy"),
        output_field=TextField(),
    )
