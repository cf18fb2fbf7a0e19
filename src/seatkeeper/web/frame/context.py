"""What the frame of every page shows."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from django.http import HttpRequest

from seatkeeper import __version__
from seatkeeper.errors import NotAllowed
from seatkeeper.services.members import May, Who
from seatkeeper.web.frame.pages import to_who


class Link(NamedTuple):
    """An entry of the menu; `path` is the beginning of every address that belongs to it."""

    title: str
    path: str
    may: May = May.SEE


MENU = (
    Link("Applications", "/applications"),
    Link("Tenants", "/connections"),
    Link("Suspicious activities", "/suspicious"),
    Link("Findings", "/findings"),
    Link("Prices", "/prices"),
    Link("History", "/history"),
    Link("Administration", "/members", May.MEMBERS),
)


def everywhere(request: HttpRequest) -> dict[str, object]:
    """The menu as far as the asker's role goes, with the entry of this page marked."""
    # Pages of ours know who asks; allauth's pages and errors do not.
    who: Who | None = getattr(request, "who", None)
    user = getattr(request, "user", None)
    if who is None and user is not None and user.is_authenticated:
        with suppress(NotAllowed):
            who = to_who(request)
    allowed = who.may if who else frozenset()
    return {
        "who": who,
        "may_operate": May.OPERATE in allowed,
        "menu": [(link, request.path.startswith(link.path)) for link in MENU if link.may in allowed],
        "version": __version__,
    }
