"""Small tenants whose answers are spoiled, one read after the other, and what must hold in our database after each.

All of ours is real down to the bytes of HTTP: command, client, door, SQLite. The tenant is in this process, and the
wire is memory (or, for a part, sockets with TLS).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from seatkeeper.app_uses import to_app_use
from seatkeeper.connectors.microsoft import roster
from seatkeeper.connectors.microsoft.access import LOG
from seatkeeper.model import NOBODY, Account, RunStatus, to_id, to_instant, to_key
from seatkeeper.sandbox.world.truth import truth
from seatkeeper.services import runs
from seatkeeper.services.applications import add_application
from seatkeeper.services.members import operator
from seatkeeper.services.roster import roster as seat_holders
from seatkeeper.store import models as tables
from seatkeeper.sync.coverage import read_ledger, watched_by
from tests.conftest import forget_limits
from tests.hostile.designs import MUTANTS
from tests.hostile.poison import DAMAGE, NEXT, POISONS, SILENT
from tests.hostile.spoiler import LISTS, Spoiler
from tests.hostile.wire import serving, speaking
from tests.people import NAME, Quiet, rows, same_time
from tests.property.events import Log
from tests.property.source import HOST, Source, empty_database

PATHS = {"roster": ("/v1.0/users", "/v1.0/users/delta"), "access": ("/v1.0/auditLogs/signIns",)}
SPANS = (0, 0, 0, 0, 2, 7, 25, 80, 8 * 24)  # hours between two reads: none, or too long for a read to be resumed
CLEAN = 0.12  # of the reads are not spoiled
Fields = tuple[Any, ...]


@dataclass
class Tally:
    """Figures of any number of lives."""

    reads: int = 0  # runs in which at least one answer was spoiled
    answers: int = 0  # spoiled
    singles: int = 0  # of them about a single person
    clean: int = 0
    lives: int = 0
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    lists: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("reads", "answers", "singles", "clean", "lives"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.words += other.words
        self.lists += other.lists
        self.wrong += other.wrong


class Life:
    """One tenant, one database, many reads."""

    def __init__(self, seed: int, tally: Tally) -> None:
        self.r, self.tally, self.seed = random.Random(seed), tally, seed
        empty_database()
        self.source, self.who = Source(seed, people=self.r.randint(30, 60), sign_ins=150), operator()
        self.log, self.spoiler = Log(self.source), Spoiler(self.source, self.r)
        self.ever: set[Fields] = set()
        self.seats: set[Fields] = set()
        self.moment = -1
        self.doubt = {"roster": False, "access": False}  # something was left out that nobody can miss
        self.doubted = dict(self.doubt)  # before the last run, or after it
        self.unended = dict(self.doubt)  # the same in a read that failed: the next run may go on with it
        self.excused: set[str] = set()  # left out so, and forgotten by the vendor before it was read again
        self.story: list[str] = []
        self.names: Sequence[str] = ()
        self.url = self.ca_file = ""

    def live(self, reads: int) -> None:
        given = self.source.new_application(NAME)
        if self.url:
            given = replace(given, login_url=self.url, graph_url=self.url, ca_file=Path(self.ca_file).read_text())
        add_application(self.who, given)
        self.seen = self.published(), self.roster()
        self.learn()
        while self.tally.reads < reads and not self.tally.wrong:
            self.step()
        self.end()
        self.tally.lives += 1

    def step(self) -> None:
        """Some time, then a run of which an answer is spoiled."""
        if hours := self.r.choice(SPANS):
            self.source.move(hours)
        self.learn()
        task, full = self.r.choice(("roster", "roster", "access")), self.r.random() < 0.4
        name = "" if self.r.random() < CLEAN else self.r.choice(self.names)
        forever = name not in SILENT and self.r.random() < 0.6
        before = self.seen
        if name:
            self.spoiler.arm((POISONS | SILENT)[name], PATHS[task], self.r.choice((0, 0, 1, 1, 2)), forever=forever)
            if name in SILENT:  # who is on no page is asked for one by one: these answers are spoiled too
                self.spoiler.alone = DAMAGE[self.r.choice([*DAMAGE])] if self.r.random() < 0.5 else None
        (result,) = self.run(task, full)
        spoiled, singles, mine = self.spoiler.done, self.spoiler.singles, LISTS[self.spoiler.last or PATHS[task][0]]
        self.spoiler.arm(None, (), 0)
        assert result.run is not None
        how = f"{name or 'clean'}{' for ever' * forever} x{spoiled}+{singles}"
        self.story.append(f"+{hours} h, {mine}: {how} -> {result.run.status}")
        self.note(name if spoiled else "", mine, str(result.run.status), spoiled + singles)
        self.tally.singles += singles
        self.follow(task, result, silent=name in SILENT and spoiled > 0, full=full)
        self.judge(before)
        self.decide(result)

    def run(self, task: str, full: bool) -> list[runs.TaskResult]:
        return list(runs.sync(self.who, runs.SyncRequest(NAME, [task], full), Quiet(), clock=self.source.clock))

    def note(self, name: str, mine: str, word: str, spoiled: int) -> None:
        if not name:
            self.tally.clean += 1
            return
        self.tally.reads += 1
        self.tally.answers += spoiled
        self.tally.words[name, word] += 1
        self.tally.lists[mine] += 1

    def follow(self, task: str, result: runs.TaskResult, *, silent: bool, full: bool) -> None:
        """A loss that cannot be told lasts until everything is read again; the weekly sweep is not everything."""
        assert result.run is not None
        self.doubted = {key: value or (silent and key == task) for key, value in self.doubt.items()}
        whole_read = result.run.status == RunStatus.COMPLETE and (full or (task == "roster" and result.run.full))
        if result.run.status != RunStatus.COMPLETE:
            self.unended[task] = self.unended[task] or silent
            return
        if silent or self.unended[task]:
            self.doubt[task] = True
        elif whole_read:
            self.doubt[task] = False
        self.unended[task] = False

    def decide(self, result: runs.TaskResult) -> None:
        if result.run is not None and result.run.status == RunStatus.HELD and self.r.random() < 0.3:
            runs.discard_run(self.who, result.run.pk)

    # --- the truth, worked out anew whenever time has passed --------------------------------------------------------

    def learn(self) -> None:
        if self.moment == self.source.now:
            return
        self.moment = self.source.now
        self.everybody = self.all(f"/v1.0/users?$select={roster.SELECT}&$top=500")
        self.true = {to_key(row["id"]): to_fields(row) for row in self.everybody}
        self.ever |= {(key, *fields) for key, fields in self.true.items()}
        for row in self.everybody:
            self.seats |= {(to_key(row["id"]), to_key(held["skuId"])) for held in row["assignedLicenses"]}
        self.true_roster = {
            row["object_id"]: (row["user_id"], row["email"] or "", same_time(row["active_date"]), row["blocked"])
            for row in truth(self.source.tenant)["roster"]
        }
        self.told = {event.id: event for event in self.log.events()}

    def published(self) -> dict[bytes, Fields]:
        generation = tables.Task.objects.get(key="roster").generation
        current = tables.Account.objects.filter(since__lte=generation, until__gt=generation)
        return {row[0]: row[1:] for row in current.values_list(*ACCOUNT)}

    def roster(self) -> dict[str, Fields]:
        return {
            row["Object ID"]: (row["User ID"], row["Email"], same_time(row["Active Date"]), row["Blocked"])
            for row in rows(seat_holders(self.who, NAME))
        }

    # --- what must hold ---------------------------------------------------------------------------------------------

    def judge(self, before: tuple[dict[bytes, Fields], dict[str, Fields]]) -> None:
        for words in (*self.judge_people(before), *self.judge_sign_ins(), *self.judge_ledgers()):
            self.tally.wrong.append(self.tell(words))

    def judge_people(self, before: tuple[dict[bytes, Fields], dict[str, Fields]]) -> Iterator[str]:
        now, seen = self.seen = self.published(), self.roster()
        if lost := (before[0].keys() & self.true.keys()) - now.keys():
            yield f"{len(lost)} were retired who are there"
        if not self.doubt["roster"] and now not in (before[0], self.true):
            yield f"accounts neither of before ({len(before[0])}) nor of now ({len(self.true)}): {len(now)}"
        if not self.doubt["roster"] and seen not in (before[1], self.true_roster):
            yield f"a roster neither of before nor of now: {len(seen)}"
        if invented := set(tables.Account.objects.values_list(*ACCOUNT)) - self.ever:
            yield f"accounts that never were: {invented}"
        if strange := set(tables.Seat.objects.values_list("account", "sku")) - self.seats:
            yield f"seats that never were: {strange}"

    def judge_sign_ins(self) -> Iterator[str]:
        kept = list(tables.SignIn.objects.values_list("event", "created", "account", "error_code"))
        stored = {to_id(event): (created, to_id(account), code) for event, created, account, code in kept}
        if len(stored) < len(kept):
            yield "a sign-in is there twice"
        nobody = to_id(NOBODY)
        for event, told in stored.items():
            true = self.told.get(event)
            if true is None or (true.created, true.account or nobody, true.error_code) != told:
                yield f"sign-in {event} never was"
        application = tables.Application.objects.get()
        spans = read_ledger(application.connection_id).proven(watched_by(application))
        absent = {
            e.id for e in self.told.values() if e.id not in stored and any(s.start <= e.created <= s.end for s in spans)
        }
        if self.doubted["access"]:
            self.excused = {i for i in absent if self.told[i].created < self.source.now - LOG.retention}
        if not self.doubt["access"] and (absent := absent - self.excused):
            yield f"{len(absent)} sign-ins lie in a stretch that is called complete and are not there"

    def judge_ledgers(self) -> Iterator[str]:
        leases = tables.Task.objects.exclude(lease_owner="")
        if tables.Run.objects.filter(status=RunStatus.RUNNING).exists() or leases.exists():
            yield "a run or a lease is open"

    def tell(self, words: str) -> str:
        return f"seed {self.seed}: {words}; " + "; ".join(self.story[-4:])

    def end(self) -> None:
        """A clean run of everything, and all is as it is in truth."""
        if self.tally.wrong:
            return
        self.learn()
        for task in ("licenses", "roster", "access"):
            (result,) = self.run(task, full=True)
            assert result.run is not None
            if result.run.status == RunStatus.HELD:  # many left since the last read that came to its end
                runs.confirm_run(self.who, result.run.pk)
            elif result.exit_code:
                self.tally.wrong.append(self.tell(f"a clean run ended with {result.exit_code}: {result.message}"))
        self.doubted, self.doubt = self.doubt, {"roster": False, "access": False}
        self.story.append("clean end")
        self.judge((self.true, self.true_roster))
        stored = {to_id(event) for event in tables.SignIn.objects.values_list("event", flat=True)}
        visible = {row["id"] for row in self.shown()}
        if not visible <= stored:
            self.tally.wrong.append(self.tell(f"{len(visible - stored)} sign-ins are missing after a clean run"))

    def shown(self) -> list[dict[str, Any]]:
        """All sign-ins to the product that the vendor shows now."""
        names = tables.SignInApp.objects.values_list("guid", flat=True)
        apps = " or ".join(f"appId eq '{app}'" for app in sorted({to_app_use(name).client for name in names}))
        return self.all(f"/v1.0/auditLogs/signIns?$filter={quote(apps)}&$top=500") if apps else []

    def all(self, link: str) -> list[dict[str, Any]]:
        """A list of the vendor's, read without any code of ours."""
        link, token = f"https://{HOST}{link}", self.source.token()
        found: list[dict[str, Any]] = []
        while link:
            page = self.source.get(link, token)
            found += page["value"]
            link = page.get(NEXT, "")
        return found


ACCOUNT = tuple(name for name in Account._fields if name != "licensing")
_JSON = ("userPrincipalName", "mail", "givenName", "surname", "displayName", "accountEnabled", "userType",
         "createdDateTime", "department", "usageLocation")  # fmt: skip


def to_fields(row: dict[str, Any]) -> Fields:
    """A person as we must have stored it, read without our decoder."""
    found = [row.get(name) for name in _JSON]
    found[7] = to_instant(found[7]) if found[7] else None
    return tuple(found)


def live(
    seed: int, reads: int, folder: Path | None = None, *, mutant: str = "", names: Sequence[str] = (*POISONS, *SILENT)
) -> Tally:
    """One life in the database that is open; over sockets with TLS when there is a folder for their certificate."""
    tally = Tally()
    life = Life(seed, tally)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        forget_limits(patch)
        if mutant:
            change, names = MUTANTS[mutant]
            change(patch)
        life.names = names
        if folder is None:
            stack.enter_context(speaking(life.spoiler))
        else:
            life.url, life.ca_file = stack.enter_context(serving(life.spoiler, folder))
        life.live(reads)
    return tally
