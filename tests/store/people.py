"""People with stories, as the vendor would send them."""

from __future__ import annotations

from typing import Any

from seatkeeper.model import Account, Key, Seat, SignIn, Subscription, to_key
from seatkeeper.store import bulk
from seatkeeper.store import models as tables

NOW = 17_800_000_000_000_000
DESKTOP = to_key("53818b1b-4a27-454b-8896-0dba576410e6")
PREMIUM = to_key("0c266dff-15dd-4b49-8397-2bb16070ed52")
PROJECT = "microsoft-project"
WEB = "f53895d3-095d-408f-8e93-8f94b391404e"
CLIENT = "1b730954-1685-4b74-9bfd-dac224a7b894"

ADA = to_key("a0000000-0000-4000-8000-00000000000a")  # holds a seat and uses it
BO = to_key("b0000000-0000-4000-8000-00000000000b")  # left the company
CY = to_key("c0000000-0000-4000-8000-00000000000c")  # joined later
GUEST = to_key("not-a-guid_guest#EXT#")  # an account from another vendor, whose ids are not GUIDs


def person(key: Key, name: str, **changes: Any) -> Account:
    upn = f"{name.lower()}@contoso.com"
    plain = Account(key, upn, upn, name, "Example", f"{name} Example", True, "Member", NOW, "Works", "DE", None)
    return plain._replace(**changes)


def seat(account: Key, sku: Key = DESKTOP, **changes: Any) -> Seat:
    plain = Seat(account, sku, PROJECT, "seat", "PROJECT_P1", NOW, "plan assigned", "direct", "Active", "None")
    return plain._replace(**changes)


def sign_in(number: int, account: Key = ADA, app: str = WEB, error_code: int = 0) -> SignIn:
    return SignIn(number.to_bytes(16, "big"), account, app, NOW + number, error_code, "ada@contoso.com")


def subscription(sku: Key = DESKTOP, **changes: Any) -> Subscription:
    return Subscription(sku, "PROJECTPROFESSIONAL", "Enabled", 25, 0, 0, 0, 12, "plan-1,plan-2")._replace(**changes)


def read_accounts(connection_id: int, generation: int) -> dict[Key, Account]:
    """What a reader at a published generation sees."""
    rows = tables.Account.objects.filter(connection_id=connection_id, since__lte=generation, until__gt=generation)
    found = {bytes(row[0]): Account(bytes(row[0]), *row[1:]) for row in rows.values_list(*Account._fields)}
    assert len(found) == len(rows), "an account has two versions in one generation"
    return found


def read_seats(connection_id: int, generation: int) -> set[tuple[Key, Key]]:
    rows = tables.Seat.objects.filter(connection_id=connection_id, since__lte=generation, until__gt=generation)
    return {(bytes(account), bytes(sku)) for account, sku in rows.values_list("account", "sku")}


def ids(connection_id: int, *keys: Key) -> list[int]:
    """Row ids of current versions."""
    return [row for row, _, _ in bulk.list_current_accounts(connection_id, keys, 2**30).values()]
