"""Thousands of histories of a sign-in log that is late, forgets and is read in pieces: every claim of absence is true.

The log is a list in memory; reading it, the ledger of coverage and what is said of people are ours, in a real database.
Sign-ins come up to a day late, which is as late as we promise to wait for one that nobody has met yet. Which products
are managed changes from visit to visit, and with it what is asked for; absence is claimed for each product.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import pytest
from django.db import transaction

from seatkeeper.app_uses import INTERACTIVE, AppSignIns
from seatkeeper.clock import days, seconds
from seatkeeper.connectors.base import RecordPage
from seatkeeper.connectors.microsoft.access import LOG
from seatkeeper.insights.base import SIGN_INS, Holder, Sighting, Snapshot
from seatkeeper.insights.evidence import Activity, activity, grade, observed_since
from seatkeeper.model import Evidence, Instant, SignIn, to_key
from seatkeeper.services.members import operator
from seatkeeper.spans import Span, join, last_unbroken
from seatkeeper.store.models import Connection, Run, Task
from seatkeeper.store.models import SignIn as Kept
from seatkeeper.sync import access, coverage
from seatkeeper.sync.coverage import read_ledger
from tests.thorough import THOROUGH

HISTORIES: Final = 5_000 if THOROUGH else 50  # of each part
BEGIN: Final = days(20_000)
THRESHOLD: Final = days(15)
PEOPLE: Final = [to_key(f"00000000-0000-4000-8000-{number:012}") for number in range(1, 5)]
NAMES: Final = ("Ada", "Bo", "Eve", "Gus")
APPS: Final = [f"22222222-0000-4000-8000-{number:012}" for number in range(3)]
ONE, TWO, THREE = (AppSignIns(app) for app in APPS)
PRODUCTS: Final = (frozenset({ONE}), frozenset({ONE, TWO}), frozenset({THREE}))


class Event(NamedTuple):
    """A success, with when the log shows it."""

    sign_in: SignIn
    shown: Instant


class Log:
    """The vendor: what it shows at a moment, newest first, three rows a page. Each page takes it some time."""

    wanted: frozenset[AppSignIns]
    log = LOG

    def __init__(self, roll: random.Random) -> None:
        self.roll, self.now = roll, BEGIN
        self.events = sorted(self._events(), key=lambda event: -event.sign_in.created)

    def _events(self) -> Iterator[Event]:
        for number in range(self.roll.randrange(4, 25)):
            who = self.roll.choice(PEOPLE[:3])
            created = BEGIN + self.roll.randrange(-days(35), days(50))
            late = self.roll.choice((seconds(60), seconds(60), seconds(300), seconds(7200), LOG.lateness))
            event = to_key(f"11111111-0000-4000-8000-{number:012}")
            yield Event(
                SignIn(event, who, self.roll.choice(APPS), created, 0, "x"), created + self.roll.randrange(late)
            )

    def vendor_time(self, _clock: object) -> Instant:
        return self.now

    def find_sign_in(self, start: Instant, end: Instant) -> Instant | None:
        """Somebody signs in to something at all times."""
        oldest = max(start, self.now - LOG.retention)
        return oldest if oldest <= min(end, self.now) else None

    def read_sign_ins(self, asked: frozenset[AppSignIns], start: Instant, end: Instant) -> Iterator[RecordPage[SignIn]]:
        below = end + 1
        while True:
            rows = [
                event.sign_in
                for event in self.events
                if start <= event.sign_in.created < below
                and AppSignIns(event.sign_in.app) in asked
                and event.shown <= self.now
                and event.sign_in.created >= self.now - LOG.retention
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
        self.run = Run.objects.create(task=self.task, status="running", started=BEGIN, **mine)

    def visit(self) -> None:
        """Read what is not proven, a page and a commit at a time, to the end or to a kill."""
        left = self.roll.randrange(1, 12) if self.roll.random() < 0.4 else 1_000
        self.log.wanted = frozenset().union(*self.roll.sample(PRODUCTS, self.roll.choice((1, 2, 3, 3))))
        kind = SimpleNamespace(sign_ins=INTERACTIVE, weighed=False)
        work: Any = SimpleNamespace(task=self.task, run=self.run, kind=kind, connector=self.log, clock=None, full=False)
        reading = access.AccessReading(work)
        for page in reading.pages():
            with transaction.atomic():
                reading.save(page)
            left -= 1
            if not left:
                return

    def wrong(self) -> list[str]:
        """What is said of anybody's use of any product and is not true."""
        ledger, wrong = read_ledger(self.link.pk), list[str]()
        for product in PRODUCTS:
            observed = last_unbroken(ledger.proven(product))
            seen = dict.fromkeys(PEOPLE, 0)
            kept = Kept.objects.filter(connection=self.link, app__guid__in=[one.app for one in product])
            for account, created in kept.values_list("account", "created"):
                seen[bytes(account)] = max(seen[bytes(account)], created)
            people = zip(NAMES, PEOPLE, strict=True)
            holders = [to_holder(name, key, seen[key] or None, observed) for name, key in people]
            shown = Snapshot(self.log.now, THRESHOLD, 0, observed, holders, (), ())
            wrong += [words for holder in holders for words in self.judge(product, holder, shown)]
        return wrong

    def judge(self, product: frozenset[AppSignIns], holder: Holder, shown: Snapshot) -> Iterator[str]:
        uses = [event.sign_in for event in self.log.events if AppSignIns(event.sign_in.app) in product]
        true = [sign_in.created for sign_in in uses if sign_in.account == holder.account]
        said, since = activity(holder, shown), holder.observed_since or 0
        if said is Activity.INACTIVE:
            since = shown.as_of - shown.threshold
        if said in (Activity.INACTIVE, Activity.NEVER_SEEN) or holder.evidence is Evidence.NONE_SEEN:
            self.claims += 1
            if any(since <= moment <= shown.as_of for moment in true):
                yield f"{holder.user_id} is called {said}, {holder.evidence}, and came"


def to_holder(name: str, key: bytes, last: Instant | None, observed: Span | None) -> Holder:
    signals = (Sighting(SIGN_INS, last, True),)
    evidence, since = grade(signals, observed, 0), observed_since(signals, observed)
    return Holder(key, name, "", name, "", False, False, "", (), 0, "", signals, evidence, since)


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
@pytest.mark.usefixtures("database")
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
@pytest.mark.usefixtures("database")
def test_a_reading_that_claims_what_it_did_not_ask_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = frozenset().union(*PRODUCTS)
    monkeypatch.setattr(access, "number_of", lambda _asked: coverage.number_of(everything))
    assert any(live(seed)[0] for seed in range(50))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("database")
def test_who_takes_what_was_read_for_complete_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "proven", lambda readings, *_: join(Span(r.start, r.end) for r in readings))
    assert any(live(seed)[0] for seed in range(50))
