"""One pretend tenant: its clock, its people, its log, and the switches a test turns."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509

from seatkeeper.sandbox.catalog import Sku, skus
from seatkeeper.sandbox.crowd import BLOCKS, ROWS, SHEETS
from seatkeeper.sandbox.dice import dice, number, object_guid
from seatkeeper.sandbox.directory import RESTORABLE, Directory
from seatkeeper.sandbox.jwt import thumbprints
from seatkeeper.sandbox.mischief import Mischief
from seatkeeper.sandbox.people import DAY, DOMAIN, Person
from seatkeeper.sandbox.queries import PageTokens
from seatkeeper.sandbox.rows import SignInRows, UserRows
from seatkeeper.sandbox.signins import SignIns
from seatkeeper.sandbox.throttle import Meter

MOST_PEOPLE: Final = ROWS * (BLOCKS - 1)
LEDGER: Final = 100_000  # requests remembered; older ones are forgotten
READ_ALL: Final = frozenset({"Directory.Read.All", "AuditLog.Read.All"})


@dataclass(frozen=True, slots=True)
class Federated:
    """A federated identity credential. `key` is the issuer's public key as PEM, which Microsoft would fetch from it."""

    issuer: str
    subject: str
    key: str
    audience: str = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a tenant is made from. Equal settings with an equal `now` make equal answers.

    `now` is an ISO time, None the real one. `churn` is changes a day per thousand people. `sign_ins` asks for about so
    many sign-ins to the product's applications in 30 days, None for what the people's habits make. `frozen` stops the
    clock, so that only `move` moves it. `retention` is the days the log keeps: 30, or 7 as in a free tenant. `restless`
    lets the log change what it said: sign-ins are rewritten after MFA, and now and then one comes twice.
    """

    people: int = 250
    days: int = 45
    seed: int = 1
    now: str | None = None
    churn: float = 2.0
    sign_ins: int | None = None
    frozen: bool = False
    retention: int = 30
    restless: bool = False

    def check(self) -> None:
        """ValueError that names what is wrong."""
        if not 1 <= self.people <= MOST_PEOPLE:
            raise ValueError(f"people: {self.people} is not between 1 and {MOST_PEOPLE}")
        if not 0 <= self.days <= 3650:
            raise ValueError(f"days: {self.days} is not between 0 and 3650")
        if not 1 <= self.retention <= 30:
            raise ValueError(f"retention: {self.retention} is not between 1 and 30 days")


class Tenant:
    """The tenant. Attributes without underscore may be changed at any time; the next request sees it."""

    login_throttled = False
    conceal_reports = False  # the setting "display concealed names in all reports"
    old_licence_check = False  # the sign-in log asks for Directory.Read.All too, as it did until about 2024
    challenged: int | None = None  # tokens from before this second are to be asked for anew
    challenge_everybody = False  # also those whose client did not say that it can answer a challenge
    keeps_deleted_seats = False  # seats of deleted accounts count as assigned until the account is gone for good
    lapsed: frozenset[str] = frozenset()  # part numbers whose units are in the grace period after their end

    def __init__(self, settings: Settings, faults: tuple[str, ...] = ()) -> None:
        settings.check()
        self.settings = settings
        seed = settings.seed
        self._base = time.time() if settings.now is None else instant(settings.now)
        self._since = time.monotonic()
        self._moved = 0.0
        start = int(self._base)
        self.tenant_id = object_guid(seed, "tenant")
        self.domains = {DOMAIN, f"{DOMAIN.partition('.')[0]}.onmicrosoft.example"}
        self.client_id = object_guid(seed, "client")
        self.client_secret = f"{number(seed, 'secret') % 1000:03d}8Q~{number(seed, 'secret', 2):032x}"[:40]
        self.app_name = "licence-reader"
        self.permissions: set[str] = set(READ_ALL)
        self.consent = True
        self.premium = True
        self.secret_expired = False
        self.app_removed = False
        self.blocked_by_policy = False
        self.federated: list[Federated] = []
        self.certificates: dict[str, x509.Certificate] = {}  # by thumbprint, SHA-1 and SHA-256, in base64url
        self.mischief = Mischief.of(faults, seed)
        self.mischief.apply(self)
        self.directory = Directory(seed, start, settings.people, settings.churn)
        self.log = SignIns(self.directory, start // DAY - settings.days, settings.sign_ins)
        self.log.keeps = settings.retention * DAY
        self.log.restless = settings.restless
        self.mischief.apply_log(self)
        self.users = UserRows(self.directory, concealed="concealed-names" in self.mischief.active)
        self.sign_in_rows = SignInRows(self.log, self.users, self.tenant_id, lambda: self.seconds)
        self.page_tokens = PageTokens(number(seed, "page tokens").to_bytes(16, "big"))
        self.ledger: deque[dict[str, Any]] = deque(maxlen=LEDGER)
        self.meter = Meter()
        self.throttled = 0
        self.requests = 0
        self.activity: tuple[int, dict[int, tuple[int, int]], dict[int, tuple[int, int]]] | None = None
        self.lock = threading.RLock()  # a test moves the clock while the server answers
        self._consumed: Counter[str] | None = None

    @property
    def seconds(self) -> int:
        """The tenant's clock in whole seconds since 1970."""
        return int(self._base + (0 if self.settings.frozen else time.monotonic() - self._since))

    @property
    def elapsed(self) -> float:
        """Seconds that only pass: the limits of the vendor are real time, whether the tenant's clock stands or not."""
        return self._moved + time.monotonic() - self._since

    def switch_on(self, name: str, value: str = "") -> None:
        """Switch a fault on while the tenant is served."""
        with self.lock:
            self.mischief.switch_on(name, value)
            self.mischief.apply(self)
            self.mischief.apply_log(self)
            if name == "concealed-names":
                self.conceal(on=True)

    def conceal(self, *, on: bool) -> None:
        """Hide the names of people, or show them again."""
        self.users = UserRows(self.directory, concealed=on)
        self.sign_in_rows = SignInRows(self.log, self.users, self.tenant_id, lambda: self.seconds)

    def switch_off(self, name: str | None = None) -> None:
        """Switch a fault off, or all of them; what a fault did to the tenant is undone."""
        with self.lock:
            for known in [name] if name else list(self.mischief.active):
                if self.mischief.active.pop(known, None) is not None:
                    self.mischief.undo(self, known)

    @property
    def now(self) -> datetime:
        """The tenant's clock."""
        return datetime.fromtimestamp(self.seconds, UTC)

    def move(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Let time pass. The past cannot come back: people would have to be unborn."""
        step = timedelta(days=days, hours=hours, seconds=seconds).total_seconds()
        if step < 0:
            raise ValueError("a tenant's clock only goes forward")
        with self.lock:
            self._base += step
            self._moved += step
            self.tick()

    def tick(self) -> int:
        """Let everything happen that is due, and tell the time."""
        now = self.seconds
        if now >= self.directory.next_change():
            self.directory.advance(now)
        return now

    def challenge(self, *, everybody: bool = False) -> None:
        """Evaluate access anew: tokens from before are answered with a challenge; one asked for with it is good."""
        self.challenged, self.challenge_everybody = self.tick() + 1, everybody

    def register_federated(self, credential: Federated) -> None:
        """Let the app sign in with assertions of an outside issuer."""
        self.federated.append(credential)

    def register_certificate(self, pem: str | bytes) -> str:
        """Let the app sign in with this certificate; gives its SHA-1 thumbprint in hex as the portal shows it."""
        certificate = x509.load_pem_x509_certificate(pem.encode() if isinstance(pem, str) else pem)
        sha1, sha256, shown = thumbprints(certificate)
        self.certificates[sha1] = self.certificates[sha256] = certificate
        return shown

    def consumed(self, at: int | None = None) -> Counter[str]:
        """Seats assigned by part number, now or then: the first day's count corrected by everybody who changed."""
        now = self.tick() if at is None else at
        if self._consumed is None:
            self._consumed = self._first_consumed()
        counts = Counter(self._consumed)
        for number_ in self.directory.changed:
            if number_ < self.directory.people:
                counts.subtract(_skus(self.directory.original(number_)))
            counts.update(_skus(self.directory.at(number_, now)))
        if self.keeps_deleted_seats:
            counts.update(name for person, _left in self.deleted(now) for name in _skus(person))
        return counts

    def deleted(self, now: int) -> Iterator[tuple[Person, int]]:
        """Who was deleted and can still be restored, as they were, and when they left."""
        for number_ in self.directory.changed:
            past = [change for change in self.directory.history[number_] if change.at <= now]
            if past and past[-1].after is None and now - past[-1].at <= RESTORABLE:
                before = [change.after for change in past if change.after is not None]
                yield before[-1] if before else self.directory.original(number_), past[-1].at

    def _first_consumed(self) -> Counter[str]:
        directory = self.directory
        counts = Counter(name for person in directory.stories for name in _skus(person))
        blocks, rest = divmod(directory.people - directory.base, ROWS)
        for sheet in range(min(SHEETS, blocks + 1)):
            people = directory.crowd.sheet(sheet)
            whole = len(range(sheet, blocks, SHEETS))
            for row, person in enumerate(people):
                times = whole + (sheet == blocks % SHEETS and row < rest)
                for name in _skus(person):
                    counts[name] += times
        return counts

    def bought(self, sku: Sku, assigned: int) -> int:
        """Seats bought: a few more than assigned, now and then fewer."""
        spare = dice(self.settings.seed, "bought", sku.part_number).choice((0, 3, 5, 10, 25, -1))
        return max(assigned + spare, 1)

    def subscriptions(self, at: int | None = None) -> list[tuple[Sku, int, int]]:
        """What the tenant has: SKU, seats bought, seats assigned."""
        first = self._consumed if self._consumed is not None else self._first_consumed()
        self._consumed = first
        now = self.consumed(at)
        names = sorted(set(first) | {"PROJECTPROFESSIONAL"})
        return [(skus()[n], self.bought(skus()[n], first[n]), now[n]) for n in names]


MOST_TENANTS: Final = 500


def neighbours(settings: Settings, faults: tuple[str, ...], count: int) -> list[Tenant]:
    """Several tenants of one process: seeds one after the other, one app that all know, one ledger, one meter."""
    if not 1 <= count <= MOST_TENANTS:
        raise ValueError(f"tenants: {count} is not between 1 and {MOST_TENANTS}")
    found = [Tenant(replace(settings, seed=settings.seed + n), faults) for n in range(count)]
    first = found[0]
    for place, tenant in enumerate(found[1:], start=2):
        tenant.domains = {f"northwind{place}.onmicrosoft.example"}
        tenant.client_id, tenant.client_secret = first.client_id, first.client_secret
        tenant.ledger, tenant.meter = first.ledger, first.meter
    return found


def _skus(person: Person | None) -> list[str]:
    return [held.sku.part_number for held in person.holdings] if person else []


def instant(text: str) -> float:
    """An ISO time in seconds since 1970; ValueError says what one looks like."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"now: {text!r} is not an ISO time such as 2026-08-01T06:00:00Z") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
