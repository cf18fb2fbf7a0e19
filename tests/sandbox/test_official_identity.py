"""Microsoft's own clients with an identity of the machine in place of a secret: unpatched but for their environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ClientAssertionCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from seatkeeper.sandbox.identity import IdentityService
from seatkeeper.sandbox.login.workload import AUDIENCE, trust_workload, workload_token

from .client import Client
from .conftest import Make
from .test_official_clients import SCOPE, _options

USER = "3f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11"


@pytest.fixture
def client(make: Make) -> Client:
    return make(people=20)


@pytest.fixture(params=["machine", "app_service"])
def azure(client: Client, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityService]:
    """The metadata service of a virtual machine, or App Service's endpoint; the tenant trusts what it issues."""
    with IdentityService(client.sandbox.tenant) as service:
        for name, value in getattr(service, request.param).items():
            monkeypatch.setenv(name, value)
        yield service


@pytest.mark.parametrize("identity", [None, USER])
def test_azure_identity_signs_in_with_the_managed_identity(
    client: Client, azure: IdentityService, identity: str | None
) -> None:
    azure.assigned.add(USER)
    sandbox = client.sandbox
    with ManagedIdentityCredential(client_id=identity) as machine:
        outer = machine.get_token(f"{AUDIENCE}/.default").token
    with ClientAssertionCredential(
        sandbox.tenant_id, sandbox.client_id, lambda: outer, **_options(client)
    ) as credential:
        token = credential.get_token(SCOPE).token
    url = f"{sandbox.graph_url}/v1.0/users"
    assert client.http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert [asked.get("client_id") for asked in azure.asked] == [identity]


def test_azure_identity_understands_that_no_identity_is_assigned(azure: IdentityService) -> None:
    azure.assigned.clear()
    with (
        ManagedIdentityCredential(client_id=USER) as machine,
        pytest.raises((CredentialUnavailableError, ClientAuthenticationError)),
    ):
        machine.get_token(f"{AUDIENCE}/.default")


def test_azure_identity_signs_in_with_the_file_of_a_workload_as_it_is_now(client: Client, tmp_path: Path) -> None:
    sandbox, file = client.sandbox, tmp_path / "token"
    trust_workload(sandbox.tenant)
    file.write_text(workload_token())
    workload = {"tenant_id": sandbox.tenant_id, "client_id": sandbox.client_id, "token_file_path": str(file)}
    with WorkloadIdentityCredential(**workload, **_options(client)) as credential:
        assert credential.get_token(SCOPE).token
    file.write_text(workload_token(sub="system:serviceaccount:other:other"))
    with (
        WorkloadIdentityCredential(**workload, **_options(client)) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS700213"),
    ):
        credential.get_token(SCOPE)
