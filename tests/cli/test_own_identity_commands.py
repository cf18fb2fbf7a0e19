"""A tenant is read as this server itself: added, authorized and read by command, with the token as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msal
import pytest

from seatkeeper.graph import managed_identity
from seatkeeper.sandbox.identity import IdentityService
from seatkeeper.sandbox.login.workload import trust_workload, workload_token
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.reader import Identity

from .conftest import Done, Shell
from .test_bad_input import nothing_saved


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "token"
    set_identity(monkeypatch, Identity(file, for_members=False))
    return file


def set_identity(monkeypatch: pytest.MonkeyPatch, identity: Identity) -> None:
    for place in ("services.own_identity", "sync.connecting"):
        monkeypatch.setattr(f"seatkeeper.{place}.SEATKEEPER", SEATKEEPER._replace(identity=identity))


@pytest.fixture
def azure(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityService]:
    """This server is on App Service, and the tenant trusts its managed identity."""
    set_identity(monkeypatch, Identity(None, for_members=True, managed="system"))
    monkeypatch.setattr(managed_identity, "_TOKENS", msal.TokenCache())
    with IdentityService(shell.sandbox.tenant) as service:
        for name, value in service.app_service.items():
            monkeypatch.setenv(name, value)
        yield service


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


def test_a_tenant_is_added_and_read_as_the_managed_identity(shell: Shell, azure: IdentityService) -> None:
    azure.assigned.clear()
    absent = add(shell)
    assert (absent.code, nothing_saved(shell)) == (2, True)
    assert "Credential: The managed identity of this server is not assigned" in absent.err
    azure.instead = 503, b""
    away = add(shell)
    assert (away.code, nothing_saved(shell)) == (4, True)
    azure.instead = None
    azure.assigned.add("system")
    assert add(shell).code == 0
    assert shell.run("apps", "authorize", "Project").code == 0
    assert shell.sync().code == 0
    assert len([asked for asked in azure.asked if asked["resource"] == "api://AzureADTokenExchange"]) == 3


def test_a_managed_identity_that_is_taken_away_ends_what_needs_it(
    shell: Shell, azure: IdentityService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add(shell).code == 0
    azure.assigned.clear()
    monkeypatch.setattr(managed_identity, "_TOKENS", msal.TokenCache())  # as after the token's end
    late = shell.sync()
    assert late.code == 3
    assert "is not assigned" in late.err + late.out
