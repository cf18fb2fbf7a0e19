"""The words of the field as types: what connectors yield, sync saves and insights read.

Time is an `Instant`: whole ticks of 100 ns since 1970-01-01 UTC. Vendors stamp sign-ins with up to seven fractional
digits and Python's datetime keeps six, so two different events would become equal. A `Key` is the compact form of a
vendor's id: 16 bytes for a GUID, else its text padded to 17 or more. Both live in one column, in order, and turn back.
"""

from __future__ import annotations

import enum
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

Instant = int
Key = bytes

TICKS: Final = 10_000_000
FOREVER: Final = 2**31 - 1  # "until" of a row that is current: a generation number no run reaches
LOST: Final = "\ufffd"  # stands in a text where the vendor sent a character that no database can hold
NOBODY: Final = bytes(16)  # an all-zero GUID: a person whom the vendor does not name

_LONGEST_ID: Final = 256
_EPOCH_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
_END: Final = (date.max.toordinal() + 1 - _EPOCH_DAY) * 86_400  # seconds: no calendar of ours goes further
_START: Final = (1 - _EPOCH_DAY) * 86_400  # nor begins before the year 1; below, every Edm.DateTimeOffset
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60)(?:\.([0-9]{1,12}))?)?"
    r"(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))",
    re.IGNORECASE | re.ASCII,
)


class Missing(enum.Enum):
    """A field the vendor did not send, which is not the same as one it sent empty."""

    MISSING = enum.auto()

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing.MISSING


class Secret:
    """A credential that cannot be printed by accident; `reveal()` is the only way to its text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never pickled")


class Account(NamedTuple):
    """A person's (or machine's) account in the tenant; column order is the store's order.

    A field is MISSING when the vendor left it out of this answer (a delta sends only what changed).
    `licensing` is what the vendor said of the plans and SKUs we manage, as compact JSON, or None.
    """

    key: Key
    upn: str | Missing | None
    mail: str | Missing | None
    given_name: str | Missing | None
    surname: str | Missing | None
    display_name: str | Missing | None
    enabled: bool | Missing | None
    user_type: str | Missing | None
    created: Instant | Missing | None
    department: str | Missing | None
    usage_location: str | Missing | None
    licensing: str | Missing | None


class Seat(NamedTuple):
    """An account's assignment of a SKU that carries a managed product."""

    account: Key
    sku: Key
    product: str
    kind: str  # SeatKind
    plans: str  # names of the product's plans in force, comma separated
    active: Instant | None  # Active Date
    active_source: str  # ActiveSource
    assigned_by: str  # "direct", "group", "direct, group" or "" when the vendor did not say
    state: str  # Active, ActiveWithError, Disabled, Error, or ""
    error: str  # None, CountViolation, …, or ""


class SignIn(NamedTuple):
    """One sign-in event; `app` is the name of an `AppUse`."""

    event: Key
    account: Key
    app: str
    created: Instant
    error_code: int
    upn: str


class LastUse(NamedTuple):
    """The newest use, if any, that a signal knows of an account, or of whoever has a name where it tells no more."""

    account: Key | str
    last: Instant | None
    until: Instant | None = None  # up to when the vendor knows, where its answer says so
    parts: tuple[tuple[str, Instant], ...] = ()  # the newest uses of what it tells apart, in its words
    facts: tuple[tuple[str, str], ...] = ()  # what else it tells of the account, by name (account_facts.py)


class Subscription(NamedTuple):
    """What was bought of a SKU."""

    sku: Key
    part_number: str
    status: str
    enabled: int
    warning: int
    suspended: int
    locked_out: int
    consumed: int
    plans: str  # service plan ids, comma separated


class Renewal(NamedTuple):
    """A commercial subscription, of which a SKU may have several; `when` it renews or ends, if anybody says."""

    subscription: str  # the vendor's id
    sku: Key
    part_number: str
    status: str
    total: int
    trial: bool
    when: Instant | None


class BadRow(NamedTuple):
    """A row of the vendor that was not understood: its bytes as they came, and why, without any of its content."""

    raw: bytes
    reason: str

    def __repr__(self) -> str:
        return f"BadRow({len(self.raw)} bytes, {self.reason!r})"  # the bytes are about a person


class RequestLimit(NamedTuple):
    """Requests that a vendor answers in a `window`; one that was never answered counts for `unanswered`."""

    window: Instant
    unanswered: Instant
    in_tenant: int
    over_all: int
    slow: int  # so many of them at most for what can wait, while anything else is asked


class SeatKind(enum.StrEnum):
    """Why an assignment counts as a seat of the product, or why it is listed apart."""

    SEAT = "seat"
    UNLISTED = "unlisted"  # counted too: the SKU carries the product, but our product data does not know it
    OTHER_PRODUCT = "other-product"  # the product comes inside another product's licence


class ActiveSource(enum.StrEnum):
    """Which of the vendor's dates the Active Date stands on."""

    PLAN = "plan assigned"
    STATE = "licence state changed"
    CREATED = "account created"
    NONE = ""


class RunStatus(enum.StrEnum):
    """How a run stands. It ends as exactly one of the last four."""

    RUNNING = "running"
    HELD = "held"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    FAILED = "failed"


class CoverageState(enum.StrEnum):
    """How complete the sign-ins of a stretch of time are."""

    COMPLETE = "complete"
    PROVISIONAL = "provisional"  # read, but late ones may still come
    LOST = "lost"  # the vendor kept them no longer when we came
    NOT_YET = "not yet"


class Stretch(NamedTuple):
    """A stretch of time in one state of coverage, both ends included."""

    start: Instant
    end: Instant
    state: CoverageState


class Certainty(enum.IntEnum):
    """How sure a finding is, the surest first. What is possible stands on something that proves nothing."""

    CERTAIN = 1
    ASK_FIRST = 2
    POSSIBLE = 3

    @property
    def title(self) -> str:
        return self.name.lower().replace("_", " ")


class Evidence(enum.StrEnum):
    """How sure we are about the use of a seat."""

    CONFIRMED = "confirmed"
    POSSIBLE = "possible"
    NONE_SEEN = "none seen"
    NOT_OBSERVABLE = "not observable yet"


class Grade(enum.StrEnum):
    """What a sign-in to an application says about the use of a product."""

    DIRECT = "direct"
    AMBIGUOUS = "ambiguous"


def to_key(text: str) -> Key:
    """An id in its compact form. An id is kept as it is or not at all.

    Raises ValueError for one that is empty, is longer than an index can hold, or lost a character (`LOST`, or a NUL).
    """
    if len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-":
        try:
            packed = bytes.fromhex(text.replace("-", ""))
        except ValueError:
            packed = b""
        if len(packed) == 16:
            return packed
    if not 0 < len(text) <= _LONGEST_ID or "\0" in text or LOST in text:
        raise ValueError(f"not an id: {text[:40]!r}")
    return text.encode().ljust(17, b"\0")


def to_id(key: Key | memoryview) -> str:
    """The id that a key stands for."""
    key = bytes(key)
    if len(key) != 16:
        return key.rstrip(b"\0").decode()
    text = key.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@lru_cache(maxsize=4096)
def _midnight(date: str) -> int:
    """Seconds from the epoch to the start of a day "2026-08-01"."""
    return (datetime.fromisoformat(date).toordinal() - _EPOCH_DAY) * 86_400


def to_instant(text: str) -> Instant:
    """Read "2020-03-13T19:15:41.6195833Z" or "…+02:00"; second 60 is allowed. Else raises ValueError."""
    if (found := _TIME.fullmatch(text)) is None:
        raise ValueError(f"not a time with its offset from UTC: {text[:40]!r}")
    date, hour, minute, second, fraction, sign, ahead_hours, ahead_minutes = found.groups()
    whole = _midnight(date) + int(hour) * 3600 + int(minute) * 60 + int(second or 0)
    if sign:
        whole += (int(ahead_hours) * 3600 + int(ahead_minutes) * 60) * (1 if sign == "-" else -1)
    if not _START <= whole < _END:
        raise ValueError(f"not a time in our calendar: {text[:40]!r}")
    return whole * TICKS + (int(fraction[:7].ljust(7, "0")) if fraction else 0)


def to_text(instant: Instant) -> str:
    """An instant as ISO 8601 in UTC, with only the fractional digits it needs; one beyond our calendar as its end."""
    whole, ticks = divmod(min(max(instant, _START * TICKS), _END * TICKS - 1), TICKS)
    days, second = divmod(whole, 86_400)
    date = datetime.fromordinal(_EPOCH_DAY + days).date().isoformat()
    fraction = f".{ticks:07d}".rstrip("0") if ticks else ""
    return f"{date}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}{fraction}Z"
