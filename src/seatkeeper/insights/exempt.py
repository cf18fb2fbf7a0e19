"""Which findings are excepted: about a person, a SKU or a department, one insight or all, until a day or for good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from seatkeeper.insights.base import Finding
from seatkeeper.model import Instant, to_id

SCOPES: Final = ("person", "sku", "department")


class ExceptionRule(NamedTuple):
    """What is excepted: `value` is an account's id, a part number, or a department; an empty `finding` is every one."""

    finding: str
    scope: str
    value: str
    until: Instant | None


def _fold(scope: str, value: str) -> str:
    """Departments and part numbers are typed by people: spaces around them and capitals make no other one."""
    return value if scope == "person" else value.strip().casefold()


class ExceptionRules:
    """Those that hold at a moment, by what they say: many findings are asked about."""

    def __init__(self, some: Iterable[ExceptionRule], now: Instant) -> None:
        self._said = {(e.finding, e.scope, _fold(e.scope, e.value)) for e in some if e.until is None or e.until > now}

    def __bool__(self) -> bool:
        return bool(self._said)

    def cover(self, found: Finding, department: str) -> bool:
        """Whether the finding is excepted. One about several SKUs is only when each of them is."""
        return bool(self) and all(self.cover_seat(found, department, number) for number in set(found.part_numbers))

    def cover_seat(self, found: Finding, department: str, part_number: str) -> bool:
        """Whether a seat that the finding is about is excepted."""
        if not self:
            return False
        if found.account is not None and self._says(found.key, "person", to_id(found.account)):
            return True
        if department and self._says(found.key, "department", _fold("department", department)):
            return True
        return self._says(found.key, "sku", _fold("sku", part_number))

    def _says(self, key: str, scope: str, value: str) -> bool:
        return (key, scope, value) in self._said or ("", scope, value) in self._said
