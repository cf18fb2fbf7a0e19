"""Reading a list of tenants to be connected: a row a tenant, its cells by the names of our fields.

A column may have been shifted, so any cell may be a secret: nothing of what stands in a file is ever quoted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from seatkeeper.errors import BadInput
from seatkeeper.tabular.lines import Lines
from seatkeeper.tabular.sheets import WIDE

HEAD: Final = 1  # the row that names the columns

# The columns with their titles, and what else they may be called; compared without case, spaces and signs.
TITLES: Final = {
    "name": "Name",
    "tenant": "Tenant",
    "client_id": "Client ID",
    "secret": "Secret",
    "secret_expires": "Secret Expires",
    "certificate": "Certificate",
    "certificate_password": "Certificate Password",
    "credential": "Credential",
    "cloud": "Cloud",
    "products": "Products",
    "tasks": "Tasks",
    "tags": "Tags",
    "threshold": "Threshold",
    "login_url": "Login URL",
    "graph_url": "Graph URL",
    "ca_file": "CA File",
}
_OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("customer", "customername", "displayname"),
    "tenant": ("tenantid", "directoryid", "domain", "defaultdomain", "primarydomain"),
    "client_id": ("applicationid", "appid"),
    "secret": ("clientsecret",),
    "secret_expires": ("clientsecretexpires", "expires"),
    "certificate": ("clientcertificate", "certificatefile"),
    "certificate_password": ("clientcertificatepassword",),
    "products": ("product",),
    "tasks": ("task", "plan"),
    "tags": ("tag",),
    "threshold": ("thresholddays", "activitythreshold"),
}


class CustomerRow(NamedTuple):
    """A row as a spreadsheet numbers it, with what stands in it; columns that are empty or missing are left out."""

    number: int
    cells: Mapping[str, str]


class Wrong(NamedTuple):
    """What is wrong in a row, and in which column."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.message}"


class CustomerList(NamedTuple):
    rows: Sequence[CustomerRow]
    wrong: Sequence[Wrong]


def to_list(lines: Lines) -> CustomerList:
    """The rows of a file, and what is wrong with their shape. Raises BadInput for columns that are not ours."""
    chosen = _choose(lines.columns)
    rows, wrong = list[CustomerRow](), list[Wrong]()
    for line in lines.rows:
        if any(cell.strip() for cell in line.cells[len(lines.columns) :]):
            wrong.append(Wrong(line.number, "the last column", WIDE))
            continue
        cells = {key: to_plain(key, line.cells[place]) for place, key in chosen.items() if place < len(line.cells)}
        rows.append(CustomerRow(line.number, {key: text for key, text in cells.items() if text}))
    return CustomerList(rows, wrong)


def _choose(head: Sequence[str]) -> dict[int, str]:
    """Which column is which of ours, by its place."""
    known = {_plain(other): key for key, title in TITLES.items() for other in (key, title, *_OTHER_NAMES.get(key, ()))}
    named = {place: known.get(_plain(name), "") for place, name in enumerate(head) if name}
    titles = ", ".join(TITLES.values())
    if unknown := [place for place, key in named.items() if not key]:
        which = f"column {unknown[0] + 1}"
        raise BadInput(
            "file", f"the name of {which} in the first row is none of these: {titles}. Correct or delete it."
        )
    if missing := [title for key, title in TITLES.items() if key in ("name", "products") and key not in named.values()]:
        raise BadInput("file", f"the first row does not name the column {missing[0]}. The columns are: {titles}.")
    for key in named.values():
        if list(named.values()).count(key) > 1:
            raise BadInput("file", f"two columns are the column {TITLES[key]}. Keep the right one.")
    return named


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def to_plain(key: str, cell: str) -> str:
    """A certificate keeps its lines; letters with signs in the one form that directories write."""
    if key in ("secret", "certificate", "certificate_password", "ca_file"):
        return cell.strip()
    return unicodedata.normalize("NFC", " ".join(cell.split()))
