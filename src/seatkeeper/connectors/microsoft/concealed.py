"""Concealed names: recognised before anything is stored, because pseudonyms cannot be joined to people later.

The tenant setting "display concealed user, group and site names in all reports" replaces names by 32 hexadecimal
digits. It governs usage reports; that /users and /signIns are never concealed is inferred, so we look.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from seatkeeper.errors import NamesConcealed
from seatkeeper.model import Missing

SHARE = 0.2  # more than this share of concealed names means the setting is on
FEW = 3  # unless they are fewer, and not all: somebody may be called so
_DIGEST = re.compile(r"[0-9A-Fa-f]{32}")  # the log of sign-ins writes names in lower case


def is_digest(name: str) -> bool:
    return _DIGEST.fullmatch(name) is not None


def is_concealed(name: str) -> bool:
    """Of a name that the directory gave: it has an address in it, or it was replaced."""
    return "@" not in name or is_digest(name)


class NameGuard:
    """Looks at every page of a read; raises NamesConcealed before the page is saved.

    In the log of sign-ins a name is what somebody typed, so there only a digest counts as concealed.
    """

    def __init__(self, is_concealed: Callable[[str], bool] = is_concealed) -> None:
        self.is_concealed = is_concealed
        self.seen = 0
        self.concealed = 0

    def look(self, names: Sequence[str | Missing | None]) -> None:
        known = [name for name in names if name]
        self.seen += len(known)
        self.concealed += sum(1 for name in known if isinstance(name, str) and self.is_concealed(name))
        if self.concealed > SHARE * self.seen and (self.concealed >= FEW or self.concealed == self.seen):
            raise NamesConcealed(
                f"{self.concealed} of {self.seen} user names are concealed, so nothing was stored. "
                "In the Microsoft 365 admin centre open Settings > Org settings > Services > Reports, clear "
                '"Display concealed user, group, and site names in all reports", save, wait a few minutes, '
                "and run the task again."
            )
