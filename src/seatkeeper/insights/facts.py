"""What is known of an account besides its use. What nobody tells is None, and no insight says anything for it."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol, TypeVar

from seatkeeper.account_facts import MailboxKind
from seatkeeper.clock import days
from seatkeeper.model import Instant

# What is said of a mailbox that is not a person's own.
TITLES: Final = {
    MailboxKind.SHARED: "a shared one",
    MailboxKind.ROOM: "that of a room",
    MailboxKind.EQUIPMENT: "that of equipment",
}


class Mailbox(NamedTuple):
    """The mailbox of an account, as the vendor's report told of it at `until`; its size is in bytes."""

    kind: MailboxKind
    size: int | None
    archive: bool | None
    until: Instant | None


class Used(NamedTuple):
    """On what an account used apps in the whole period of the vendor's report, as that told at `until`."""

    platforms: frozenset[str]
    until: Instant | None


class Desktop(NamedTuple):
    """Whether the desktop software of a product is activated on a computer, as the vendor's report told at `until`."""

    activated: bool
    until: Instant | None


class Acts(NamedTuple):
    """The newest look at what others made in a product, and the newest act that was more, as known until a moment."""

    viewed: Instant | None
    made: Instant | None
    until: Instant


class Facts(NamedTuple):
    """All that signals tell of an account, and of its seats of a product, besides the day of its newest use."""

    mailbox: Mailbox | None = None
    acts: Acts | None = None
    desktop: Desktop | None = None
    used: Used | None = None


NOTHING = Facts()
STALE: Final = days(30)  # what was told longer ago may have changed


class Told(Protocol):
    @property
    def until(self) -> Instant | None: ...


T = TypeVar("T", bound=Told)


def of_late(told: T | None, now: Instant) -> T | None:
    """The same where it is known of late; what the vendor told at no moment, or too long ago, says nothing."""
    return told if told is not None and told.until is not None and now - told.until <= STALE else None
