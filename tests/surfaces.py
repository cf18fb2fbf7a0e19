"""What each surface says of one application, in the same words, so that they can be compared: commands, REST, pages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client
from typer.testing import CliRunner, Result

from seatkeeper.cli.main import app
from seatkeeper.services.findings import LISTED
from seatkeeper.services.listings import applications, findings, suspicious, users
from seatkeeper.services.listings.base import Listing
from tests.api.conftest import Caller

Row = Mapping[str, Any]
Counts = Mapping[str, Any]

HOLDER = (
    "Object ID", "User ID", "Email", "First Name", "Last Name", "Active Date", "Blocked", "Guest", "Department",
    "Plans", "Assigned By", "Last Login", "Evidence", "Observed Since", "Status", "Last Possible", "Last In Tenant",
)  # fmt: skip
UNLICENSED = ("User ID", "Type", "Sign-ins", "First Seen", "Last Seen", "State")
FINDING = (
    "Finding", "User ID", "Plan", "Evidence", "Observed Since", "Last Login", "Monthly Cost", "Advice", "Could Save",
    "State",
)  # fmt: skip
STATUSES = ("active", "possibly active", "inactive", "never seen", "not observable")
COUNTED = ("bought", "assigned", "holders", *STATUSES, "suspicious", "findings", "health", "last complete run")
A_MONTH = {"saved": "saved", "could save": "could_save"}  # in the report, with the fields of a summary
A_YEAR = {
    "bought, a year": "bought_cost",
    "idle, a year": "idle_cost",
    "could be saved, a year": "could_save",
    "saved, a year": "saved",
}


@dataclass(frozen=True)
class Said:
    """What one surface says; `counts` are the application's figures by their titles in lower case."""

    holders: list[tuple[Any, ...]]
    unlicensed: list[tuple[Any, ...]]
    findings: list[tuple[Any, ...]]
    counts: Counts


@dataclass(frozen=True)
class Surfaces:
    """All ways to ask, of the same person's organization."""

    name: str
    application: int
    browser: Client
    caller: Caller

    def of_commands(self) -> Said:
        roster, access = (rows(word, self.name) for word in ("roster", "access"))
        uses = {row["Object ID"]: row for row in access}
        assert list(uses) == [row["Object ID"] for row in roster]
        (report,) = rows("report", self.name)
        (listed,) = [row for row in rows("apps", "list") if row["Name"] == self.name]
        assert report["Health"] == listed["Health"]
        return Said(
            to_cells(HOLDER, [{**row, **uses[row["Object ID"]]} for row in roster]),
            to_cells(UNLICENSED, rows("suspicious", self.name)),
            to_cells(FINDING, rows("findings", self.name)),
            to_counts(report, (*COUNTED, *A_MONTH)),
        )

    def of_rest(self) -> Said:
        def read(path: str, listing: Listing[Any]) -> list[Row]:
            status, page = self.caller.get(f"{path}?size=1000")
            assert (status, page["pages"]) == (200, 1)
            return [{column.title: row[column.key] for column in listing.columns} for row in page["rows"]]

        return self._of_listings(read)

    def of_pages(self) -> Said:
        def read(path: str, _listing: Listing[Any]) -> list[Row]:
            answer = self.browser.get(f"{path}/export.json")
            return json.loads(answer.getvalue())  # type: ignore[no-any-return]

        return self._of_listings(read)

    def _of_listings(self, read: Callable[[str, Any], list[Row]]) -> Said:
        path = f"/applications/{self.application}"
        listed = read(f"{path}/findings", findings.LISTING)
        found = [{**row, "Could Save": row["Could Save, a month"]} for row in listed if row["State"] in LISTED]
        (mine,) = [row for row in read("/applications", applications.LISTING) if row["Application"] == self.name]
        return Said(
            to_cells(HOLDER, read(f"{path}/users", users.LISTING)),
            to_cells(UNLICENSED, read(f"{path}/suspicious", suspicious.LISTING)),
            to_cells(FINDING, found),
            to_counts(mine, (*COUNTED, *A_YEAR)),
        )

    def of_overview(self) -> tuple[Counts, Counter[str], int]:
        """The figures of the Overview page, its open findings by key, and how many people its buckets hold."""
        context = self.browser.get(f"/applications/{self.application}").context
        summary = context["summary"]
        parts = {row[0]: row[1] for row in context["use"].rows}
        figures = {title: parts[title] for title in STATUSES} | {
            title: getattr(summary, title) for title in ("bought", "assigned", "holders", "suspicious", "findings")
        }
        figures |= {title: getattr(summary, field).a_month for title, field in A_MONTH.items()}
        figures |= {title: getattr(summary, field).a_year for title, field in A_YEAR.items()}
        open_ones = Counter({part.label.lower(): part.value for part in context["findings"]})
        return figures, open_ones, sum(row[1] for row in context["since"].rows)

    def compare(self) -> Said:
        """Ask all of them, and fail where two differ; what they say."""
        commands, rest, pages = self.of_commands(), self.of_rest(), self.of_pages()
        for part in ("holders", "unlicensed", "findings"):
            assert getattr(commands, part) == getattr(pages, part) == getattr(rest, part), part
        assert rest.counts == pages.counts
        overview, open_ones, people = self.of_overview()
        told = {**commands.counts, **rest.counts}
        assert overview == {title: told[title] for title in overview}
        assert commands.counts == {title: {**rest.counts, **overview}[title] for title in commands.counts}
        self._count(commands, open_ones, people)
        return commands

    def _count(self, said: Said, open_ones: Counter[str], people: int) -> None:
        """The figures are those of the rows."""
        status, state = HOLDER.index("Status"), FINDING.index("State")
        assert {title: said.counts[title] for title in STATUSES} == {
            title: sum(row[status] == title for row in said.holders) for title in STATUSES
        }
        assert said.counts["holders"] == len(said.holders) == people
        assert said.counts["suspicious"] == sum(row[UNLICENSED.index("State")] == "open" for row in said.unlicensed)
        keys = Counter(row[0].replace("-", " ") for row in said.findings if row[state] == "open")
        assert keys == open_ones
        assert said.counts["findings"] == keys.total()


def invoke(*words: str) -> Result:
    """A command, in this process and with the database that the test has."""
    return CliRunner().invoke(app, words)


def run(*words: str) -> str:
    """The same, for its rows."""
    done = invoke(*words)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def rows(*words: str) -> list[Row]:
    return json.loads(run(*words, "--format", "json"))  # type: ignore[no-any-return]


def to_cells(titles: Iterable[str], told: Iterable[Row]) -> list[tuple[Any, ...]]:
    """Rows in one order; what is empty is empty, in whatever way a surface writes that."""
    return sorted((tuple(row[title] or "" for title in titles) for row in told), key=repr)


def to_counts(row: Row, titles: Iterable[str]) -> Counts:
    cells = {title.lower(): cell for title, cell in row.items()}
    return {title: "" if cells[title] is None else cells[title] for title in titles}
