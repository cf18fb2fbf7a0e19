"""Backups, keys, retention and upgrade at the command line: what is said, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from seatkeeper.services import retention
from tests.conftest import Database
from tests.people import read_tenant

from .conftest import Shell

ANOTHER = "k" * 43


def test_a_start_without_the_key_makes_none_and_says_where_it_belongs(shell: Shell) -> None:
    assert shell.add().code == 0
    key = shell.home / "secret.key"
    key.unlink()
    done = shell.start("apps", "list")  # a process: the settings are read anew
    assert done.code == 2
    assert "1 credentials that were sealed with another key" in done.err
    assert str(key) in done.err
    assert not key.exists(), "a new key would only be taken for the right one"


def test_a_lost_key_is_given_up_with_what_it_sealed_and_the_tenant_asks_for_its_credential(shell: Shell) -> None:
    shell.add()
    (shell.home / "secret.key").write_text(ANOTHER)
    assert shell.run("serve").code == 2
    assert "1 credentials. Add --yes" in shell.run("keys", "forget-credentials").err
    assert shell.run("apps", "list").code == 2
    assert "Given up: 1 credentials" in shell.run("keys", "forget-credentials", "--yes").err
    assert "nothing is given up" in shell.run("keys", "forget-credentials", "--yes").err
    assert shell.run("apps", "list").code == 0
    done = shell.sync()
    assert done.code == 2
    assert "Authorize the application again" in done.err


@pytest.mark.deep
def test_keys_are_listed_exchanged_and_forgotten(shell: Shell) -> None:
    shell.add()
    done = shell.start("keys", "rotate")
    assert (done.code, done.out) == (0, ""), done.err
    assert "1 secrets were sealed anew" in done.err
    assert settings.SECRET_KEY in (key := shell.home / "secret.key").read_text()
    rows = json.loads(shell.start("keys", "list", "--format", "json").out)
    assert [(row["State"], row["Secrets"]) for row in rows] == [("in use", 1), ("old", 0)]
    assert shell.start("keys", "forget", rows[1]["Key"]).code == 0
    assert settings.SECRET_KEY not in key.read_text()


def test_backups_and_what_is_too_old_and_what_is_to_be_migrated_are_listed(shell: Shell, tmp_path: Path) -> None:
    shell.run("backup", str(tmp_path / "one.zip"))
    (row,) = json.loads(shell.run("backups", "--format", "json").out)
    assert (row["File"], row["How"], row["Result"]) == (str(tmp_path / "one.zip"), "by hand", "verified")
    rows = json.loads(shell.run("prune", "--dry-run", "--format", "json").out)
    assert {row["Kind"]: row["Days Kept"] for row in rows}["Sign-ins, one by one"] == 400
    assert json.loads(shell.run("migrate", "--plan", "--format", "json").out) == []
    done = shell.run("prune", "--rewrite")
    assert done.code == 0
    assert "Audit trail" not in done.err, "what is kept for ever is not spoken of"
    assert "bytes and has" in done.err


@pytest.mark.both_engines
def test_a_dry_run_counts_what_a_pruning_deletes(database: Database) -> None:
    with read_tenant() as tenant:
        later = lambda: tenant.clock() + 10**7 * 86_400 * 380  # noqa: E731
        counted = {row.kind: row.rows for row in retention.list_old(later)}
        assert counted["Sign-ins, one by one"] > 0
        deleted: dict[str, int] = {}
        retention.prune(lambda title, number: deleted.update({title: number}), later)
        assert {kind: rows for kind, rows in counted.items() if kind in deleted} == deleted
        assert sum(row.rows for row in retention.list_old(later)) == 0
