"""Thousands of histories of a sign-in log that is late, forgets and is read in pieces: every claim of absence is true.

The log is a list in memory; reading it, the ledger of coverage and what is said of people are ours, in a real database.
Sign-ins come up to a day late, which is as late as we promise to wait for one that nobody has met yet.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import pytest
from django.db import transaction

from seatkeeper.clock import days, seconds
from seatkeeper.connectors.base import RecordPage
from seatkeeper.insights.base import Holder, Picture
from seatkeeper.insights.evidence import Activity, activity, grade, observed_since
from seatkeeper.model import Evidence, Instant, SignIn, to_key
from seatkeeper.services.members import operator
from seatkeeper.spans import LATENESS, RETENTION, Span, join, last_unbroken, lateness_of, proven
from seatkeeper.store.listing import list_coverage, longest_late
from seatkeeper.store.models import Connection, Run, Task
from seatkeeper.store.models import SignIn as Kept
from seatkeeper.sync import access
from tests.property import THOROUGH

HISTORIES: Final = 5_000 if THOROUGH else 100  # of each part
BEGIN: Final = days(20_000)
THRESHOLD: Final = days(15)
PEOPLE: Final = [to_key(f"00000000-0000-4000-8000-{number:012}") for number in range(1, 5)]
NAMES: Final = ("Ada", "Bo", "Eve", "Gus")
APP: Final = "f53895d3-095d-408f-8e93-8f94b391404e"


class Event(NamedTuple):
    """A success, with when the log shows it."""

    sign_in: SignIn
    shown: Instant


class Log:
    """The vendor: what it shows at a moment, newest first, three rows a page. Each page takes it some time."""

    stream = "absence"

    def __init__(self, roll: random.Random) -> None:
        self.roll, self.now = roll, BEGIN
        self.events = sorted(self._events(), key=lambda event: -event.sign_in.created)

    def _events(self) -> Iterator[Event]:
        for number in range(self.roll.randrange(4, 25)):
            who = self.roll.choice(PEOPLE[:3])
            created = BEGIN + self.roll.randrange(-days(35), days(50))
            late = self.roll.choice((seconds(60), seconds(60), seconds(300), seconds(7200), LATENESS))
            event = to_key(f"11111111-0000-4000-8000-{number:012}")
            yield Event(SignIn(event, who, APP, created, 0, "x"), created + self.roll.randrange(late))

    def vendor_time(self, _clock: object) -> Instant:
        return self.now

    def read_sign_ins(self, start: Instant, end: Instant) -> Iterator[RecordPage[SignIn]]:
        below = end + 1
        while True:
            rows = [
                event.sign_in
                for event in self.events
                if start <= event.sign_in.created < below
                and event.shown <= self.now
                and event.sign_in.created >= self.now - RETENTION
            ]
            self.now += self.roll.randrange(seconds(600))
            yield RecordPage(rows[:3], [], link="more" if len(rows) > 3 else None)
            if len(rows) <= 3:
                return
            below = rows[2].created


class History:
    """A log, and visits to it, of which some break off."""

    def __init__(self, seed: int) -> None:
        self.roll = random.Random(seed)
        self.log, self.claims = Log(self.roll), 0
        mine = {"organization_id": operator().organization_id}
        self.link = Connection.objects.create(
            tenant_id=f"{seed}", client_id="c", credential_kind="secret", created=BEGIN, **mine
        )
        self.task = Task.objects.create(connection=self.link, key="access")
        self.run = Run.objects.create(task=self.task, word="running", started=BEGIN, **mine)

    def visit(self) -> None:
        """Read what is not proven, a page and a commit at a time, to the end or to a kill."""
        left = self.roll.randrange(1, 12) if self.roll.random() < 0.4 else 1_000
        work: Any = SimpleNamespace(task=self.task, run=self.run, connector=self.log, clock=None, full=False)
        reading = access.AccessReading(work)
        for page in reading.pages():
            with transaction.atomic():
                reading.save(page)
            left -= 1
            if not left:
                return

    def wrong(self) -> list[str]:
        """What is said of anybody and is not true."""
        readings, longest = list_coverage(self.link.pk, "absence"), longest_late(self.link.pk, "absence")
        observed = last_unbroken(proven(readings, lateness_of(longest)))
        seen = dict.fromkeys(PEOPLE, 0)
        for account, created in Kept.objects.filter(connection=self.link).values_list("account", "created"):
            seen[bytes(account)] = max(seen[bytes(account)], created)
        holders = [to_holder(name, key, seen[key] or None, observed) for name, key in zip(NAMES, PEOPLE, strict=True)]
        shown = Picture(self.log.now, THRESHOLD, 0, observed, holders, (), ())
        return [words for holder in holders for words in self.judge(holder, shown)]

    def judge(self, holder: Holder, shown: Picture) -> Iterator[str]:
        true = [event.sign_in.created for event in self.log.events if event.sign_in.account == holder.account]
        said, since = activity(holder, shown), holder.observed_since or 0
        if said is Activity.INACTIVE:
            since = shown.as_of - shown.threshold
        if said in (Activity.INACTIVE, Activity.NEVER_SEEN) or holder.evidence is Evidence.NONE_SEEN:
            self.claims += 1
            if any(since <= moment <= shown.as_of for moment in true):
                yield f"{holder.user_id} is called {said}, {holder.evidence}, and came"


def to_holder(name: str, key: bytes, last: Instant | None, observed: Span | None) -> Holder:
    evidence = grade(last, None, observed, 0)
    return Holder(
        key, name, "", name, "", False, False, "", (), 0, "", last, None, evidence, observed_since(observed)
    )  # fmt: skip


def live(seed: int) -> tuple[list[str], int]:
    """All that was said wrongly in a history, and how often absence was claimed at all."""
    history, wrong = History(seed), []
    for _ in range(history.roll.randrange(2, 6)):
        history.visit()
        wrong += [f"seed {seed}: {words}" for words in history.wrong()]
        history.log.now += history.roll.choice((seconds(3600), days(1), days(3), days(9), days(34)))
    return wrong, history.claims


@pytest.mark.timeout(3600 if THOROUGH else 300)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("no_power_cuts")
@pytest.mark.parametrize("part", range(4))
def test_every_claim_of_absence_is_true(part: int, capsys: pytest.CaptureFixture[str]) -> None:
    wrong: list[str] = []
    claims = 0
    for seed in range(part * HISTORIES, (part + 1) * HISTORIES):
        found, claimed = live(seed)
        wrong, claims = wrong + found, claims + claimed
    with capsys.disabled():
        sys.stdout.write(f"\n{HISTORIES:,} histories: {claims:,} claims of absence, {len(wrong)} wrong\n")
    assert wrong == []
    assert claims > 4 * HISTORIES


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("no_power_cuts")
def test_who_takes_what_was_read_for_complete_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (access.__name__, __name__):
        monkeypatch.setattr(f"{module}.proven", lambda readings, *_: join(Span(r.start, r.end) for r in readings))
    assert any(live(seed)[0] for seed in range(50))
