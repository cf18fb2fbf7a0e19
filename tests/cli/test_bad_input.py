"""Every bad input gets a sentence that names the field and the way out, the contract's exit code, and saves nothing."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Shell
from tests.graph.certificates import certificate, pem, pfx, rsa_key
from tests.people import NOW


def refused(done: Done, *words: str) -> None:
    assert done.code == 2, done
    assert all(word in done.err for word in words), done.err
    assert "Traceback" not in done.err


def nothing_saved(shell: Shell) -> bool:
    with closing(sqlite3.connect(shell.home / "seatkeeper.sqlite3")) as base:
        saved: tuple[int] = base.execute("SELECT COUNT(*) FROM store_application").fetchone()
    return saved == (0,)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tenant_id": "common"}, ("Tenant ID", "common", "Overview")),
        ({"tenant_id": "contoso.onmicrosoft.com/oauth2"}, ("Tenant ID", "without a path")),
        ({"client_id": "my-app"}, ("Client ID", "GUID")),
        ({"login_url": "http://localhost:8443"}, ("https",)),
        ({"graph_url": "https://user@localhost:8443"}, ("Graph URL",)),
        ({"ca_file": "/does/not/exist.pem"}, ("CA File", "no such file")),
        ({"cloud": "mars"}, ("Cloud", "usgov")),
        ({"threshold": "0"}, ("Threshold",)),
        ({"client_secret_expires": "2020-01-01"}, ("Client Secret Expires", "not in the future")),
        ({"task": "billing"}, ("Task", "roster")),
        ({"name": " "}, ("Name",)),
        ({"client_secret_file": "/does/not/exist"}, ("/does/not/exist", "cannot be read")),
        ({"client_secret_file": None}, ("--client-secret-file",)),
    ],
)
def test_a_wrong_field_is_named(shell: Shell, changes: dict[str, str | None], words: tuple[str, ...]) -> None:
    refused(shell.add(**changes), *words)
    assert nothing_saved(shell)


@pytest.mark.parametrize(
    ("secret", "word"),
    [
        ("has a space", "space"),
        ("two\nlines", "line break"),
        ("", "empty"),
        ("1f0b6c1e-32a5-4f0e-9d53-7f2f6f0f1a01", "secret's ID"),
        ("zero\u200bwidth", "invisible"),
    ],
)
def test_a_secret_that_cannot_be_one_is_refused_and_not_repeated(shell: Shell, secret: str, word: str) -> None:
    shell.write_secret(secret)
    done = shell.add()
    refused(done, "Client Secret", word)
    assert not secret or secret not in done.err
    assert nothing_saved(shell)


def test_a_line_break_at_the_end_of_the_file_is_not_part_of_the_secret(shell: Shell) -> None:
    shell.write_secret(shell.sandbox.client_secret + "\n")
    assert shell.add().code == 0
    assert shell.sync().code == 0


def test_a_secret_file_that_others_can_read_is_warned_about(shell: Shell) -> None:
    shell.write_secret(shell.sandbox.client_secret, mode=0o644)
    done = shell.add()
    assert done.code == 0
    assert "chmod 600" in done.err


def test_an_unknown_product_is_refused_with_the_known_ones(shell: Shell) -> None:
    done = shell.run("apps", "add", "microsoft-paint", "--name", "x", "--tenant-id", "t", "--client-id", "c",
                     "--client-secret-file", str(shell.secret_file))  # fmt: skip
    refused(done, "microsoft-paint", "microsoft-project")


def test_two_applications_of_one_name_are_refused(shell: Shell) -> None:
    shell.add()
    refused(shell.add(tenant_id="contoso.onmicrosoft.com"), "Name", "'Project'")
    assert len(shell.run("apps", "list", "--format", "jsonl").out.splitlines()) == 1


def test_the_same_tenant_and_product_twice_is_refused(shell: Shell) -> None:
    shell.add()
    refused(shell.add(name="Second"), "Tenant ID", "twice")
    shell.run("apps", "deactivate", "Project")
    refused(shell.add(name="Second"), "reactivate")


def test_an_unknown_application_is_refused_with_the_known_ones(shell: Shell) -> None:
    shell.add()
    refused(shell.run("roster", "Projcet"), "Projcet", "'Project'")


def test_an_unknown_task_is_refused(shell: Shell) -> None:
    shell.add()
    refused(shell.run("sync", "Project", "--task", "billing"), "billing", "roster")


def test_a_wrong_time_is_refused(shell: Shell) -> None:
    shell.add()
    refused(shell.run("sync", "Project", "--now", "yesterday"), "--now", "2026-08-01T06:00:00Z")


def test_a_wrong_fault_of_the_sandbox_is_refused_with_the_known_ones(shell: Shell) -> None:
    refused(shell.run("sandbox", "serve", "--port", "0", "--fault", "gremlins"), "gremlins")


def test_a_database_that_is_newer_than_the_program_is_refused(shell: Shell) -> None:
    import sqlite3

    shell.run("migrate")
    with sqlite3.connect(shell.home / "seatkeeper.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_later', '2030-01-01')"
        )
    refused(shell.run("apps", "list"), "newer")


def test_a_full_disk_is_no_bug(shell: Shell) -> None:
    shell.add()
    done = shell.start("sync", "Project", SEATKEEPER_HOME="/proc/seatkeeper")
    refused(done, "SEATKEEPER_HOME")


def test_a_read_only_database_is_no_bug(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    # Root may write to a read-only file, so the database is opened as another user would see it.
    script = (
        "import sqlite3, sys; from seatkeeper.cli import main, start; opened = sqlite3.connect\n"
        "sqlite3.dbapi2.connect = lambda database, **k: opened(f'file:{database}?mode=ro', **(k | {'uri': True}))\n"
        "sys.argv = ['seatkeeper', 'apps', 'deactivate', 'Project']; main.run()"
    )
    env = os.environ | {"SEATKEEPER_HOME": str(shell.home)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 2, done
    assert "SEATKEEPER_HOME" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["apps list", "apps list --format csv", "check"])
def test_what_becomes_of_the_output_is_no_bug(shell: Shell, words: str) -> None:
    shell.add(name="Größe ✓")
    env = os.environ | {"SEATKEEPER_HOME": str(shell.home), "PYTHONIOENCODING": "ascii"}
    for end, code in ((">&-", 0), (">/dev/full", 2), ("| true; exit ${PIPESTATUS[0]}", 0), (">/dev/null", 0)):
        command = ["bash", "-c", f"{sys.executable} -m seatkeeper {words} {end}"]
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), (end, done)


def test_a_wrong_setting_is_named_and_its_password_is_not_shown(shell: Shell) -> None:
    done = shell.start("apps", "list", SEATKEEPER_DATABASE_URL="mysql://root:hunter2@db/x")
    refused(done, "SEATKEEPER_DATABASE_URL")
    assert "hunter2" not in done.err


def test_a_certificate_without_its_key_is_refused(shell: Shell, tmp_path: Path) -> None:
    import trustme

    file = tmp_path / "certificate.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    refused(shell.add(client_secret_file=None, client_certificate_file=str(file)), "Client Certificate", "private key")
    assert json.loads(shell.run("apps", "list", "--format", "json").out) == []


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [(-2, -1, "Client Certificate: expired at"), (30_000, 30_001, "Client Certificate: is valid only from")],
)
def test_a_certificate_that_is_not_valid_today_is_refused(
    shell: Shell, tmp_path: Path, start: int, end: int, words: str
) -> None:
    key, file = rsa_key(), tmp_path / "certificate.pem"
    file.write_text(pem(key, certificate(key, timedelta(start), timedelta(end))))
    refused(shell.add(client_secret_file=None, client_certificate_file=str(file)), words)
    assert nothing_saved(shell)


def test_a_pfx_is_opened_with_the_password_of_a_file(shell: Shell, tmp_path: Path) -> None:
    key = rsa_key()
    file, password = tmp_path / "certificate.pfx", tmp_path / "password"
    file.write_bytes(base64.b64decode(pfx(key, certificate(key, end=timedelta(36_500)), [], b"word")))

    def add(word: str | None) -> Done:
        password.write_text(f"{word}\n")  # as an editor leaves it
        more = () if word is None else ("--client-certificate-password-file", str(password))
        return shell.add(*more, client_secret_file=None, client_certificate_file=str(file))

    refused(add(None), "Client Certificate Password: is missing")
    refused(add("wrong"), "Client Certificate Password: does not open")
    assert nothing_saved(shell)
    assert add("word").code == 0
    assert "certificate, sealed, expires 2126" in shell.run("apps", "show", "Project").out


def test_a_tenant_that_is_not_read_yet_needs_what_it_is_read_with(shell: Shell) -> None:
    done = shell.add(client_id=None, client_secret_file=None)
    refused(done, "Client ID: ", "Client Secret: ")
    assert nothing_saved(shell)


def test_everything_that_is_wrong_is_named_in_lines_of_their_own(shell: Shell) -> None:
    done = shell.add(name=" ", tenant_id="common", threshold="0")
    refused(done, "Name: ", "\nTenant ID: ", "\nThreshold: ")


def test_another_name_of_a_tenant_that_is_read_is_refused_at_its_first_run(shell: Shell) -> None:
    shell.add()
    domain = next(iter(shell.sandbox.tenant.domains))
    assert shell.add(name="Second", tenant_id=domain).code == 0
    done = shell.run("sync", "Second", "--now", NOW)
    refused_run = done.err
    assert done.code == 2
    assert all(word in refused_run for word in ("'Project'", domain, shell.sandbox.tenant_id, "Delete one of the two"))
    listed = shell.run("apps", "list", "--format", "csv").out
    assert "duplicate" in listed
    assert "which “Project” reads, too" in shell.run("apps", "show", "Second").out
    assert shell.run("apps", "authorize", "Second").code == 3
    assert shell.run("apps", "delete", "Project", "--yes").code == 0
    assert shell.run("sync", "Second", "--task", "licenses", "--now", NOW).code == 0


def test_another_product_of_a_tenant_joins_its_connection_with_or_without_the_credential(shell: Shell) -> None:
    shell.add()
    tenant = shell.sandbox.tenant_id
    joined = shell.run("apps", "add", "microsoft-visio", "--name", "V", "--tenant-id", tenant)
    assert joined.code == 0, joined
    assert "shares the connection of 'Project'" in joined.err
    assert "replaced" not in joined.err
    assert shell.run("apps", "authorize", "V").code == 0
    shell.run("apps", "delete", "V", "--yes")
    again = shell.run("apps", "add", "microsoft-visio", "--name", "V", "--tenant-id", tenant, "--client-id",
                      shell.sandbox.client_id, "--client-secret-file", str(shell.secret_file))  # fmt: skip
    assert (again.code, "replaced by the new one" in again.err) == (0, True), again
    assert shell.run("apps", "authorize", "Project").code == 0
