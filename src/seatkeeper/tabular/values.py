"""What amounts and days mean in a column: what can be read in two ways is decided by its other cells, or refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

_PLAIN: Final = re.compile(r"-?[0-9]+")
_NUMERIC: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_GROUPED: Final = re.compile(r"-?[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})*(?:([.,])([0-9]+))?")
_ONE_SIGN: Final = re.compile(r"-?([0-9]*)([.,])([0-9]+)")
_SPACES: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'"})
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_YEAR_LAST: Final = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_CLOCK: Final = re.compile(
    r"[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?[AP]M)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?", re.I
)


class Numeric(str):
    """A cell that is a number in its workbook: the text is ours, with a point and no thousands."""

    __slots__ = ()


class Unclear(NamedTuple):
    """Why a cell is not taken, in words that follow its value."""

    why: str


def read_amounts(cells: Sequence[str]) -> list[Decimal | Unclear | None]:
    """The amounts of a column; None for an empty cell.

    1,250 is 1250 or 1.25 by the country. It is read as the column's other cells show: 28,10 or 1.250,00 is written
    with a decimal comma, 28.10 or 1,250.00 with a point. Where they show nothing, or both, it is unclear.
    """
    plain = [cell if isinstance(cell, Numeric) else " ".join(cell.translate(_SPACES).split()) for cell in cells]
    signs = {sign for cell in plain if not isinstance(cell, Numeric) and (sign := _decimal_sign(cell))}
    sign = signs.pop() if len(signs) == 1 else ""
    return [_read_amount(cell, sign) for cell in plain]


def _decimal_sign(cell: str) -> str:
    """The sign before the decimals, where the cell can be read in one way only."""
    if grouped := _GROUPED.fullmatch(cell):
        thousands, decimals, _digits = grouped.groups()
        if thousands == decimals:
            return ""
        if decimals:
            return str(decimals)
        if cell.count(thousands) > 1 and thousands in ".,":
            return "," if thousands == "." else "."
    one = _ONE_SIGN.fullmatch(cell)
    return one[2] if one and not _is_unclear(one) else ""


def _is_unclear(one: re.Match[str]) -> bool:
    """1,250 and 12.500: as many digits as thousands have, and no more than three before them, the first not zero."""
    whole, _sign, rest = one.groups()
    return len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")


def _read_amount(cell: str, sign: str) -> Decimal | Unclear | None:
    if not cell:
        return None
    if isinstance(cell, Numeric):
        return Decimal(cell) if _NUMERIC.fullmatch(cell) else Unclear("is not an amount such as 28.10.")
    if _PLAIN.fullmatch(cell):
        return Decimal(cell)
    one = _ONE_SIGN.fullmatch(cell)
    if one and _is_unclear(one) and not sign:
        whole, _sign, rest = one.groups()
        minus = "-" * cell.startswith("-")
        return Unclear(
            f"can be read in two ways. Write {minus}{whole}{rest} or {minus}{whole}.{rest.rstrip('0') or '0'}, "
            "or all amounts of the column with two decimals."
        )
    if one and (not _is_unclear(one) or one[2] == sign):
        return Decimal(cell.replace(",", "."))
    if (grouped := _GROUPED.fullmatch(cell)) and grouped[1] != grouped[2]:
        whole = cell.rpartition(grouped[2])[0] if grouped[2] else cell
        return Decimal(re.sub(r"[.,' ]", "", whole) + (f".{grouped[3]}" if grouped[2] else ""))
    return Unclear("is not an amount such as 28.10.")


def read_days(cells: Sequence[str]) -> list[date | Unclear | None]:
    """The days of a column; None for an empty cell. A time behind the day is left out.

    03/04/2026 is in March or April by the country. It is read as the column's other cells show; where they show
    nothing, or both, it is unclear. With points, the day comes first everywhere.
    """
    plain = [_CLOCK.sub("", " ".join(cell.split())) for cell in cells]
    orders = {order for cell in plain if (order := _order(cell))}
    order = orders.pop() if len(orders) == 1 else ""
    return [_read_day(cell, order) for cell in plain]


def _order(cell: str) -> str:
    """day-month or month-day, where the cell can be read in one way only."""
    found = _YEAR_LAST.fullmatch(cell)
    if not found or found[2] == ".":
        return ""
    first, second = int(found[1]), int(found[3])
    return "day-month" if first > 12 >= second else "month-day" if second > 12 >= first else ""


def _read_day(cell: str, order: str) -> date | Unclear | None:
    if not cell:
        return None
    try:
        if found := _YEAR_FIRST.fullmatch(cell):
            return date(int(found[1]), int(found[3]), int(found[4]))
        if found := _YEAR_LAST.fullmatch(cell):
            first, second, year = int(found[1]), int(found[3]), int(found[4])
            own = "day-month" if found[2] == "." or first == second else _order(cell) or order
            if own:
                return date(year, second, first) if own == "day-month" else date(year, first, second)
            if first <= 12 and second <= 12:
                return Unclear(
                    f"can be read in two ways. Write {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}."
                )
    except ValueError:
        pass
    return Unclear("is not a day such as 2026-08-01.")
