"""Everything in the database that is sealed: what each key opens, sealing it anew, forgetting what nothing opens."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from allauth.mfa.models import Authenticator
from django.db import models, transaction

from seatkeeper.errors import BadSetting
from seatkeeper.store import keyring, seal
from seatkeeper.store.models import AppRegistration, Connection, NoticeTarget
from seatkeeper.store.models.connections import Door

PORTION: Final = 50  # rows of one transaction

Change = Callable[[bytes, tuple[int, int, str]], bytes]


class Table(NamedTuple):
    """A table with sealed fields: how to list the blobs of a row, and to put others in their places."""

    title: str
    rows: Callable[[], models.QuerySet[Any]]
    blobs: Callable[[Any], list[bytes]]
    change: Callable[[Any, Change], None]
    forget: Callable[[Any], None]
    fields: tuple[str, ...]


def _blobs_of_target(row: NoticeTarget) -> list[bytes]:
    return [bytes(blob) for blob in (row.address, row.secret) if blob]


def _change_door(row: Door, change: Change) -> None:
    row.credential = change(bytes(row.credential), (row.organization_id, row.pk, row.sealed_as))


def _change_target(row: NoticeTarget, change: Change) -> None:
    for name in ("address", "secret"):
        if blob := bytes(getattr(row, name)):
            setattr(row, name, change(blob, (row.organization_id, row.pk, f"notice target {name}")))


def _change_factor(row: Authenticator, change: Change) -> None:
    for name, text in row.data.items():
        if name in _FACTOR_FIELDS and isinstance(text, str):
            blob = change(base64.b64decode(text), (0, 0, "second factor"))
            row.data[name] = base64.b64encode(blob).decode()


def _forget_door(row: Door) -> None:
    row.credential, row.credential_expires = b"", None
    row.save(update_fields=["credential", "credential_expires"])


def _forget_target(row: NoticeTarget) -> None:
    row.address, row.secret, row.active = b"", b"", False
    row.trouble = "Its address was sealed with a key that is lost. Edit it and give it again."
    row.save(update_fields=["address", "secret", "active", "trouble"])


def _forget_factor(row: Authenticator) -> None:
    row.delete()


_FACTOR_FIELDS: Final = ("secret", "seed")  # of one-time codes and of recovery codes; a passkey has no secret
TABLES: Final = (
    Table(
        "credentials", lambda: Connection.objects.exclude(credential=b""), lambda row: [bytes(row.credential)],
        _change_door, _forget_door, ("credential",),
    ),
    Table(
        "app registrations", lambda: AppRegistration.objects.exclude(credential=b""),
        lambda row: [bytes(row.credential)], _change_door, _forget_door, ("credential",),
    ),
    Table(
        "notice targets", lambda: NoticeTarget.objects.exclude(address=b""), _blobs_of_target,
        _change_target, _forget_target, ("address", "secret"),
    ),
    Table(
        "second factors", lambda: Authenticator.objects.filter(type__in=("totp", "recovery_codes")),
        lambda row: [base64.b64decode(row.data[name]) for name in _FACTOR_FIELDS if name in row.data],
        _change_factor, _forget_factor, ("data",),
    ),
)  # fmt: skip


def count_by_key() -> Counter[bytes]:
    """How many fields are sealed with each key, by its id."""
    return Counter(seal.id_of(blob) for table in TABLES for row in table.rows().iterator() for blob in table.blobs(row))


def count_unopened() -> dict[str, int]:
    """How many rows of each table hold what no key at hand can open; only tables that have any."""
    counts = {table.title: sum(1 for _ in _list_unopened(table)) for table in TABLES}
    return {title: count for title, count in counts.items() if count}


def seal_anew() -> int:
    """Seal with the key in use whatever another key at hand has sealed, and say how many rows that were.

    In small transactions, so that nobody waits and a kill loses nothing: the next call goes on.
    """
    current, done = keyring.list_keys()[0].id, 0

    def change(blob: bytes, place: tuple[int, int, str]) -> bytes:
        return seal.seal(seal.open_sealed(blob, *place).reveal(), *place)

    for table in TABLES:
        todo = [row.pk for row in table.rows().iterator() if any(seal.id_of(b) != current for b in table.blobs(row))]
        for start in range(0, len(todo), PORTION):
            with transaction.atomic():
                for row in table.rows().select_for_update().filter(pk__in=todo[start : start + PORTION]).order_by("pk"):
                    try:
                        table.change(row, change)
                    except BadSetting:
                        continue  # damaged, or of a key that is not at hand: `seatkeeper check` names it
                    row.save(update_fields=table.fields)
                    done += 1
    return done


def forget_unopened() -> dict[str, int]:
    """Give up what no key at hand opens, in one transaction: whose it was has to give it again."""
    with transaction.atomic():
        counts = count_unopened()
        for table in TABLES:
            for row in list(_list_unopened(table)):
                table.forget(row)
    return counts


def _list_unopened(table: Table) -> Iterator[Any]:
    known = {key.id for key in keyring.list_keys()}
    return (row for row in table.rows().iterator() if any(seal.id_of(blob) not in known for blob in table.blobs(row)))
