"""How values look on pages: instants, numbers, names that came from the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from seatkeeper.model import Instant, to_text
from seatkeeper.services.listings.base import Answer, Column, Kind, Listing
from seatkeeper.web.listings import ADDRESSES

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
def cell(row: object, column: Column) -> SafeString | str:
    """A cell of a listing, by the kind of its column."""
    value = getattr(row, column.key)
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
            return "–" if value is None else str(value)
        case _:
            return name(value)


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
