"""Many tenants at once, from a file or over REST: each row is checked, and what is right is added in one step.

Nothing here asks the vendor, and nothing is added while a row is wrong, unless somebody asks for the good rows alone.
Any cell may be a secret that stands in the wrong column, so no message and no preview shows what a wrong row holds.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.db import transaction

from seatkeeper.errors import BadInput, ChangedMeanwhile, Problem, Refusals
from seatkeeper.jobs import joining
from seatkeeper.jobs.joining import Customer
from seatkeeper.services import additions, app_registrations, applications, audit, consent_links, tenants, uploads
from seatkeeper.services.application_input import check_tags, check_tasks, check_threshold
from seatkeeper.services.consent_links import NewLink, check_customer
from seatkeeper.services.credential_files import read_credential_file
from seatkeeper.services.members import May, Who
from seatkeeper.store import seal
from seatkeeper.store.models import AppRegistration, Connection, ConsentLink
from seatkeeper.sync.vendors import FEDERATED, ConnectionDetails, Vendor, find_product
from seatkeeper.tabular.customer_lists import TITLES, CustomerRow, Wrong, to_list, to_plain
from seatkeeper.tabular.sheets import ENCODINGS, read_lines
from seatkeeper.tabular.sheets import LARGEST as LARGEST_FILE

__all__ = ["ENCODINGS", "LARGEST_FILE", "TITLES", "CustomerRow"]

MOST_ROWS: Final = 5_000
CONSENT: Final = "consent"  # the credential of a tenant whose administrator is sent a link
CREDENTIALS: Final = ("secret", "certificate", FEDERATED, CONSENT)
_FIELDS: Final = {  # of the vendor's form, by our columns
    "tenant": "tenant_id", "client_id": "client_id", "secret": "client_secret", "cloud": "cloud",
    "secret_expires": "client_secret_expires", "certificate": "client_certificate",
    "certificate_password": "client_certificate_password", "login_url": "login_url", "graph_url": "graph_url",
    "ca_file": "ca_file",
}  # fmt: skip
_COLUMNS: Final = {value: key for key, value in _FIELDS.items()} | {"customer": "name", "threshold_days": "threshold"}
_PATH_HERE: Final = (
    "give the certificate with its key as PEM text in the cell itself. A file is read at the command line alone."
)
_SEALED: Final = "list of tenants"


class Good(NamedTuple):
    """A row that is right: what a preview shows of it, and the one of the last two that it adds."""

    number: int
    name: str
    tenant: str
    credential: str
    products: str
    tags: str
    customer: Customer | None = None
    link: ConsentLink | None = None


@dataclass
class Preview:
    """What a list would add, and everything that is wrong in it."""

    rows: int
    good: list[Good] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        return len({wrong.row for wrong in self.wrong})


class Added(NamedTuple):
    connections: Sequence[Connection]
    links: Sequence[ConsentLink]

    @property
    def words(self) -> str:
        tenants, links = len(self.connections), len(self.links)
        told = [f"{tenants:,} tenant{'' if tenants == 1 else 's'} added"] if tenants or not links else []
        return " and ".join(told + ([f"{links:,} link{'' if links == 1 else 's'} for consent made"] if links else []))


def keep_upload(who: Who, data: bytes) -> str:
    """Keep the file for the preview, sealed: it holds secrets. The returned name finds it again."""
    who.require(May.APPLICATIONS)
    if len(data) > LARGEST_FILE:
        raise BadInput("file", f"The file is larger than {LARGEST_FILE >> 20} MB.")
    sealed = seal.seal(b64encode(data).decode(), who.organization_id, who.member_id or 0, _SEALED)
    return uploads.keep(who, sealed, 2 * LARGEST_FILE)


def preview_upload(who: Who, name: str, encoding: str = "") -> Preview:
    """What a file that was kept would add."""
    who.require(May.APPLICATIONS)
    text = seal.open_sealed(uploads.read(who, name), who.organization_id, who.member_id or 0, _SEALED)
    return preview_file(who, b64decode(text.reveal()), "The file", encoding)


def preview_file(who: Who, body: bytes, name: str, encoding: str = "", folder: Path | None = None) -> Preview:
    """What a file would add; files that its rows name are read from the folder, if there is one.

    Raises BadInput for a file that is no such list; what is wrong in a row is in the answer.
    """
    who.require(May.APPLICATIONS)
    found = to_list(read_lines(body, name, encoding))
    return preview_rows(who, found.rows, found.wrong, folder)


def to_rows(told: Sequence[Mapping[str, str]]) -> list[CustomerRow]:
    """Rows that were given by the names of our columns, the first of them row 1. Raises BadInput for other names."""
    if unknown := next((number for number, row in enumerate(told, start=1) if row.keys() - TITLES.keys()), 0):
        raise BadInput("rows", f"row {unknown} has a name that is no column. The columns are: {', '.join(TITLES)}.")
    filled = ({key: to_plain(key, text) for key, text in row.items()} for row in told)
    return [
        CustomerRow(number, {key: text for key, text in row.items() if text})
        for number, row in enumerate(filled, start=1)
    ]


def preview_rows(
    who: Who, rows: Sequence[CustomerRow], wrong: Sequence[Wrong] = (), folder: Path | None = None
) -> Preview:
    """The same of rows that were given without a file; `wrong` are others that could not be read."""
    who.require(May.APPLICATIONS)
    preview = Preview(len(rows) + len(wrong), wrong=[*wrong])
    if not preview.rows:
        raise BadInput("file", "There is no row with a tenant.")
    if preview.rows > MOST_ROWS:
        raise BadInput("file", f"There are more than {MOST_ROWS:,} rows. Split the list.")
    checker = _Checker(who, folder)
    for row in rows:
        try:
            preview.good.append(checker.check(row))
        except BadInput as error:
            preview.wrong += [_to_wrong(row, problem) for problem in error.problems]
    preview.wrong.sort()
    return preview


def add(who: Who, preview: Preview, *, only_good: bool = False) -> Added:
    """Add what a preview has found right, all of it or nothing.

    Raises BadInput while a row is wrong, unless the good ones alone are asked for, and ChangedMeanwhile.
    """
    who.require(May.APPLICATIONS)
    if not preview.good or (preview.wrong and not only_good):
        told = "No row is right" if not preview.good else f"{preview.left_out:,} of {preview.rows:,} rows are wrong"
        raise BadInput("file", f"{told}, so nothing was added.")
    customers = [good.customer for good in preview.good if good.customer]
    links = [good.link for good in preview.good if good.link]
    with transaction.atomic():
        applications.alone(who)
        known = _known_tenants(who)
        if any({each.details.tenant_id, each.details.directory_id} & known.keys() for each in customers):
            raise ChangedMeanwhile("A tenant of the list was added meanwhile, so nothing was. Look at the list again.")
        made = joining.connect(who.organization_id, app_registrations.vendor().key, customers, who.name)
        ConsentLink.objects.bulk_create(links, batch_size=500)
        added = Added(made, links)
        audit.record(who, "connection.imported", added.words, f"{preview.left_out:,} rows left out")
    return added


def forget_upload(who: Who, name: str) -> None:
    who.require(May.APPLICATIONS)
    uploads.forget(who, name)


def _known_tenants(who: Who) -> dict[str, str]:
    """The tenants that are read already, by every name and id, each with a name to call it by."""
    rows = Connection.objects.of(who).values_list("tenant_id", "directory_id")
    return {key: tenant for tenant, directory in rows for key in (tenant, directory) if key}


class _Checker:
    """Checks row after row, each by what is stored and by the rows before it."""

    def __init__(self, who: Who, folder: Path | None) -> None:
        self._who, self._folder = who, folder
        self._vendor: Vendor = app_registrations.vendor()
        self._registration: AppRegistration | None = app_registrations.find(who)
        self._known = _known_tenants(who)
        self._first: dict[tuple[str, str], int] = {}  # the row in which a name or tenant came first

    def check(self, row: CustomerRow) -> Good:
        """Raises BadInput with all that is wrong in the row."""
        cells, refusals = row.cells, Refusals()
        kind = refusals.check(_find_kind, cells)
        threshold = refusals.check(_to_threshold, cells.get("threshold", "60")) or 60
        products, tasks, tags = (_split(cells, column) for column in ("products", "tasks", "tags"))
        new = NewLink(cells.get("name", ""), cells.get("tenant", ""), products, tasks, ", ".join(tags), threshold)
        customer: Customer | None = None
        link: ConsentLink | None = None
        if kind == CONSENT:
            link = refusals.check(self._to_link, new)
        else:
            customer = refusals.check(self._to_customer, new, cells, kind)
        tenant = customer.details.tenant_id if customer else link.tenant_id if link else ""
        refusals.check(self._refuse_twice, row.number, " ".join(new.customer.split()), tenant)
        refusals.end()
        titles = ", ".join(find_product(key).title for key in products)
        name = " ".join(new.customer.split())
        return Good(row.number, name, tenant or "any", kind, titles, new.tags, customer, link)

    def _to_link(self, new: NewLink) -> ConsentLink:
        if self._registration is None:
            raise BadInput("credential", "the organization keeps no app registration that anybody could consent to.")
        return consent_links.check(self._who, new, self._registration)

    def _to_customer(self, new: NewLink, cells: Mapping[str, str], kind: str) -> Customer:
        refusals = Refusals()
        name = refusals.check(check_customer, new.customer)
        products = refusals.check(additions.choose, new.products, self._vendor.products().products) or []
        tasks = refusals.check(check_tasks, new.tasks, self._vendor.tasks) or []
        tags = refusals.check(check_tags, new.tags) or ""
        details = refusals.check(self._check_details, cells, kind)
        refusals.end()
        return Customer(name or "", details, [each.key for each in products], tasks, tags, new.threshold_days)

    def _check_details(self, cells: Mapping[str, str], kind: str) -> ConnectionDetails:
        typed = {_FIELDS[key]: text for key, text in cells.items() if key in _FIELDS}
        if kind == FEDERATED:
            typed["credential"] = FEDERATED
        if "client_certificate" in typed:
            typed["client_certificate"] = self._read_certificate(typed["client_certificate"])
        return tenants.check_details(self._who, self._vendor, typed, None)

    def _read_certificate(self, cell: str) -> str:
        """What stands in the cell, or in the file that it names."""
        if cell.startswith("-----BEGIN "):
            return cell
        if self._folder is None:
            raise BadInput("client_certificate", _PATH_HERE)
        try:
            return read_credential_file(self._folder / cell, "client_certificate", binary=True)
        except BadInput:
            told = "the file that is named here cannot be read. Give its path from the folder of the list."
            raise BadInput("client_certificate", told) from None

    def _refuse_twice(self, number: int, name: str, tenant: str) -> None:
        for column, text in (("tenant", tenant), ("name", name.casefold())):
            first = self._first.setdefault((column, text), number) if text else number
            if first != number:
                raise BadInput(column, f"the same {column} is in row {first}.")
        if tenant in self._known:
            raise BadInput("tenant", "this tenant is read already. Add products on its page.")


def _find_kind(cells: Mapping[str, str]) -> str:
    """What the tenant is signed in to with. Raises BadInput where nobody can tell."""
    told = cells.get("credential", "").casefold()
    if told not in ("", *CREDENTIALS):
        raise BadInput("credential", f"it is none of {', '.join(CREDENTIALS)}. Leave it empty for a secret.")
    given = [key for key in ("secret", "certificate") if cells.get(key)]
    if told == CONSENT and (given or cells.get("client_id")):
        raise BadInput("credential", "whoever consents needs none. Leave client ID, secret and certificate empty.")
    if told in ("secret", "certificate") and given != [told]:
        raise BadInput(told, f"give the {told}, and no other credential.")
    if not told and not given:
        raise BadInput("credential", "give a secret or a certificate, or write federated or consent here.")
    return told or given[0]


def _split(cells: Mapping[str, str], column: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;|]", cells.get(column, "")) if part.strip()]


def _to_threshold(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise BadInput("threshold", "it is not a number of days.")
    return check_threshold(int(text))


def _to_wrong(row: CustomerRow, problem: Problem) -> Wrong:
    """In the words of the columns, and without what stands in any of the row's cells."""
    message = problem.sentence
    parts: Iterable[Any] = {part for key, text in row.cells.items() for part in (text, *_split({key: text}, key))}
    for text in sorted(parts, key=len, reverse=True):
        for shown in (text, text[:80], text[:40]):
            message = message.replace(repr(shown), "It" if message.startswith(repr(shown)) else "it")
            message = message.replace(repr(shown.lower()), "It" if message.startswith(repr(shown.lower())) else "it")
    column = _COLUMNS.get(problem.field, problem.field)
    return Wrong(row.number, TITLES.get(column, column), message)
