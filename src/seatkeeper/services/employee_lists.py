"""Reading a list of employees from CSV: pure functions from bytes to people and what is wrong with each row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from seatkeeper.errors import BadInput

LARGEST_FILE: Final = 10 * 2**20
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 200
LONGEST_TEXT: Final = 300
LONGEST_ADDRESS: Final = 254

ENCODINGS: Final = {"": "found by itself", "utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# What each field is called in lists, the surest name first; compared without case, spaces and signs.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": (
        "email", "emailaddress", "mail", "userprincipalname", "upn", "workemail", "primaryemail", "userid", "login",
        "emailadresse", "courriel", "correo",
    ),
    "first_name": ("firstname", "givenname", "forename", "vorname", "prenom", "nombre"),
    "last_name": ("lastname", "surname", "familyname", "nachname", "nom", "apellido", "apellidos"),
    "active": ("active", "status", "employmentstatus", "isactive", "enabled", "employeestatus", "aktiv", "actif"),
    "department": ("department", "dept", "team", "abteilung", "departement", "service", "departamento"),
    "location": ("location", "site", "office", "country", "city", "standort", "ort", "lieu", "pays"),
    "cost_center": ("costcenter", "costcentre", "kostenstelle", "centredecout", "costcentercode"),
}  # fmt: skip
TITLES: Final = {
    "email": "Email", "first_name": "First name", "last_name": "Last name", "active": "Works here",
    "department": "Department", "location": "Location", "cost_center": "Cost center",
}  # fmt: skip

_WORKS_HERE: Final = (
    "yes y true t 1 x active enabled employed current working onleave leave parental present hired "
    "ja wahr aktiv beschäftigt oui vrai actif si sí verdadero activo sim ativo"
)
_HAS_LEFT: Final = (
    "no n false f 0 inactive disabled terminated left former leaver resigned retired dismissed deactivated ended "
    "nein falsch inaktiv ausgeschieden non faux inactif falso inactivo não nao inativo"
)
_YES: Final = frozenset(_WORKS_HERE.split())
_NO: Final = frozenset(_HAS_LEFT.split())
_ADDRESS: Final = re.compile(r"[^\s@<>\"'(),:;\[\]\\]+@[^\s@<>\"'(),:;\[\]\\]+")


class Person(NamedTuple):
    """A row that is understood."""

    email: str
    first_name: str = ""
    last_name: str = ""
    active: bool = True
    department: str = ""
    location: str = ""
    cost_center: str = ""


class Wrong(NamedTuple):
    """What is wrong in a row, as a spreadsheet numbers them: the head is row 1."""

    row: int
    field: str
    message: str


@dataclass(slots=True)
class EmployeeList:
    """A file as it was read: its head, the first rows as they came, the people in it, and what is wrong."""

    columns: list[str]
    mapping: dict[str, int]
    first: list[Person] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    rows: int = 0


def read_list(data: bytes, encoding: str = "", mapping: Mapping[str, int] | None = None) -> EmployeeList:
    """The whole file. Raises BadInput for one that is no list at all; what is wrong in a row is in the answer."""
    rows = _to_rows(_decode(data, encoding))
    head = next(rows, [])
    if not any(name.strip() for name in head):
        raise BadInput("file", "The file is empty. Its first row must name the columns.")
    if len(head) > MOST_COLUMNS:
        raise BadInput("file", f"The file has more than {MOST_COLUMNS} columns.")
    found = EmployeeList([name.strip()[:100] for name in head], _check_mapping(head, mapping))
    numbers: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        if any(cell.strip() for cell in row):
            _take(found, numbers, number, row)
    return found


def guess(head: Sequence[str]) -> dict[str, int]:
    """Which column is which field, by what people call them."""
    names = [re.sub(r"[\W_]+", "", _unaccented(name)) for name in head]
    chosen: dict[str, int] = {}
    for key, known in FIELDS.items():
        place = next((names.index(name) for name in known if name in names), None)
        if place is not None and place not in chosen.values():
            chosen[key] = place
    return chosen


def _unaccented(text: str) -> str:
    return text.casefold().translate(str.maketrans("éèêàâçôûüöä", "eeeaacouuoa"))


def _decode(data: bytes, encoding: str) -> str:
    if encoding not in ENCODINGS:
        raise BadInput("encoding", f"Choose one of: {', '.join(ENCODINGS.values())}.")
    if len(data) > LARGEST_FILE:
        raise BadInput("file", f"The file is larger than {LARGEST_FILE >> 20} MB.")
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    try:
        text = data.decode(encoding or marked or "utf-8")
    except UnicodeDecodeError:
        raise BadInput(
            "encoding", "The file is written in another encoding. Choose it: Excel's is Windows-1252."
        ) from None
    return text.removeprefix("\ufeff")


def _to_rows(text: str) -> Iterator[list[str]]:
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except csv.Error as error:
        raise BadInput("file", f"The file is not CSV: {error}.") from None


def _check_mapping(head: Sequence[str], mapping: Mapping[str, int] | None) -> dict[str, int]:
    if mapping is None:
        return guess(head)
    for key, place in mapping.items():
        if key not in FIELDS or not 0 <= place < len(head):
            raise BadInput(key, "There is no such column.")
    return dict(mapping)


def _take(found: EmployeeList, numbers: dict[str, int], number: int, row: Sequence[str]) -> None:
    found.rows += 1
    if found.rows > MOST_ROWS:
        raise BadInput("file", f"The file has more than {MOST_ROWS:,} rows.")
    cells = {key: " ".join(row[place].split()) if place < len(row) else "" for key, place in found.mapping.items()}
    wrong = [Wrong(number, TITLES[key], problem) for key in cells if (problem := _problem(key, cells[key]))]
    if "email" not in cells:
        wrong.append(Wrong(number, TITLES["email"], "No column is chosen for it."))
    email = cells.get("email", "").lower()
    if not wrong and email in numbers:
        wrong.append(Wrong(number, TITLES["email"], f"The same address is in row {numbers[email]}."))
    person = Person(
        email=email,
        active=_to_flag(cells.get("active", "yes")) is not False,
        **{key: text for key, text in cells.items() if key not in ("email", "active")},
    )
    if len(found.first) < 20:
        found.first.append(person)
    found.wrong += wrong
    if not wrong:
        numbers[email] = number
        found.people[email] = person


def _problem(key: str, text: str) -> str:
    if not text.isprintable():
        return "It has a sign that cannot be shown."
    if len(text) > (LONGEST_ADDRESS if key == "email" else LONGEST_TEXT):
        return "It is too long."
    if key == "email" and not _ADDRESS.fullmatch(text):
        return "It is empty." if not text else f"{text[:60]!r} is not an address."
    if key == "active" and _to_flag(text) is None:
        return "It is empty. Write yes or no." if not text else f"{text[:60]!r} is neither yes nor no."
    return ""


def _to_flag(text: str) -> bool | None:
    """Whether somebody works there, in the words of many lists; None for a word we do not know."""
    word = re.sub(r"[\W_]+", "", text.casefold())
    return True if word in _YES else False if word in _NO else None
