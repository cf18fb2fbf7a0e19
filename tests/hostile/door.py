"""Links through the real door: none of an enemy's is asked with our token, all of Microsoft's are."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx2
import pytest

from seatkeeper.connectors.microsoft.access import SIGN_INS, Event
from seatkeeper.connectors.microsoft.roster import DELTA, USERS, User
from seatkeeper.connectors.microsoft.vendor import GraphPacer
from seatkeeper.errors import BrokenAnswer, SeatkeeperError, UntrustedLink
from seatkeeper.graph.client import Client
from seatkeeper.graph.clouds import CLOUDS
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.origin import Origin, untrusted
from seatkeeper.graph.pages import read_pages
from seatkeeper.graph.token import ClientSecret, Token, TokenSource
from seatkeeper.model import Secret
from tests.conftest import Unpaced
from tests.hostile.links import HOST, HOSTILE, legal
from tests.hostile.wire import Question, Raw, speaking, whole

TOKEN = "a-token-that-nobody-else-may-see"
LISTS = ((USERS, User, "directory"), (SIGN_INS, Event, "reports"), (DELTA, User, "directory"))


@dataclass
class Leaks:
    """What was seen on the wire below the real sender."""

    links: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    elsewhere: int = 0  # with our token at another server
    astray: int = 0  # with our token at another path of ours
    legal: int = 0
    followed: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        unasked = [f"{self.legal - self.followed} legal links were not followed"] if self.followed != self.legal else []
        return [percent(link) for link in self.examples[:5]] + unasked

    def add(self, other: Leaks) -> None:
        self.links += other.links
        self.refused += other.refused
        for name in ("requests", "elsewhere", "astray", "legal", "followed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples += other.examples


class _Door:
    """Answers the first question with the link, any other with an empty last page, and notes where both went."""

    def __init__(self, leaks: Leaks) -> None:
        self.leaks, self.path, self.link, self.turn = leaks, "", "", 0

    def __call__(self, question: Question) -> Raw:
        self.turn += 1
        self.leaks.requests += 1
        if TOKEN in question.headers.get("authorization", ""):
            self._judge(question)
        links = {"@odata.nextLink": self.link} if self.turn == 1 else {}
        if self.path == DELTA and not links:
            links = {"@odata.deltaLink": f"https://{HOST}{DELTA}?$deltatoken=x"}
        body = json.dumps({**links, "value": []}).encode()
        return Raw(whole(200, [(b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(body))], body))

    def _judge(self, question: Question) -> None:
        """Parted by hand: the parser that let the link through is not asked again."""
        named = question.headers["host"].lower().removesuffix(":443")
        if (question.host.lower(), question.port, named) != (HOST, 443, HOST):
            self.leaks.elsewhere += 1
            self.leaks.examples.append(self.link)
        elif question.target.partition("?")[0].lower() != self.path.lower():
            self.leaks.astray += 1
            self.leaks.examples.append(self.link)


def try_links(seed: int, count: int, friendly: int) -> Leaks:
    """So many hostile links and so many legal ones, each as the first next link of a list, through the real door."""
    leaks, r = Leaks(), random.Random(seed)
    kinds = sorted(HOSTILE)
    door = _Door(leaks)
    with speaking(door), opened() as client:
        for number in range(count):
            kind, place = kinds[number % len(kinds)], LISTS[r.randrange(len(LISTS))]
            while is_ours(link := HOSTILE[kind](r, place[0]), place[0]):
                pass  # drawn again
            leaks.links[kind] += 1
            leaks.refused[_read(client, door, place, link)] += 1
        for _ in range(friendly):
            place = LISTS[r.randrange(len(LISTS))]
            leaks.legal += 1
            leaks.followed += _read(client, door, place, legal(r, place[0])) == "followed" and door.turn == 2
    return leaks


def is_ours(link: str, path: str) -> bool:
    """Random changes may leave or make a good address; decided without any parser."""
    head = link.partition("?")[0].lower()
    return head in (f"https://{HOST}{path}".lower(), f"https://{HOST}:443{path}".lower())


def _read(client: Client, door: _Door, place: tuple[str, type[Event | User], str], link: str) -> str:
    door.path, door.link, door.turn = place[0], link, 0
    start = f"{place[0]}?$top=1"
    try:
        for _ in read_pages(client, start, path=door.path, row=place[1], family=place[2], units=1,
                            wants_delta=door.path == DELTA):  # fmt: skip
            pass
    except (UntrustedLink, BrokenAnswer) as error:
        return type(error).__name__
    except SeatkeeperError as error:
        return f"{type(error).__name__}: {error}"
    return "followed"


@contextmanager
def opened() -> Iterator[Client]:
    """The client and the door as they are, with a token that was not asked for."""
    endpoints = CLOUDS["global"]
    egress = Egress(endpoints)
    tokens = TokenSource("5f0c2b1e-7a44-4c1d-9b6e-2d1f0a9c7e10", ClientSecret("client", Secret("x")), endpoints, egress)
    tokens._token, tokens._replace_at = Token(Secret(TOKEN), None, 1e18), 1e18
    try:
        yield Client(endpoints, tokens, egress, GraphPacer(Unpaced()))
    finally:
        egress.close()


# --- doors that are known to be wrong ------------------------------------------------------------------------------


def _by_prefix(self: Origin, link: str, path: str) -> object:
    """What is often written."""
    if not link.startswith(f"https://{HOST}"):
        raise untrusted()
    try:
        return httpx2.URL(link)
    except (httpx2.InvalidURL, ValueError):
        raise untrusted() from None


class _Everywhere:
    """In place of the servers that the sender trusts."""

    def __get__(self, *_: object) -> _Everywhere:
        return self

    def __set__(self, *_: object) -> None:
        """The sender's own list is not kept."""

    def __contains__(self, _origin: object) -> bool:
        return True


MUTANTS: dict[str, tuple[bool, bool]] = {
    "the link is checked with startswith": (True, False),
    "startswith, and the sender trusts it": (True, True),
}


def try_mutant(name: str, seed: int, count: int) -> Leaks:
    """The same with a door that is known to be wrong: it must be found."""
    check, send = MUTANTS[name]
    with pytest.MonkeyPatch.context() as patch:
        if check:
            patch.setattr(Origin, "check", _by_prefix)
        if send:
            patch.setattr(Egress, "_trusted", _Everywhere(), raising=False)
        return try_links(seed, count, 0)


def percent(text: str) -> str:
    """A link that can be printed."""
    return quote(text[:120], safe=":/?#[]@!$&'()*+,;=%")
