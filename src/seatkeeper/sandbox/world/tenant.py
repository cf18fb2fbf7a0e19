"""One pretend tenant: its clock, its people, its sign-ins, and the switches a test turns."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from seatkeeper.sandbox.world.clock import instant
from seatkeeper.sandbox.world.crowd import BLOCKS, ROWS
from seatkeeper.sandbox.world.dice import number, object_guid
from seatkeeper.sandbox.world.directory import Directory
from seatkeeper.sandbox.world.people import DAY, DOMAIN
from seatkeeper.sandbox.world.sign_ins import SignIns

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
    lets the log change what it said: sign-ins are rewritten after MFA, and now and then one comes twice. `copilot`
    gives the tenant Microsoft 365 Copilot; nothing else in it changes. `everything` gives it Copilot, Power BI and
    Dynamics 365, with the applications that these are used by; who holds and uses Project stays as it is.
    `more_people` adds to such a tenant five people with stories, whose licences are more than they need.
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
    copilot: bool = False
    everything: bool = False
    more_people: bool = False

    def check(self) -> None:
        """ValueError that names what is wrong."""
        if not 1 <= self.people <= MOST_PEOPLE:
            raise ValueError(f"people: {self.people} is not between 1 and {MOST_PEOPLE}")
        if not 0 <= self.days <= 3650:
            raise ValueError(f"days: {self.days} is not between 0 and 3650")
        if not 1 <= self.retention <= 30:
            raise ValueError(f"retention: {self.retention} is not between 1 and 30 days")


@dataclass(frozen=True, slots=True)
class Search:
    """A search of the audit log: when it was asked for, for which types of records, and from when to when (seconds)."""

    asked_at: int
    types: tuple[str, ...]
    span: tuple[int, int]


@dataclass
class SignIn:
    """A sign-in under way or done: for what, and by whom once that is known."""

    asked_at: int
    scopes: frozenset[str]
    upn: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    declined: bool = False


class Tenant:
    """The tenant. Attributes without an underscore may be changed at any time; the next request sees the change."""

    consent = True
    premium = True  # Entra ID P1, which the sign-in log needs
    secret_expired = False
    app_removed = False
    blocked_by_policy = False
    login_throttled = False
    service_principal_since: float = 0  # second from which the tenant knows the app; infinity before any consent
    consent_delay = 0  # seconds after a consent until the token service knows of it
    consent_refusal = "consent_required"  # how a consent that was declined is answered
    public_client = True  # "Allow public client flows": a person signs in without a credential of the app
    sessions_revoked = False  # the password was changed: refresh tokens are good no more
    device_interval = 5  # seconds between two questions whether the code was typed in
    limited = False  # every documented limit of Graph is real
    concealed = False  # names are hidden everywhere
    conceal_reports = False  # the setting "display concealed names in all reports"
    report_lag = 3  # days that reports of use are behind: 2 to 9 were seen
    reports_empty = False  # they list nobody, as they do now and then for days
    search_seconds = 240  # what a search of the audit log takes by the tenant's clock
    search_fault = ""  # what is wrong with such searches, as the fault audit-search names it
    old_licence_check = False  # the sign-in log asks for Directory.Read.All too, as it did until about 2024
    challenged: int | None = None  # tokens from before this second are to be asked for anew
    challenge_everybody = False  # also those whose client did not say that it can answer a challenge
    keeps_deleted_seats = False  # seats of deleted accounts count as assigned until the account is gone for good
    lapsed: frozenset[str] = frozenset()  # part numbers whose units are in the grace period after their end

    def __init__(self, settings: Settings) -> None:
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
        self.delegated: set[str] = set()  # what the organization has consented to for people who sign in
        self.redirect_uris: set[str] = set()  # where a sign-in may lead back to; none is any on https or loopback
        self.codes: dict[str, SignIn] = {}  # sign-ins of people under way, by the code that their browser carries
        self.devices: dict[str, SignIn] = {}
        self.refresh_tokens: dict[str, SignIn] = {}
        self.federated: list[Federated] = []
        self.certificates: list[x509.Certificate] = []
        self.directory = Directory(
            seed, start, settings.people, settings.churn,
            copilot=settings.copilot, everything=settings.everything, more_people=settings.more_people,
        )  # fmt: skip
        self.log = SignIns(self.directory, start // DAY - settings.days, settings.sign_ins)
        self.log.keeps = settings.retention * DAY
        self.log.restless = settings.restless
        self.ledger: deque[dict[str, Any]] = deque(maxlen=LEDGER)
        self.searches: dict[str, Search] = {}
        self.tokens_issued = 0
        self.lock = threading.RLock()  # a test moves the clock while the server answers
        # Worked out once and kept: seats assigned on the first day, and when accounts signed in last.
        self.first_consumed: Counter[str] | None = None
        self.office_uses: tuple[int, list[Any]] | None = None  # by the day of the reports
        self.last_sign_ins: tuple[int, dict[int, tuple[int, int]], dict[int, tuple[int, int]]] | None = None

    @property
    def seconds(self) -> int:
        """The tenant's clock in whole seconds since 1970."""
        return int(self._base + (0 if self.settings.frozen else time.monotonic() - self._since))

    @property
    def elapsed(self) -> float:
        """Seconds that pass even while the tenant's clock stands still: limits are in real time."""
        return self._moved + time.monotonic() - self._since

    @property
    def now(self) -> datetime:
        """The tenant's clock."""
        return datetime.fromtimestamp(self.seconds, UTC)

    def move(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Let time pass. It only goes forward: what has happened cannot be undone."""
        step = timedelta(days=days, hours=hours, seconds=seconds).total_seconds()
        if step < 0:
            raise ValueError("a tenant's clock only goes forward")
        with self.lock:
            self._base += step
            self._moved += step
            self.tick()

    def tick(self) -> int:
        """Apply all changes that are due; gives the time in seconds."""
        now = self.seconds
        if now >= self.directory.next_change():
            self.directory.advance(now)
        return now

    def challenge(self, *, everybody: bool = False) -> None:
        """Challenge tokens issued before now; a token requested with the challenge's claims is good."""
        self.challenged, self.challenge_everybody = self.tick() + 1, everybody

    def register_federated(self, credential: Federated) -> None:
        """Let the app sign in with assertions of an outside issuer."""
        self.federated.append(credential)

    def register_certificate(self, pem: str | bytes) -> str:
        """Let the app sign in with this certificate; gives its SHA-1 thumbprint in hex as the portal shows it."""
        certificate = x509.load_pem_x509_certificate(pem.encode() if isinstance(pem, str) else pem)
        self.certificates.append(certificate)
        return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303
