"""Reading a list of employees: the people in the lines of a file, and what is wrong with each row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from seatkeeper.errors import BadInput
from seatkeeper.tabular.lines import Line, Lines
from seatkeeper.tabular.sheets import WIDE, is_nobody, say_taken

HEAD: Final = 1  # the row that names the columns
LONGEST_TEXT: Final = 300
LONGEST_ADDRESS: Final = 320  # 64 before the sign, 255 behind it

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
# What a directory takes as an address is its business; here it must only be one, alone in its cell.
_ADDRESS: Final = re.compile(r'[^\s@<>"(),:;\[\]\\]+@[^\s@<>"(),:;\[\]\\]+')


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
    encoding: str = ""
    first: list[Person] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    rows: int = 0

    @property
    def taken(self) -> str:
        """How many of the rows are taken, and how a text file without a mark was read."""
        note = " The file was read as Windows-1252." if self.encoding == "cp1252" else ""
        return say_taken(len(self.people), self.rows) + note


def to_list(lines: Lines, mapping: Mapping[str, int] | None = None) -> EmployeeList:
    """The people of a file. Raises BadInput for a column that is not there; what is wrong in a row is in the answer."""
    for key, place in (mapping or {}).items():
        if key not in FIELDS or not 0 <= place < len(lines.columns):
            raise BadInput(key, "There is no such column.")
    chosen = guess(lines.columns) if mapping is None else dict(mapping)
    found = EmployeeList([name[:100] for name in lines.columns], chosen, lines.encoding, rows=len(lines.rows))
    if mapping is None:
        found.wrong += _list_ambiguous(lines.columns, chosen)
    numbers: dict[str, int] = {}
    for line in lines.rows:
        _take(found, numbers, line)
    found.wrong.sort(key=lambda wrong: wrong.row)
    return found


def guess(head: Sequence[str]) -> dict[str, int]:
    """Which column is which field, by what people call them."""
    names = _to_plain(head)
    chosen: dict[str, int] = {}
    for key, known in FIELDS.items():
        place = next((names.index(name) for name in known if name in names), None)
        if place is not None and place not in chosen.values():
            chosen[key] = place
    return chosen


def _to_plain(head: Sequence[str]) -> list[str]:
    plain = str.maketrans("éèêàâçôûüöä", "eeeaacouuoa")
    return [re.sub(r"[\W_]+", "", name.casefold().translate(plain)) for name in head]


def _list_ambiguous(head: Sequence[str], chosen: Mapping[str, int]) -> list[Wrong]:
    """The fields of which nobody can tell which column they are, because two are called the same."""
    names = _to_plain(head)
    return [
        Wrong(
            HEAD,
            TITLES[key],
            f"{names.count(names[place])} columns are called {head[place][:60]!r}. Keep the right one.",
        )
        for key, place in chosen.items()
        if names.count(names[place]) > 1
    ]


def _take(found: EmployeeList, numbers: dict[str, int], line: Line) -> None:
    """`numbers` are the rows in which each address came first, whether its person was kept or not."""
    row, width = line.cells, len(found.columns)
    plain = {key: " ".join(row[place].split()) if place < len(row) else "" for key, place in found.mapping.items()}
    # Letters with signs in the one form that directories write.
    cells = {key: unicodedata.normalize("NFC", text) for key, text in plain.items()}
    wrong = [
        Wrong(line.number, TITLES[key], problem) for key, text in cells.items() if (problem := _find_problem(key, text))
    ]
    if "email" not in cells:
        wrong.append(Wrong(line.number, TITLES["email"], "No column is chosen for it."))
    if any(cell.strip() for cell in row[width:]):
        wrong.append(Wrong(line.number, found.columns[-1], WIDE))
    email = cells.get("email", "").casefold()
    person = Person(
        email=email,
        active=_to_flag(cells.get("active", "yes")) is not False,
        **{key: text for key, text in cells.items() if key not in ("email", "active")},
    )
    if len(found.first) < 20:
        found.first.append(person)
    if not wrong and email in numbers:
        wrong = _compare(found, numbers[email], line.number, person)
    found.wrong += wrong
    if not wrong:
        numbers[email] = line.number
        found.people[email] = person


def _compare(found: EmployeeList, first: int, second: int, person: Person) -> list[Wrong]:
    """What is wrong with another row of a person. Two that contradict are both left out: either may be the old one."""
    kept = found.people.get(person.email)
    if kept == person:
        return [Wrong(second, TITLES["email"], f"The same address is in row {first}, with the same details.")]
    told = f"{person.email} is in rows {first} and {second}, and they contradict each other. Keep the right one."
    if kept is None:  # a third one
        return [Wrong(second, TITLES["email"], told)]
    del found.people[person.email]
    differs = next(key for key, value in person._asdict().items() if value != getattr(kept, key))
    return [Wrong(number, TITLES[differs], told) for number in (first, second)]


def _find_problem(key: str, text: str) -> str:
    if not text.isprintable():
        return "It has a character that cannot be shown."
    if len(text) > (LONGEST_ADDRESS if key == "email" else LONGEST_TEXT):
        return "It is too long."
    if key == "email" and not _ADDRESS.fullmatch(text):
        nobody = "It says nobody" + (f" ({text})." if text else ": it is empty.")
        return nobody if is_nobody(text) else f"{text[:60]!r} is not an address."
    if key == "active" and _to_flag(text) is None:
        return f"{text[:60]!r} is neither yes nor no." if text else "It is empty. Write yes or no."
    return ""


def _to_flag(text: str) -> bool | None:
    """Whether somebody works there, in the words of many lists; None for a word we do not know."""
    word = re.sub(r"[\W_]+", "", text.casefold())
    return True if word in _YES else False if word in _NO else None
