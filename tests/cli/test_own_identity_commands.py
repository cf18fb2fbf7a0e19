"""A tenant is read as this server itself: added, authorized and read by command, with the token as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatkeeper.sandbox.login.workload import trust_workload, workload_token
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.reader import Identity

from .conftest import Done, Shell
from .test_bad_input import nothing_saved


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "token"
    for place in ("services.own_identity", "sync.connecting"):
        identity = Identity(file, for_members=False)
        monkeypatch.setattr(f"seatkeeper.{place}.SEATKEEPER", SEATKEEPER._replace(identity=identity))
    return file


def add(shell: Shell) -> Done:
    return shell.add("--field", "credential=federated", client_secret_file=None)


def test_a_tenant_is_added_and_read_with_the_token_of_the_moment(shell: Shell, file: Path) -> None:
    trust_workload(shell.sandbox.tenant)
    missing = add(shell)
    assert (missing.code, nothing_saved(shell)) == (2, True)
    assert "Credential: The token file of this server's own identity is not there" in missing.err
    file.write_text(workload_token())
    assert add(shell).code == 0
    assert "federated, of this server" in shell.run("apps", "show", "Project").out
    assert shell.run("apps", "authorize", "Project").code == 0
    file.write_text(workload_token(exp=1_700_000_000))
    late = shell.sync()
    assert late.code == 3
    assert "expired at 2023-11-14" in late.err + late.out
    file.write_text(workload_token(renewed=True))
    assert shell.sync().code == 0


def test_a_tenant_that_does_not_trust_the_token_is_not_authorized(shell: Shell, file: Path) -> None:
    trust_workload(shell.sandbox.tenant)
    file.write_text(workload_token(iss="https://other.example"))
    assert add(shell).code == 0
    refused = shell.run("apps", "authorize", "Project")
    assert refused.code == 3
    assert "has the issuer" in refused.out
