"""A listing is columns, filters and a search over rows of the store; a question asks for a page of it.

Pages, REST and exports ask the same question, so what is exported is exactly what was filtered. What may be sorted
and filtered by is declared: nothing of a question reaches the database but values.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.db.models import F, Model, OrderBy, Q, QuerySet

from seatkeeper.amounts import Money
from seatkeeper.errors import BadInput
from seatkeeper.tabular.tables import Cell, Table

M = TypeVar("M", bound=Model)

LARGEST_PAGE = 1000
LONGEST_SEARCH = 200


class Kind(enum.StrEnum):
    """How the values of a column are written and aligned."""

    TEXT = "text"
    NAME = "name"  # a text that somebody in the tenant chose
    NUMBER = "number"
    TIME = "time"
    DAY = "day"
    FLAG = "flag"
    MONEY = "money"
    BADGE = "badge"


class Column(NamedTuple):
    """`key` is the attribute of the row, and the column's name in addresses and REST."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    shown: bool = True  # unless the reader chooses otherwise
    sorts: bool = True
    was: str = ""  # its name before, which REST answers beside the new one for a version more
    period: str = ""  # of an amount: month or year
    attribute: str = ""  # of the row, where it is not the key
    instead: str = ""  # the column to use instead of this one, which will go

    def value(self, row: object) -> Any:
        return getattr(row, self.attribute or self.key)

    def amount(self, row: object) -> str | None:
        """An amount in words, without its period, which the title says."""
        money: Money | None = self.value(row)
        return None if money is None else money.a_year if self.period == "year" else money.a_month

    @property
    def aligned_right(self) -> bool:
        return self.kind in (Kind.NUMBER, Kind.MONEY)


class Choice(NamedTuple):
    """One value of a filter, with its title."""

    value: str
    title: str


@dataclass(frozen=True, slots=True)
class Filter:
    """`condition` turns a chosen value into what rows must be; of several values one must hold.

    One without choices takes any value.
    """

    key: str
    title: str
    choices: Sequence[Choice]
    condition: Callable[[str], Q]
    was: str = ""  # its name before, which is taken for a version more


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader asks of a listing; the same words stand in the address of the page."""

    search: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: str = ""
    page: int = 1
    size: int = 50
    columns: Sequence[str] = ()

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]], filters: Iterable[Filter]) -> Question:
        """From the pairs of an address. Raises BadInput for a page that is no number."""
        first = {key: values[0] for key, values in query.items() if values}
        return cls(
            search=first.get("q", "").strip()[:LONGEST_SEARCH],
            filters={
                f.key: tuple(v for v in values if v)
                for f in filters
                if any(values := query.get(f.key) or query.get(f.was, ()))
            },
            sort=first.get("sort", ""),
            page=_to_number("page", first.get("page", "1"), 1, 10**9),
            size=_to_number("size", first.get("size", "50"), 1, LARGEST_PAGE),
            columns=tuple(key for key in first.get("columns", "").split(",") if key),
        )

    def address(self, **changes: Any) -> str:
        """The question as the query of an address; a changed question begins at its first page."""
        asked = replace(self, **{"page": 1, **changes})
        pairs: list[tuple[str, str]] = [("q", asked.search)] if asked.search else []
        pairs += [(key, value) for key, values in asked.filters.items() for value in values]
        plain = {"sort": asked.sort, "page": asked.page, "size": asked.size, "columns": ",".join(asked.columns)}
        usual = {"sort": "", "page": 1, "size": 50, "columns": ""}
        pairs += [(key, str(value)) for key, value in plain.items() if value != usual[key]]
        return "?" + urlencode(pairs)


def _to_number(field_name: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
        raise BadInput(field_name, f"{text[:20]!r} is not a number from {least} to {most}.")
    return int(text)


@dataclass(frozen=True)  # with slots, Python 3.11 fails on Listing[Model](…)
class Listing(Generic[M]):
    """Something that can be listed. `search` names the fields that hold casefolded text to look in."""

    key: str
    title: str
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    search: Sequence[str] = ()
    sort: str = ""
    order: Sequence[str] = ()  # the fields by which rows stand where nobody sorts them, instead of `sort`
    empty: str = ""  # what to do when there is nothing at all
    of_people: bool = False  # tells when people used something: that it was read is noted

    def ask(self, rows: QuerySet[M], question: Question) -> Answer[M]:
        """One page of the rows that fit. Raises BadInput for what the listing does not have."""
        fitting = self.fit(rows, question)
        start = (question.page - 1) * question.size
        return Answer(self, question, fitting.count(), list(fitting[start : start + question.size]))

    def fit(self, rows: QuerySet[M], question: Question) -> QuerySet[M]:
        """All rows that fit, in order."""
        if question.search and self.search:
            wanted = question.search.casefold()
            anywhere = Q()
            for name in self.search:
                anywhere |= Q(**{f"{name}__contains": wanted})
            rows = rows.filter(anywhere)
        for each in self.filters:
            if chosen := question.filters.get(each.key):
                known = [choice.value for choice in each.choices]
                one_of = Q(pk__in=[])
                for value in chosen:
                    if known and value not in known:
                        raise BadInput(each.key, f"{value[:40]!r} is not one of {', '.join(known)}.")
                    one_of |= each.condition(value)
                rows = rows.filter(one_of)
        if self.order and not question.sort:
            return rows.order_by(*self.order, "pk")
        return rows.order_by(*self._order(question.sort or self.sort), "pk")

    def _order(self, sort: str) -> list[OrderBy]:
        if not sort:
            return []
        key, down = sort.removeprefix("-"), sort.startswith("-")
        if not any(column.key == key and column.sorts for column in self.columns):
            raise BadInput("sort", f"{key[:40]!r} is not a column that can be sorted by.")
        # What is not known comes last either way: databases differ in where they put NULL.
        return [F(key).desc(nulls_last=True) if down else F(key).asc(nulls_last=True)]

    def shown(self, question: Question) -> list[Column]:
        """The columns to show: those chosen, else the usual ones."""
        chosen = [column for key in question.columns for column in self.columns if column.key == key]
        return chosen or [column for column in self.columns if column.shown]

    def stream(self, rows: QuerySet[M], question: Question) -> Iterable[Any]:
        """All rows that fit, in order, as they are shown."""
        return self.fit(rows, question).iterator(2000)

    def export(self, rows: QuerySet[M], question: Question) -> Table:
        """Every row that fits, with every column, or those chosen."""
        columns = self.shown(question) if question.columns else list(self.columns)
        cells: list[Sequence[Cell]] = [
            [column.amount(row) if column.kind is Kind.MONEY else column.value(row) for column in columns]
            for row in self.stream(rows, question)
        ]
        times = frozenset(column.title for column in columns if column.kind in (Kind.TIME, Kind.DAY))
        return Table([column.title for column in columns], cells, times)


def to_table(rows: QuerySet[Any], columns: Mapping[str, str], times: Iterable[str] = ()) -> Table:
    """Rows with the columns that a command promises, each with the field that it shows."""
    return Table(tuple(columns), list(rows.values_list(*columns.values())), frozenset(times))


@dataclass(frozen=True)  # with slots, Python 3.11 fails on Answer[Model](…)
class Answer(Generic[M]):
    """A page of rows, and how many there are in all."""

    listing: Listing[M]
    question: Question
    total: int
    rows: list[M]

    @property
    def columns(self) -> list[Column]:
        return self.listing.shown(self.question)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.question.size))
