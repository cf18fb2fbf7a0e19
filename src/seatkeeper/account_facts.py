"""What is told of an account besides its use: the names of facts, and the values of those that have few."""

from __future__ import annotations

import enum


class Fact(enum.StrEnum):
    """What is told."""

    MAILBOX = "mailbox"  # its MailboxKind
    MAILBOX_SIZE = "mailbox size"  # in bytes
    ARCHIVE = "archive"  # whether the mailbox has one: yes or no
    PLATFORMS = "platforms"  # on what apps were used in the period of a report, by Platform, comma separated


def desktop(product: str) -> str:
    """The name of the fact whether the desktop software of a product is activated anywhere: yes or no."""
    return f"desktop {product}"


def viewed(product: str) -> str:
    """What a signal calls the newest look at what others made in a product, among the uses that it tells apart."""
    return f"{product} viewed"


def made(product: str) -> str:
    """The same of whatever is more than a look, or may be."""
    return f"{product} made"


class Platform(enum.StrEnum):
    """On what apps are used."""

    WINDOWS = "windows"
    MAC = "mac"
    MOBILE = "mobile"
    WEB = "web"


class MailboxKind(enum.StrEnum):
    """Whose mailbox an account has."""

    USER = "user"
    SHARED = "shared"
    ROOM = "room"
    EQUIPMENT = "equipment"
