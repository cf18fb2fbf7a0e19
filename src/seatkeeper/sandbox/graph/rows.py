"""Renders rows fast: accounts from sheets rendered once for each selection, sign-ins joined from prepared pieces."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final
from weakref import WeakKeyDictionary

from seatkeeper.sandbox.graph import answers
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.concealed import conceal
from seatkeeper.sandbox.world.crowd import ROWS, SHEETS, TOKEN
from seatkeeper.sandbox.world.directory import Directory
from seatkeeper.sandbox.world.people import DAY, GHOST, Person
from seatkeeper.sandbox.world.sign_ins import UNIT, SignIns, app_of, end_of, ticks_of, who_of
from seatkeeper.sandbox.world.tenant import Tenant

SELECTIONS: Final = 4  # different $select lists kept rendered; one takes up to 20 MB
_TOKEN: Final = TOKEN.encode()
_INTERRUPTS: Final = (50140, 50074)


class Sheet:
    """The 1,000 rows of a sheet, each followed by a comma, and where each begins."""

    __slots__ = ("body", "starts")

    def __init__(self, people: Iterable[Person], properties: tuple[str, ...]) -> None:
        self.starts = [0]
        pieces = []
        for person in people:
            piece = answers.encode(answers.user(person, properties)) + b","
            pieces.append(piece)
            self.starts.append(self.starts[-1] + len(piece))
        self.body = b"".join(pieces)


def shown(tenant: Tenant, person: Person) -> Person:
    """The account as this tenant shows it, perhaps with its names concealed."""
    return conceal(person) if tenant.concealed else person


class UserRows:
    """Pages of accounts. `concealed` hides the names."""

    def __init__(self, directory: Directory, *, concealed: bool) -> None:
        self.directory = directory
        self.concealed = concealed
        self._sheets: OrderedDict[tuple[str, ...], dict[int, Sheet]] = OrderedDict()

    def one(self, person: Person, properties: tuple[str, ...]) -> bytes:
        """A single account."""
        return answers.encode(answers.user(self.shown(person), properties))

    def shown(self, person: Person) -> Person:
        """The account, with its names concealed if they are here."""
        return conceal(person) if self.concealed else person

    def span(self, begin: int, top: int) -> int:
        """The number behind the last of `top` accounts that are there, from number `begin`."""
        directory = self.directory
        end = begin + top
        while True:
            gone = bisect_left(directory.removed, end) - bisect_left(directory.removed, begin)
            if end - begin - gone >= top or end >= directory.total:
                return min(end, directory.total)
            end = begin + top + gone

    def page(self, begin: int, end: int, properties: tuple[str, ...], now: int) -> bytes:
        """The accounts with numbers from `begin` up to `end`, joined by commas."""
        return b"".join(self._pieces(begin, end, properties, now))[:-1]

    def _pieces(self, begin: int, end: int, properties: tuple[str, ...], now: int) -> Iterator[bytes]:
        directory = self.directory
        for number in range(begin, min(end, directory.base)):
            yield self.one(directory.stories[number], properties) + b","
        position = max(begin, directory.base)
        first = bisect_left(directory.changed, position)
        for number in directory.changed[first : bisect_left(directory.changed, end)]:
            yield from self._run(position, number, properties)
            person = directory.at(number, now)
            if person:
                yield self.one(person, properties) + b","
            position = number + 1
        yield from self._run(position, end, properties)

    def _run(self, begin: int, end: int, properties: tuple[str, ...]) -> Iterator[bytes]:
        """Unchanged accounts of the crowd: a slice of a sheet with the block's digits put in."""
        directory = self.directory
        begin, end = begin - directory.base, min(end, directory.people) - directory.base
        while begin < end:
            block, row = divmod(begin, ROWS)
            last = min(ROWS, row + end - begin)
            sheet = self._sheet(properties, -1 if block == 0 else block % SHEETS)
            body = sheet.body[sheet.starts[row] : sheet.starts[last]]
            yield body.replace(_TOKEN, directory.crowd.token(block).encode()) if block else body
            begin += last - row

    def _sheet(self, properties: tuple[str, ...], number: int) -> Sheet:
        sheets = self._sheets.get(properties)
        if sheets is None:
            sheets = self._sheets[properties] = {}
            if len(self._sheets) > SELECTIONS:
                self._sheets.popitem(last=False)
        if number not in sheets:
            crowd = self.directory.crowd
            people = (crowd.person(p) for p in range(ROWS)) if number < 0 else iter(crowd.sheet(number))
            sheets[number] = Sheet(map(self.shown, people), properties)
        return sheets[number]


class SignInRows:
    """Rows of the sign-in log."""

    def __init__(self, log: SignIns, users: UserRows, tenant_id: str) -> None:
        self.log = log
        self.users = users
        self._profiles = [answers.profile(n, tenant_id) for n in range(answers.PROFILES)]
        self._apps = [answers.application(app) for app in log.apps]
        self._outcomes = {code: answers.outcome(code) for code in (0, 50126, 50057, 50140, 50074)}
        self._who: dict[int, bytes] = {}
        self._days: dict[int, bytes] = {}

    def row(self, day: int, value: int, now: int) -> bytes:
        """One sign-in with all its documented properties, as the log shows it at `now`."""
        id_ = self.log.id_of(day, value)
        luck = int(id_[:8], 16)
        code = (0, 50126, _INTERRUPTS[luck & 1], 50057)[end_of(value)]
        if self.log.pending(day, value, now):
            code = _INTERRUPTS[1]
        before, after = self._profiles[luck >> 4 & 15]
        return b"".join(
            (
                b'{"id":"', id_.encode(), b'","createdDateTime":"', self.time(day, value), b'",',
                self.who(who_of(value), day * DAY + (value >> 30) // UNIT), b",", self._apps[app_of(value)],
                b',"ipAddress":"203.0.113.', b"%d" % (1 + (luck >> 8) % 254), b'",', before,
                b',"correlationId":"', id_[24:32].encode(), id_[8:24].encode(), id_[:8].encode(), id_[32:].encode(),
                b'",', self._outcomes[code], b",", after, b"}",
            )
        )  # fmt: skip

    def time(self, day: int, value: int) -> bytes:
        """createdDateTime with 0 to 7 fractional digits."""
        date = self._days.get(day)
        if date is None:
            date = self._days[day] = iso(day * DAY)[:11].encode()
        seconds, ticks = divmod(ticks_of(day, value), 10_000_000)
        minutes, second = divmod(seconds - day * DAY, 60)
        text = b"%s%02d:%02d:%02d" % (date, minutes // 60, minutes % 60, second)
        return text + (b".%07d" % ticks).rstrip(b"0") + b"Z" if ticks else text + b"Z"

    def who(self, number: int, second: int) -> bytes:
        """Who signed in. Names are those of the moment, so somebody renamed appears under both."""
        directory = self.users.directory
        if number in directory.history:
            person = directory.at(number, second)
            return answers.identity(self.users.shown(person or directory.original(number)))
        block, row = divmod(number - directory.base, ROWS)
        plain = number < directory.base or number == GHOST or block == 0
        key = number if plain else -1 - ((block % SHEETS) * ROWS + row)
        found = self._who.get(key)
        if found is None:
            person = directory.original(number) if plain else directory.crowd.sheet(block % SHEETS)[row]
            found = self._who[key] = answers.identity(self.users.shown(person))
        return found if plain else found.replace(_TOKEN, directory.crowd.token(block).encode())


_rows: WeakKeyDictionary[Tenant, tuple[UserRows, SignInRows]] = WeakKeyDictionary()


def user_rows(tenant: Tenant) -> UserRows:
    """The accounts of a tenant, with what was rendered before."""
    return _of(tenant)[0]


def sign_in_rows(tenant: Tenant) -> SignInRows:
    """The sign-ins of a tenant, with what was rendered before."""
    return _of(tenant)[1]


def _of(tenant: Tenant) -> tuple[UserRows, SignInRows]:
    """Rows made once, and anew when names become concealed or show again."""
    found = _rows.get(tenant)
    if found is None or found[0].concealed != tenant.concealed:
        users = UserRows(tenant.directory, concealed=tenant.concealed)
        found = _rows[tenant] = users, SignInRows(tenant.log, users, tenant.tenant_id)
    return found
