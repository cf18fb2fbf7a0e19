"""Visio in the pretend tenant: seats that no sign-in speaks of, and a report that tells who used it."""

from __future__ import annotations

import csv
import hashlib
import json
import urllib.request
from typing import Any

import pytest

from seatkeeper.sandbox.serve import More, Sandbox
from seatkeeper.sandbox.world.catalog import VISIO
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Settings, Tenant
from seatkeeper.sandbox.world.truth import truth
from seatkeeper.sandbox.world.truth_findings import TICKS, Reader, findings
from seatkeeper.sandbox.world.visio_use import report

from .client import NOW

PROJECT = ("roster", "access", "suspicious", "used_ever", "late", "lost", "counts")


def _tenant(**settings: Any) -> Tenant:
    return Tenant(Settings(**{"people": 17, "now": NOW, "frozen": True, "churn": 0.0, **settings}))


def _reader(tenant: Tenant, **known: Any) -> Reader:
    return Reader(15 * DAY, 30 * DAY, None, (tenant.seconds,))._replace(**known)


def _names(tenant: Tenant, rows: list[dict[str, Any]], key: str) -> list[str]:
    people = {person.id: person.given for person in tenant.directory.everybody(tenant.seconds)}
    return sorted(people[row["object_id"]] or "" for row in rows if row["finding"] == key)


def test_the_people_with_stories_hold_visio_as_their_stories_say() -> None:
    told = truth(_tenant())["products"][VISIO]
    seats = {row["first_name"]: row["skus"] for row in told["roster"]}
    one, two = "VISIOONLINE_PLAN1", "VISIOCLIENT"
    assert seats == {
        "Ada": [two], "Bo": [two], "Cy": [two], "Di": [one, two], "Flo": [one], "Gus": [one], "Ivy": [two],
        "Kim": [one], "Ned": [two],
    }  # fmt: skip
    assert told["holders"] == len(seats)


@pytest.mark.parametrize(("seed", "digest"), [(1, "7a03417ab42cd07f"), (2, "1a10db7518012959")])
def test_what_is_true_of_project_is_what_it_was_before_there_was_visio(seed: int, digest: str) -> None:
    tenant = _tenant(people=300, seed=seed, churn=30.0)
    tenant.move(days=9)
    told = truth(tenant)
    project = {name: told[name] for name in PROJECT}
    # Which groups give a seat is told since later.
    project["roster"] = [{key: row[key] for key in row if key != "groups"} for row in told["roster"]]
    assert hashlib.sha256(json.dumps(project, sort_keys=True).encode()).hexdigest()[:16] == digest


def test_the_report_lists_every_seat_and_the_use_that_comes_with_a_suite() -> None:
    tenant = _tenant()
    rows = {row["User name"].partition(".")[0]: row for row in csv.DictReader(report(tenant).splitlines())}
    assert list(rows["ada"]) == ["User name", "Display name", "Last activity date", "Desktop", "Web"]
    used = {name: (row["Desktop"], row["Web"]) for name, row in rows.items() if row["Last activity date"]}
    assert used == {
        "ada": ("Yes", "Yes"), "di": ("No", "Yes"), "flo": ("No", "Yes"), "hal": ("No", "Yes"), "ivy": ("No", "Yes"),
        "kim": ("No", "Yes"), "ned": ("Yes", "No"),
    }  # fmt: skip
    assert set(rows) - set(used) == {"bo", "cy", "gus"}


def test_nobody_used_visio_after_they_signed_in_last_or_outside_the_period() -> None:
    tenant = _tenant(people=2000)
    reported = truth(tenant)["products"][VISIO]["reported"]
    active = {
        tenant.directory.original(who).id: when
        for who, when in _last_sign_ins(tenant).items()
        if tenant.directory.at(who, tenant.seconds)
    }
    used = [row for row in reported if row["last_activity"]]
    assert len(used) > 50
    assert all(row["last_activity"] <= active[row["object_id"]] for row in used)
    week = [row["Last activity date"] for row in csv.DictReader(report(tenant, 7).splitlines())]
    assert min(filter(None, week)) == "2026-07-24"
    assert week.count("") > [row["last_activity"] for row in reported].count(None)
    with pytest.raises(ValueError, match="period"):
        report(tenant, 8)


def _last_sign_ins(tenant: Tenant) -> dict[int, str]:
    """The newest day of each account, from the log as it is."""
    newest = {}
    for day in range(tenant.log.first, tenant.seconds // DAY + 1):
        for value in tenant.log.day(day, -1):
            newest[value >> 6 & 0xFFFFFF] = day
    return {who: f"{tenant.now.fromtimestamp(day * DAY, tenant.now.tzinfo):%Y-%m-%d}" for who, day in newest.items()}


def test_names_are_concealed_in_the_report_as_in_all_others() -> None:
    tenant = _tenant()
    tenant.conceal_reports = True
    assert all(len(row["User name"]) == 32 for row in csv.DictReader(report(tenant).splitlines()))


def test_without_anything_that_shows_use_nobody_is_called_idle() -> None:
    tenant = _tenant()
    now = tenant.seconds
    reader = _reader(tenant, complete=((now - 30 * DAY) * TICKS, now * TICKS))
    rows = findings(tenant, reader, product=VISIO)
    assert not [row for row in rows if row["finding"] in {"unused", "never-seen"}]


def test_of_who_never_signed_in_anywhere_nobody_knows_whether_they_use_visio() -> None:
    tenant = _tenant()
    tenant.move(days=40)
    rows = findings(tenant, _reader(tenant, active=tenant.seconds), product=VISIO)
    assert not [row for row in rows if row["finding"] == "never-seen"]  # Bo has no date at all


def test_the_other_findings_are_about_visio_only() -> None:
    tenant = _tenant()
    rows = findings(tenant, _reader(tenant), product=VISIO)
    assert _names(tenant, rows, "blocked") == ["Cy"]
    assert _names(tenant, rows, "guest") == ["Flo"]
    assert [row["skus"] for row in rows if row["finding"] == "two-plans"] == [["VISIOONLINE_PLAN1"]]
    assert all("VISIO" in name for row in rows for name in row["skus"])
    assert not any("VISIO" in name for row in findings(tenant, _reader(tenant)) for name in row["skus"])


def test_days_change_visio_seats_too() -> None:
    tenant = _tenant(people=1500, churn=60.0)
    before = {row["object_id"]: row["skus"] for row in truth(tenant)["products"][VISIO]["roster"]}
    tenant.move(days=15)
    after = {row["object_id"]: row["skus"] for row in truth(tenant)["products"][VISIO]["roster"]}
    assert after.keys() - before.keys()
    assert before.keys() - after.keys()
    assert [one for one in before.keys() & after.keys() if before[one] != after[one]]


def test_the_control_endpoint_gives_out_the_report_and_the_findings_of_a_product() -> None:
    with Sandbox(settings=Settings(people=17, now=NOW, frozen=True), more=More(control_port=0)) as sandbox:
        with urllib.request.urlopen(f"{sandbox.control_url}/visio-activity?period=30") as answer:
            assert answer.headers["Content-Type"] == "text/csv"
            assert answer.read().decode() == report(sandbox.tenant, 30)
        asked = f"findings?product={VISIO}&threshold=15&grace=30&read={NOW}&active={NOW}"
        with urllib.request.urlopen(f"{sandbox.control_url}/{asked}") as answer:
            told = json.load(answer)
        active = sandbox.tenant.seconds
        assert told == findings(sandbox.tenant, _reader(sandbox.tenant, active=active), product=VISIO)
