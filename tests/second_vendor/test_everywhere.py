"""A vendor that is a folder in tests/ shows on every page, in REST and in the commands; nothing in src knows it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from typer.testing import CliRunner

from seatkeeper.cli.main import app
from seatkeeper.services import applications, runs
from seatkeeper.services.members import operator
from seatkeeper.store.models import Application, Connection, Run
from tests.api.conftest import Calls
from tests.people import Quiet
from tests.web.conftest import SignedIn

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in()


@pytest.fixture
def canvas(browser: Client, roster_file: Path) -> Application:
    """Added by its page, and read once."""
    answer = browser.post(
        "/applications/add?product=paper-canvas",
        {"name": "Canvas", "tasks": "roster", "path": str(roster_file), "threshold_days": "60", "then": "save"},
    )
    assert answer.status_code == 302, answer.content.decode()
    results = list(runs.sync(operator(), runs.SyncRequest(), Quiet()))
    assert [(result.kind.title, result.exit_code) for result in results] == [("People of the file", 0)]
    return Application.objects.get()


def page(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    text = answer.content.decode()
    assert "Microsoft" not in text or not re.match(r"/(runs|applications)/\d", address), address
    return text


def test_it_is_in_the_catalogue_and_its_panel_asks_its_one_question(browser: Client) -> None:
    assert "Canvas (Paper) Roster File" in page(browser, "/applications/add?q=canvas")
    panel = page(browser, "/applications/add?product=paper-canvas")
    assert 'name="path"' in panel
    assert "Write who holds which plan into a JSON file." in panel
    assert "People of the file" in panel
    assert not any(name in panel for name in ("Microsoft", "client_id", "More options", "Entra"))
    wrong = {"name": "x", "tasks": "roster", "threshold_days": "60", "path": "people.csv"}
    refused = browser.post("/applications/add?product=paper-canvas", wrong)
    assert refused.status_code == 422
    assert "ends in .json" in refused.content.decode()


def test_every_page_shows_it(browser: Client, canvas: Application, roster_file: Path) -> None:
    mine = f"/applications/{canvas.pk}"
    assert "Paper Canvas" in page(browser, "/applications?product=paper-canvas")
    assert "Canvas" in page(browser, mine)
    users = page(browser, f"{mine}/users")
    assert "ada@paper.example" in users
    assert "Canvas Studio" in users
    assert "hal@paper.example" not in users
    assert "cy@paper.example" in page(browser, f"{mine}/users?plan=studio&blocked=yes")
    assert "Canvas Basic" in page(browser, f"{mine}/licenses")
    findings = page(browser, f"{mine}/findings")
    assert "Canvas Studio covers it: drop Canvas Basic." in findings
    assert "cy@paper.example" in findings
    assert "acme" in page(browser, f"{mine}/integration")
    assert "not observable" in page(browser, f"{mine}/users/ada")
    assert "The file can be read" in browser.post(f"{mine}/authorize").content.decode()
    for tab in ("suspicious", "activity", "runs", "quarantine", "edit", "what-if", "exceptions", "plans", "delete"):
        page(browser, f"{mine}/{tab}")
    assert browser.get(f"{mine}/activity-report").status_code == 404
    assert "People of the file" in page(browser, f"/runs/{Run.objects.get().pk}")
    assert str(roster_file) not in page(browser, f"{mine}/edit")


def test_an_edit_of_its_form_reads_another_file(browser: Client, canvas: Application, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("broken")
    sent = {"name": "Canvas", "tasks": "roster", "path": str(other), "threshold_days": "90"}
    assert browser.post(f"/applications/{canvas.pk}/edit", sent).status_code == 302
    checks = list(applications.authorize(operator(), "Canvas"))
    assert [check.passed for check in checks] == [False]
    assert Connection.objects.get().tenant_id == "acme"


def test_rest_adds_reads_and_lists_it(calls: Calls, roster_file: Path) -> None:
    caller = calls()
    new = {"product": "paper-canvas", "name": "Canvas", "fields": {"path": str(roster_file)}}
    status, added = caller.call("POST", "/applications", new)
    assert (status, added["tenant_id"], added["tasks"]) == (201, "acme", ["roster"])
    assert str(roster_file) not in json.dumps(added)
    list(runs.sync(operator(), runs.SyncRequest(), Quiet()))
    users = caller.get(f"/applications/{added['id']}/users")[1]["rows"]
    assert [user["user_id"] for user in users] == ["ada@paper.example", "cy@paper.example", "di@paper.example"]
    assert [task["title"] for task in caller.get(f"/applications/{added['id']}/tasks")[1]] == ["People of the file"]
    status, problem = caller.call("POST", "/applications", new | {"name": "x", "fields": {"secret": "x"}})
    assert status == 422
    assert "path" in json.dumps(problem)


def test_commands_add_read_and_report_it(roster_file: Path) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(app, [*words])
        assert done.exit_code == 0, (words, done.output, done.exception)
        return done.stdout

    run("apps", "add", "paper-canvas", "--name", "Canvas", "--field", f"path={roster_file}")
    assert "The file can be read" in run("apps", "authorize", "Canvas")
    run("sync", "Canvas")
    assert "di@paper.example" in run("roster", "Canvas", "--format", "csv")
    assert "not observable" in run("access", "Canvas", "--format", "csv")
    assert "two-plans,di@paper.example" in run("findings", "Canvas", "--format", "csv")
    assert "People of the file" in run("runs", "Canvas", "--format", "csv")
    assert "acme" in run("apps", "list", "--format", "csv")
    assert str(roster_file) not in run("apps", "show", "Canvas")
    assert "Canvas" in run("report", "Canvas")


def test_both_vendors_live_side_by_side(browser: Client, canvas: Application) -> None:
    panel = page(browser, "/applications/add?product=microsoft-project")
    assert "Client Secret" in panel
    assert "Roster File" not in panel
    listed = page(browser, "/applications")
    assert "Paper Canvas" in listed
