"""How values look on pages: instants, numbers, names that came from the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django import forms, template
from django.forms import BoundField
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from seatkeeper.model import TICKS, Instant, to_text
from seatkeeper.services import catalogue
from seatkeeper.services import refreshes as service
from seatkeeper.services.listings.base import Answer, Column, Kind, Listing
from seatkeeper.web.frame.listings import ADDRESSES

if TYPE_CHECKING:
    from seatkeeper.store.models import Application

register = template.Library()


@register.filter
def when(instant: Instant | None) -> SafeString | str:
    """A moment, in UTC; app.js shows it in the reader's own time zone."""
    if instant is None:
        return "–"
    text = to_text(instant)
    return format_html('<time datetime="{}" data-when>{} {}</time>', text, text[:10], text[11:16])


@register.filter
def day(instant: Instant | None) -> SafeString | str:
    """The day of a moment, in UTC: dates of the vendor are days, not moments."""
    return "–" if instant is None else format_html('<time datetime="{0}">{0}</time>', to_text(instant)[:10])


@register.filter
def number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


@register.filter
def name(text: str | None) -> SafeString | str:
    """A text that somebody in the tenant chose: it cannot turn the direction of what stands around it."""
    if not text:
        return "–"
    shown = text if text.isprintable() else "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return format_html("<bdi>{}</bdi>", shown if len(shown) <= 300 else shown[:300] + "…")


@register.filter
def vendor(key: str) -> str:
    """What people call the vendor of a connection."""
    return catalogue.title_of(key)


@register.filter
def plain(value: str | int) -> SafeString | str:
    """A cell of a table: a number, a moment as text, or a text that somebody in the tenant chose."""
    return number(value) if isinstance(value, int) else name(value)


@register.filter
def spaced(key: str) -> str:
    """A key of ours as words: never-seen is “Never seen”."""
    return key.replace("-", " ").capitalize()


@register.filter
def cell(row: object, column: Column) -> SafeString | str:
    """A cell of a listing, by the kind of its column."""
    value = column.value(row)
    match column.kind:
        case Kind.TIME:
            return when(value)
        case Kind.DAY:
            return day(value)
        case Kind.NUMBER:
            return number(value)
        case Kind.FLAG:
            return "yes" if value else ""
        case Kind.MONEY:
            return column.amount(row) or "–"
        case Kind.BADGE:
            return badge(value)
        case _:
            return name(value)


# How the words that we judge by are coloured; what is not here is coloured as undecided.
TONES: Final = {
    "active": "good", "inactive": "warn", "never seen": "bad",
    "confirmed": "good", "none seen": "warn",
    "healthy": "good", "attention": "warn", "failing": "bad", "duplicate": "bad", "deactivated": "warn",
    "complete": "good", "held": "warn", "refused": "bad", "failed": "bad", "interrupted": "warn",
    "joined": "good", "passed": "good", "declined": "warn",
    "granted": "good", "missing": "bad",
    "open": "warn", "resolved": "good", "recognized": "good", "Recognized": "good",
    "Unrecognized": "warn", "Unauthorized": "bad",
}  # fmt: skip


@register.filter
def badge(word: str | None) -> SafeString | str:
    """A word that we judge by, in its colour."""
    return format_html('<span class="word {}">{}</span>', TONES.get(word, "unsure"), word) if word else "–"


@register.filter
def item(values: Mapping[str, Sequence[str]], key: str) -> Sequence[str]:
    """What a mapping holds under a key that is only known in the template."""
    return values.get(key, ())


@register.filter
def address_in(row: object, listing: Listing[Any]) -> str:
    """The page of a row of a listing, or nothing."""
    to_address = ADDRESSES.get(listing.key)
    return to_address(row) if to_address else ""


@register.filter
def words(text: str) -> list[str]:
    return text.split()


@register.filter
def falling(column: Column) -> str:
    """The word of an address that sorts by the column, largest first."""
    return f"-{column.key}"


@register.filter
def address(answer: Answer[Any]) -> str:
    """The question that was answered, as the query of an address."""
    return answer.question.address()


@register.filter
def sorted_by(answer: Answer[Any], column: Column) -> str:
    """The same question sorted by the column, or the other way round when it is already."""
    return answer.question.address(sort=falling(column) if answer.question.sort == column.key else column.key)


@register.filter
def at_page(answer: Answer[Any], step: int) -> str:
    return answer.question.address(page=answer.question.page + step)


@register.filter
def control(field: BoundField) -> SafeString:
    """The input of a form's field in our look, whoever made the form."""
    if isinstance(field.field.widget, forms.CheckboxInput):
        look = "form-check-input"
    else:
        look = "form-select" if isinstance(field.field.widget, forms.Select) else "form-control"
    return field.as_widget(attrs={"class": look})


@register.filter
def is_tick(field: BoundField) -> bool:
    """Whether the field is a box to tick, whose label stands behind it."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def percent(share: float) -> int:
    """A share of 1 in whole per cent, never more than is done."""
    return int(share * 100)


@register.filter
def seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:,.1f}"


@register.filter
def span(ticks: Instant) -> str:
    """A span of time in the largest unit that keeps it readable."""
    minutes = ticks // (60 * TICKS)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes / 60:.1f} h" if minutes < 2880 else f"{minutes / 1440:.1f} days"


@register.inclusion_tag("seatkeeper/parts/refreshing.html", takes_context=True)
def refreshing(context: Context, application: Application | None = None) -> dict[str, object]:
    """Whether the figures of one or of all applications are from before a change; not in the answer to a form."""
    if context["request"].method != "GET":
        return {}
    if application is not None:
        return {
            "since": application.refresh_wanted_since,
            "events": f"/applications/{application.pk}/refreshing/events",
        }
    return {"since": service.pending(context["who"]), "events": "/refreshing/events"}
