"""A vendor as small as one can be: its tenant is a JSON file with people and their plans; nobody can see any use.

What is here is all that a vendor needs: a table of products, a form, a guide, and a connector that reads a roster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from seatkeeper.connectors import catalog
from seatkeeper.connectors.base import Check, Connector, RecordPage, TaskKind
from seatkeeper.connectors.products import Product, ProductData, ServicePlan, Sku, SkuKind
from seatkeeper.connectors.reach import ConnectionDetails, FormField, Guide
from seatkeeper.connectors.vendor import Pacer, Vendor
from seatkeeper.errors import BadInput, NotUnderstood, Unavailable
from seatkeeper.model import Account, BadRow, Key, Seat, Secret, to_key

CANVAS = Product(
    "paper-canvas",
    "Paper Canvas",
    "Canvas (Paper) Roster File",
    plans=(ServicePlan("draw", "DRAW", "draw", seat=True), ServicePlan("print", "PRINT", "print", seat=True)),
    skus=(
        Sku("basic", "BASIC", "Canvas Basic", SkuKind.SEAT, 1, ("draw",)),
        Sku("studio", "STUDIO", "Canvas Studio", SkuKind.SEAT, 2, ("draw", "print")),
    ),
)
DATA = ProductData("2026-08-01", "made up", (CANVAS,))
ROSTER = TaskKind("roster", "People of the file", "nobody can say who holds a seat")


class Person(msgspec.Struct):
    """A line of the file."""

    id: str
    name: str
    plans: list[str]
    blocked: bool = False


class PaperConnector(Connector):
    """Reads the file anew for each question."""

    vendor = "Paper"

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def watch(self, products: Iterable[Product], owned: Mapping[str, Sequence[str]]) -> None:
        self.skus = {sku.id: (sku, product) for product in products for sku in product.skus}
        self.data_version = f"{DATA.date} {sorted(self.skus)} {sorted(owned)}"

    def preflight(self, ticked: Collection[str] = ()) -> Iterator[Check]:
        try:
            yield Check("The file can be read", True, f"It holds {len(self._rows())} people.")
        except Unavailable as error:
            yield Check("The file can be read", False, str(error))

    def read_roster(self, link: str | None = None) -> Iterator[RecordPage[Account]]:
        page: RecordPage[Account] = RecordPage([], [])
        for row in self._rows():
            try:
                page.records.append(to_account(bytes(row)))
            except ValueError as error:
                page.bad.append(BadRow(bytes(row), str(error)))
        yield page

    def read_account(self, key: Key) -> Account | None:
        found = [row for row in self._rows() if self.to_account_key(bytes(row)) == key]
        try:
            return to_account(bytes(found[0])) if found else None
        except ValueError as error:
            raise NotUnderstood(str(error)) from None

    def to_account_key(self, raw: bytes) -> Key | None:
        try:
            return to_key(msgspec.json.decode(raw)["id"])
        except (KeyError, TypeError, ValueError):
            return None

    def read_again(self, task: TaskKind, raw: bytes) -> Account:
        return to_account(raw)

    def to_seats(self, account: Account) -> list[Seat]:
        held = [self.skus[sku] for sku in str(account.licensing or "").split() if sku in self.skus]
        return [
            Seat(account.key, to_key(sku.id), product.key, sku.kind.value, sku.title, None, "", "direct", "Active", "")
            for sku, product in held
        ]

    def _rows(self) -> list[msgspec.Raw]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[msgspec.Raw])
        except (OSError, ValueError) as error:
            raise Unavailable(f"The file could not be read: {type(error).__name__}.") from None


def to_account(raw: bytes) -> Account:
    """A line as an account. Raises ValueError with the reason."""
    person = msgspec.json.decode(raw, type=Person)
    licensing = " ".join(person.plans) or None
    fields = dict.fromkeys(Account._fields)
    told = {"key": to_key(person.id), "upn": person.name, "enabled": not person.blocked, "licensing": licensing}
    return Account(**(fields | told))  # type: ignore[arg-type]


def check_form(given: Mapping[str, str], before: ConnectionDetails | None) -> ConnectionDetails:
    path = given.get("path", "")
    if not path.endswith(".json"):
        raise BadInput("path", "give the path of a file that ends in .json.")
    if before:
        return before._replace(credential=Secret(path))
    return ConnectionDetails(Path(path).stem, credential_kind="path", credential=Secret(path))


@contextmanager
def open_file(details: ConnectionDetails, _pacer: Pacer | None) -> Iterator[PaperConnector]:
    assert details.credential is not None
    yield PaperConnector(details.credential.reveal())


PAPER = Vendor(
    key="paper",
    title="Paper",
    tasks=(ROSTER,),
    products=lambda: DATA,
    form=(FormField("path", "Roster File", "Where the file lies on the server."),),
    check_form=check_form,
    fill_form=lambda _details: {},
    open=open_file,
    guide=lambda _tasks: Guide(("Write who holds which plan into a JSON file.",)),
)


@contextmanager
def registered() -> Iterator[Vendor]:
    """One line more in the catalogue, for as long as a test needs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalog.VENDORS, PAPER.key, PAPER)
        yield PAPER


PEOPLE = """[
  {"id": "ada", "name": "ada@paper.example", "plans": ["basic"]},
  {"id": "cy", "name": "cy@paper.example", "plans": ["studio"], "blocked": true},
  {"id": "di", "name": "di@paper.example", "plans": ["basic", "studio"]},
  {"id": "hal", "name": "hal@paper.example", "plans": []}
]"""
