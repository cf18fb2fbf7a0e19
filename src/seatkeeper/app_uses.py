"""What a sign-in is to: the kinds that readings ask for, and one name for each that all counts are kept by."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

EVERY: Final = "*"  # in AppSignIns: whichever application it is
INTERACTIVE: Final = "interactive"
NON_INTERACTIVE: Final = "non-interactive"  # by a session that was there already, without asking the person


class AppSignIns(NamedTuple):
    """The sign-ins of one kind to one application: what a reading asks for, and what a product is observed by.

    `app` is the vendor's id of the application that people sign in with (`side` "client") or reach by it ("resource"),
    or EVERY.
    """

    app: str
    kind: str = INTERACTIVE
    side: str = "client"


def of_kind(some: Iterable[AppSignIns], kind: str) -> frozenset[AppSignIns]:
    return frozenset(one for one in some if one.kind == kind)


class AppUse(NamedTuple):
    """What a sign-in was to: the application that somebody signed in with, and the one that was reached by it.

    By the vendor's ids; one that tells of the use of no product is empty. `away` is where somebody was a guest of
    another tenant.
    """

    client: str
    resource: str = ""
    away: bool = False
    kind: str = INTERACTIVE

    @property
    def name(self) -> str:
        """The same in one text: "client", "client to resource", "- to resource", and what is unusual behind it."""
        to = f" to {self.resource}" if self.resource else ""
        kind = "" if self.kind == INTERACTIVE else f" {self.kind}"
        return f"{self.client or '-'}{to}{' elsewhere' if self.away else ''}{kind}"

    @property
    def asked_as(self) -> tuple[AppSignIns, AppSignIns]:
        """What a reading has to ask for to bring it: one of these is enough."""
        return AppSignIns(self.client, self.kind), AppSignIns(self.resource, self.kind, "resource")


@lru_cache(maxsize=4096)
def to_app_use(name: str) -> AppUse:
    """What a name stands for."""
    words = name.split(" ")
    client, rest = words[0], words[1:]
    resource = rest.pop(1) if rest[:1] == ["to"] else ""
    rest = rest[1:] if resource else rest
    away = rest[:1] == ["elsewhere"]
    return AppUse("" if client == "-" else client, resource, away, rest[away] if rest[away:] else INTERACTIVE)
