"""Three wrong designs over the same tenant. The harness must find each of them wrong, every time.

They read sign-ins as the vendor's own examples do, and differ from each other only in what is saved when.
"""

from __future__ import annotations

import json
import sqlite3
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seatkeeper.model import TICKS, Instant, to_text
from seatkeeper.sandbox.world.catalog import apps
from tests.crash.children import Child
from tests.crash.designs import How, Verdict
from tests.crash.world import World

RETENTION = 30 * 86_400 * TICKS
Row = tuple[str, str, str]


def fetch(ready: dict[str, str], url: str, form: dict[str, str] | None = None, token: str = "") -> Any:
    """JSON of one answer, asked as simply as can be."""
    body = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(url, body, {"Authorization": f"Bearer {token}"} if token else {})
    context = ssl.create_default_context(cafile=ready["ca_file"])
    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
        return json.load(answer)


def get_token(ready: dict[str, str]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": ready["client_id"],
        "client_secret": ready["client_secret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    return str(fetch(ready, f"{ready['login_url']}/{ready['tenant_id']}/oauth2/v2.0/token", form)["access_token"])


def read_all(ready: dict[str, str], path: str, **query: str) -> Iterator[list[dict[str, Any]]]:
    """Every page of a collection."""
    token = get_token(ready)
    link = f"{ready['graph_url']}/v1.0/{path}?" + urllib.parse.urlencode({f"${k}": v for k, v in query.items()})
    while link:
        page = fetch(ready, link, token=token)
        yield page["value"]
        link = page.get("@odata.nextLink", "")


def read_sign_ins(ready: dict[str, str], since: Instant, top: int = 100) -> Iterator[list[Row]]:
    """Sign-ins to the product since a moment, a page at a time."""
    names = " or ".join(f"appId eq '{app.id}'" for app in apps() if app.grade() != "other")
    asked = f"createdDateTime ge {to_text(since)} and ({names})"
    for page in read_all(ready, "auditLogs/signIns", filter=asked, top=str(top)):
        yield [(row["id"], row["createdDateTime"], row["userId"]) for row in page]


class Mutant:
    """What the three share: a table, and a watermark up to which everything is believed to be read."""

    name = ""
    key = ""

    def __init__(self, folder: Path, url: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file, self.state = folder, folder / "data.sqlite3", folder / "state.json"

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, isolation_level=None)

    def prepare(self, world: World) -> None:
        with self.connect() as base:
            base.execute(f"CREATE TABLE events (id TEXT {self.key}, created TEXT, account TEXT)")
            base.execute("CREATE TABLE state (watermark INTEGER)")

    def start(self, world: World, how: How = How()) -> Child:  # noqa: B008 - it is frozen
        now, ready = world.now, world.ready

        def act() -> int:
            self.run(ready, now)
            return 0

        return Child(act, self.folder / "log")

    def run(self, ready: dict[str, str], now: Instant) -> None:
        raise NotImplementedError

    def watermark(self, now: Instant) -> Instant:
        return int(json.loads(self.state.read_text())) if self.state.exists() else now - RETENTION

    def set_watermark(self, now: Instant) -> None:
        draft = self.state.with_suffix(".draft")
        draft.write_text(json.dumps(now))
        draft.replace(self.state)

    def keep(self, base: sqlite3.Connection, rows: list[Row]) -> None:
        base.execute("BEGIN IMMEDIATE")
        base.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
        base.execute("COMMIT")

    def peek(self) -> Verdict:
        return Verdict()

    def judge(self, world: World) -> Verdict:
        verdict = Verdict()
        with self.connect() as base:
            kept = [row for (row,) in base.execute("SELECT id FROM events")]
        verdict.compare("event", kept, [event.id for event in world.truth().events if event.visible])
        return verdict


class DataThenState(Mutant):
    """Rows are appended, then a state file says how far: what was appended before a kill is appended again."""

    name = "data, then state file"

    def run(self, ready: dict[str, str], now: Instant) -> None:
        base = self.connect()
        for rows in read_sign_ins(ready, self.watermark(now)):
            self.keep(base, rows)
        self.set_watermark(now)


class StateThenData(Mutant):
    """The state file says how far, then rows are appended: what a kill cut off is never read again."""

    name = "state file, then data"

    def run(self, ready: dict[str, str], now: Instant) -> None:
        base = self.connect()
        since = self.watermark(now)
        self.set_watermark(now)
        for rows in read_sign_ins(ready, since):
            self.keep(base, rows)


class LastQueryTime(Mutant):
    """Rows and watermark commit together, with a key; but the watermark is when we asked: late events are lost."""

    name = "watermark = last query time"
    key = "PRIMARY KEY"

    def run(self, ready: dict[str, str], now: Instant) -> None:
        base = self.connect()
        row = base.execute("SELECT watermark FROM state").fetchone()
        rows = [row for page in read_sign_ins(ready, to_since(row, now)) for row in page]
        base.execute("BEGIN IMMEDIATE")
        base.executemany("INSERT OR REPLACE INTO events VALUES (?, ?, ?)", rows)
        base.execute("DELETE FROM state")
        base.execute("INSERT INTO state VALUES (?)", (now,))
        base.execute("COMMIT")


def to_since(row: tuple[int] | None, now: Instant) -> Instant:
    return row[0] if row else now - RETENTION


MUTANTS: tuple[type[Mutant], ...] = (DataThenState, StateThenData, LastQueryTime)
