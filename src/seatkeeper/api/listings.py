"""Listings as resources: the same columns, filters and search as the pages, with their types in the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from ninja import Query, Router, Schema
from pydantic import BeforeValidator, Field, create_model

from seatkeeper.amounts import Money
from seatkeeper.api.access import Called
from seatkeeper.api.problems import Problem
from seatkeeper.errors import BadInput
from seatkeeper.model import Instant, to_instant, to_text
from seatkeeper.services import readings
from seatkeeper.services.listings.base import LARGEST_PAGE, LONGEST_SEARCH, Column, Kind, Listing, Question
from seatkeeper.services.members import Who

REFUSALS: Mapping[frozenset[int], type[Schema]] = {frozenset({400, 401, 403, 404, 409, 422, 429, 503}): Problem}
_TYPES: Mapping[Kind, Any] = {Kind.NUMBER: int | None, Kind.FLAG: bool, Kind.MONEY: str | None}


class Amount(Schema):
    """A sum in one currency for a month or a year; several are never added to each other.

    A decimal as text, so that no digit is lost.
    """

    currency: str
    amount: str
    period: Literal["month", "year"]


def _refuse_flag(value: object) -> object:
    """To Python, true is the number 1."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number, not true or false")  # noqa: TRY004 - what pydantic turns into a 422
    return value


NO_FLAG = BeforeValidator(_refuse_flag)
Whole = Annotated[int, NO_FLAG]
"""A whole number that somebody sends; one with bounds is an int with NO_FLAG behind them."""


def to_amounts(money: Money | None, period: str) -> list[dict[str, str]]:
    parts = money.per(period) if money else ()
    return [{"currency": currency, "amount": f"{amount:f}", "period": period} for currency, amount in parts]


def to_row_schema(listing: Listing[Any]) -> type[Schema]:
    """The row of a listing: a field a column, times as ISO 8601 in UTC."""
    fields: dict[str, Any] = {}
    for column in listing.columns:
        kind: Any = _TYPES.get(column.kind, str | None)
        told: dict[str, Any] = {"description": f"Use {column.instead}", "deprecated": True} if column.instead else {}
        fields[column.key] = kind, Field(**({"description": column.title} | told))
        if column.kind is Kind.MONEY:
            fields[f"{column.key}_amounts"] = list[Amount], Field(description=f"{column.title}, by currency")
        if column.was:
            fields[column.was] = kind, Field(description=f"Use {column.key}", deprecated=True)
    return create_model(f"{_word(listing)}Row", __base__=Schema, id=(int, ...), **fields)


def to_page_schema(listing: Listing[Any]) -> type[Schema]:
    row: Any = to_row_schema(listing)
    return create_model(
        f"{_word(listing)}Page",
        __base__=Schema,
        rows=(list[row], ...),
        total=(int, Field(description="Rows that fit, on all pages")),
        page=(int, ...),
        pages=(int, ...),
    )


def to_question_schema(listing: Listing[Any]) -> type[Schema]:
    """What may be asked of the listing, with the values there are."""
    sorts = [column.key for column in listing.columns if column.sorts]
    words: Any = Literal[("", *sorts, *(f"-{key}" for key in sorts))]
    fields: dict[str, Any] = {
        "q": (Annotated[str, Field(max_length=LONGEST_SEARCH, description="Text to search for")], ""),
        "sort": (words, ""),
        "page": (Annotated[int, Field(ge=1, le=10**9)], 1),
        "size": (Annotated[int, Field(ge=1, le=LARGEST_PAGE)], 50),
    }
    for each in listing.filters:
        values: Any = Literal[tuple(choice.value for choice in each.choices)] if each.choices else str
        fields[each.key] = (list[values], Field([], description=each.title))
        if each.was:
            fields[each.was] = (list[values], Field([], description=f"Use {each.key}", deprecated=True))
    return create_model(f"{_word(listing)}Question", __base__=Schema, **fields)


def _word(listing: Listing[Any]) -> str:
    return "".join(part.capitalize() for part in listing.key.replace("-", "_").split("_"))


def to_row(row: object, columns: Sequence[Column]) -> dict[str, Any]:
    """A row as JSON takes it."""
    cells: dict[str, Any] = {}
    for column in columns:
        if column.kind is Kind.MONEY:
            cells[column.key] = column.amount(row)
            cells[f"{column.key}_amounts"] = to_amounts(column.value(row), column.period)
            continue
        value = column.value(row)
        if column.kind in (Kind.TIME, Kind.DAY) and isinstance(value, int):
            value = to_text(value)
        elif value is not None and not isinstance(value, bool | int):
            value = str(value)
        for name in filter(None, (column.key, column.was)):
            cells[name] = value
    return {"id": getattr(row, "pk"), **cells}  # noqa: B009 - a row of any model


def to_time(moment: Instant | None) -> str | None:
    """A moment as ISO 8601 in UTC."""
    return None if moment is None else to_text(moment)


def to_moment(field: str, text: str) -> Instant:
    """A moment as a caller wrote it. Raises BadInput."""
    try:
        return to_instant(text)
    except ValueError:
        raise BadInput(field, "write a moment such as 2026-08-01T00:00:00Z.") from None


def _to_question(listing: Listing[Any], told: Mapping[str, Any]) -> Question:
    return Question(
        search=told["q"],
        sort=told["sort"],
        page=told["page"],
        size=told["size"],
        filters={
            each.key: values for each in listing.filters if (values := told[each.key] or (each.was and told[each.was]))
        },
    )


def offer(
    router: Router,
    path: str,
    listing: Listing[Any],
    rows: Callable[..., QuerySet[Any]],
    *,
    scope: Literal["application_id", "connection_id", ""] = "application_id",
) -> None:
    """Add `GET path` to the router: a page of the listing, of one application or tenant, or of the organization."""
    page: Any = to_page_schema(listing)
    asked: Any = to_question_schema(listing)

    def read(who: Who, question: Any, **of: int) -> dict[str, Any]:
        answer = listing.ask(rows(who, *of.values()), _to_question(listing, question.dict()))
        readings.note(who, listing, "listed", **of)
        cells = [to_row(row, listing.columns) for row in answer.rows]
        return {"rows": cells, "total": answer.total, "page": answer.question.page, "pages": answer.pages}

    def of_application(request: Called, application_id: int, question: Any) -> Any:
        return read(request.auth, question, application_id=application_id)

    def of_connection(request: Called, connection_id: int, question: Any) -> Any:
        return read(request.auth, question, connection_id=connection_id)

    def of_all(request: Called, question: Any) -> Any:
        return read(request.auth, question)

    operation: Any = {"application_id": of_application, "connection_id": of_connection, "": of_all}[scope]
    operation.__annotations__ = {**operation.__annotations__, "question": asked, "request": Called}
    if scope:
        operation.__annotations__[scope] = int
    operation.__defaults__ = (Query(...),)  # type: ignore[type-arg]
    router.get(
        path,
        response={200: page, **REFUSALS},
        summary=listing.title,
        operation_id=f"list_{'' if scope else 'all_'}{listing.key}",
    )(operation)
