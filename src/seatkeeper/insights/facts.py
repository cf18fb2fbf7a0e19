"""What is known of an account besides its use. What nobody tells is None, and no insight says anything for it."""

from __future__ import annotations

from typing import Final, NamedTuple

from seatkeeper.model import Instant, MailboxKind

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


class Facts(NamedTuple):
    """All that signals tell of an account besides its use."""

    mailbox: Mailbox | None = None


NOTHING = Facts()
