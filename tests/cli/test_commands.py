"""The command contract: words, columns, exit codes, rows on stdout and nothing else there."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seatkeeper.services import roster, suspicious
from tests.cli.conftest import Shell
from tests.thorough import THOROUGH


def test_an_application_is_added_authorized_read_and_shown(shell: Shell) -> None:
    assert shell.add().code == 0
    authorized = shell.run("apps", "authorize", "Project")
    assert authorized.code == 0
    assert "✗" not in authorized.out
    assert shell.sync().code == 0
    for command, columns in (
        ("roster", tuple(roster.ROSTER)),
        ("access", tuple(roster.ACCESS)),
        ("suspicious", tuple(suspicious.COLUMNS)),
    ):
        done = shell.run(command, "Project", "--format", "csv")
        assert (done.code, done.err) == (0, "")
        assert tuple(next(csv.reader(io.StringIO(done.out)))) == columns
        assert shell.start(command, "Project", "--format", "csv") == done  # a process says what this one does
        as_json = json.loads(shell.run(command, "Project", "--format", "json").out)
        as_lines = [json.loads(line) for line in shell.run(command, "Project", "--format", "jsonl").out.splitlines()]
        assert as_json == as_lines
        assert tuple(as_json[0]) == columns
    report = shell.run("report", "Project")
    assert report.code == 0
    assert "ada.berg" in report.out


def test_output_goes_to_a_file_when_asked(shell: Shell) -> None:
    shell.add()
    target = shell.home.parent / "out.csv"
    assert shell.run("roster", "Project", "--format", "csv", "--output", str(target)).out == ""
    assert target.read_text().startswith("User ID,Email,First Name,Last Name,Active Date")


@pytest.mark.parametrize("words", [("check",), ("apps", "list"), ("report",), ("apps", "list", "--format", "csv")])
def test_a_file_that_cannot_be_written_is_named_in_every_form(shell: Shell, words: tuple[str, ...]) -> None:
    shell.add()
    done = shell.run(*words, "--output", str(shell.home / "nowhere" / "out"))
    assert (done.code, done.out) == (2, "")
    assert "cannot be written (No such file or directory)" in done.err


@pytest.mark.parametrize("form", ["table", "csv"])
def test_what_is_no_file_is_written_to_and_stays_what_it_is(shell: Shell, form: str) -> None:
    shell.add()
    pipe = shell.home.parent / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert shell.run("apps", "list", "--format", form, "--output", str(pipe)).code == 0
        assert b"Project" in os.read(reader, 65_536)
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_an_exception_until_the_end_of_the_calendar_is_listed(shell: Shell) -> None:
    shell.add()
    words = ("Project", "sku", "X", "--reason", "agreed", "--until", "9999-12-31")
    assert shell.run("exceptions", "add", *words).code == 0
    for form in ("table", "json", "csv"):
        done = shell.run("exceptions", "list", "Project", "--format", form)
        assert (done.code, "9999-12-31" in done.out) == (0, True)


def test_an_empty_installation_says_the_next_step(shell: Shell) -> None:
    done = shell.run("sync")
    assert done.code == 0
    assert "seatkeeper apps add" in done.err
    assert "apps add" in shell.run("report").err


def test_applications_are_edited_deactivated_reactivated_and_deleted(shell: Shell) -> None:
    shell.add()
    assert shell.run("apps", "edit", "Project", "--name", "Project EMEA", "--threshold", "30").code == 0
    shown = shell.run("apps", "show", "Project EMEA").out
    assert "30 days" in shown
    assert shell.sandbox.client_secret not in shown
    assert shell.run("apps", "deactivate", "Project EMEA").code == 0
    assert shell.run("sync", "Project EMEA").code == 2
    assert shell.run("apps", "reactivate", "Project EMEA").code == 0
    assert shell.run("apps", "delete", "Project EMEA").code == 2  # nobody was asked
    assert shell.run("apps", "delete", "Project EMEA", "--yes").code == 0
    assert shell.run("apps", "list", "--format", "json").out.strip() == "[\n]"


def test_the_runs_say_how_each_task_ended(shell: Shell) -> None:
    shell.add()
    shell.sync()
    runs = json.loads(shell.run("runs", "Project", "--format", "json").out)
    assert [run["State"] for run in runs] == ["complete"] * 4
    tasks = {"License Information", "Application Roster", "Application Access", "Non-Interactive Access"}
    assert {run["Task"] for run in runs} == tasks


def test_the_coverage_says_what_is_complete_and_what_is_not(shell: Shell) -> None:
    shell.add()
    before = json.loads(shell.run("coverage", "Project", "--now", "2026-08-01T06:00:00Z", "--format", "json").out)
    assert {row["State"] for row in before} == {"not yet"}
    shell.sync()
    after = json.loads(shell.run("coverage", "Project", "--now", "2026-08-01T06:00:00Z", "--format", "json").out)
    assert [row["State"] for row in after][:2] == ["complete", "provisional"]
    assert after[0]["To"].startswith("2026-07-31T06:00")
    assert "█" in shell.run("coverage", "Project").out


def test_a_backup_is_made_and_restored_and_says_whether_the_key_at_hand_opens_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "monday.zip"
    shell.add()
    assert "does not hold the key" in shell.run("backup", str(file)).err
    assert shell.run("backup", str(file)).code == 2  # it never replaces another one
    assert shell.run("apps", "delete", "Project", "--yes").code == 0
    assert "--replace" in shell.run("restore", str(file)).err
    done = shell.run("restore", str(file), "--replace")
    assert (done.code, "opens all 1 saved" in done.err) == (0, True)
    assert "Project" in shell.run("apps", "list").out
    key = shell.home / "secret.key"
    key.write_text("f" * len(key.read_text()))
    done = shell.run("restore", str(file), "--replace")
    assert (done.code, "opens 0 of 1" in done.err) == (0, True)


def test_a_check_says_what_is_wrong_to_people_and_to_scripts(shell: Shell) -> None:
    shell.add()
    done = shell.run("check", "--format", "json")
    found = {row["Check"]: row["State"] for row in json.loads(done.out)}
    assert (done.code, found["Key"], found["Server"]) == (0, "ok", "ok")
    (shell.home / "secret.key").write_text("f" * 64)
    done = shell.run("check")
    assert (done.code, "✗ Key:" in done.out) == (2, True)


def test_a_run_that_nobody_is_at_cannot_be_broken(shell: Shell) -> None:
    shell.add()
    shell.sync()
    done = shell.run("runs", "break", "1")
    assert (done.code, "nobody is at the task" in done.err) == (2, True)
    assert shell.run("runs", "break", "99").code == 2


def test_the_secret_is_in_no_file_and_no_output(shell: Shell) -> None:
    outputs = [shell.add(), shell.sync(), shell.run("apps", "show", "Project"), shell.run("check")]
    secret = shell.sandbox.client_secret.encode()
    assert not [done for done in outputs if secret.decode() in done.out + done.err]
    assert not [path for path in shell.home.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_a_first_start_makes_a_data_folder_and_a_key_for_their_owner_only(bare_shell: Shell) -> None:
    looked = bare_shell.start("check")
    assert looked.code == 0
    assert "does not exist yet" in looked.out
    assert not list(bare_shell.home.glob("*.sqlite3*"))  # looking makes none, which would be open to others
    assert bare_shell.start("migrate").code == 0
    assert "today's shape" in bare_shell.start("check").out
    assert stat.S_IMODE(bare_shell.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((bare_shell.home / "secret.key").stat().st_mode) == 0o600


def test_the_demo_prints_the_report_and_touches_nothing_else(bare_shell: Shell) -> None:
    done = bare_shell.start("demo", "--once", "--people", "60")
    assert done.code == 0
    assert "ada.berg@northwind.example" in done.out
    assert "Suspicious activities" in done.out
    assert not bare_shell.home.exists()


def test_help_starts_without_the_database_and_the_web_framework(shell: Shell) -> None:
    heavy = "('django', 'msal', 'httpx2', 'rich.console')"
    script = f"import sys; from seatkeeper.cli.main import app; print([m for m in {heavy} if m in sys.modules])"
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.deep
def test_processes_that_start_at_once_on_nothing_make_one_database(bare_shell: Shell) -> None:
    starts = 6 if THOROUGH else 3
    with ThreadPoolExecutor(starts) as pool:
        done = list(pool.map(lambda _: bare_shell.start("apps", "list"), range(starts)))
    assert [each.code for each in done] == [0] * starts, done
