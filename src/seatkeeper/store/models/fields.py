"""Column types that the bulk tables need and Django does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from seatkeeper.amounts import Money
from seatkeeper.store.models.connections import Connection

if TYPE_CHECKING:
    _MoneyText = models.TextField[Money, Money]
else:
    _MoneyText = models.TextField


class RowId(models.BigAutoField):  # type: ignore[type-arg]  # it takes none at run time
    """A row's number, without SQLite's AUTOINCREMENT.

    AUTOINCREMENT writes a second table with each row, to promise that the number of a deleted row never comes
    back. Nothing outside these tables refers to their rows by number, so we do not pay for that promise.
    """

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str | None:
        return None if connection.vendor == "sqlite" else super().db_type_suffix(connection)


class MoneyField(_MoneyText):
    """What something costs a year: `Money` in Python, JSON by currency in the database."""

    def from_db_value(self, value: str | None, *_: object) -> Money:
        return Money.read(value or "")

    def get_prep_value(self, value: Any) -> Any:
        return value.write() if isinstance(value, Money) else super().get_prep_value(value)


def bulk_connection(**options: Any) -> models.ForeignKey[Connection, Connection]:
    """The connection a bulk row belongs to, without a constraint and an index of its own.

    The database would look the connection up anew for each of its million rows, and every index of these tables
    begins with the connection already. Deleting a connection deletes its rows too: Django does that.
    """
    return models.ForeignKey(
        Connection,
        models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="The connection that these rows were read with.",
        **options,
    )
