"""Microsoft's own clients, unpatched but for address and certificate authority."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import msal
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography.hazmat.primitives import serialization
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core.tasks.page_iterator import PageIterator  # type: ignore[import-untyped]

from .client import Client
from .conftest import Make
from .test_identity import CERTIFICATE, public_pem

# The first use of the SDK imports thousands of modules: it is paid in one process, not in each.
SDK = pytest.mark.xdist_group("the official SDK")
pytestmark = SDK
# Few, and asked for in small pages: the SDK takes 15 ms of imports for each row.
PEOPLE, EVENTS = 210, 250

SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture
def registered(make: Make, monkeypatch: pytest.MonkeyPatch) -> Client:
    client = make(people=PEOPLE, sign_ins=EVENTS)
    client.sandbox.tenant.register_certificate(public_pem(CERTIFICATE[1]))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", client.sandbox.ca_file)  # how msal is told of a certificate authority
    return client


def _msal(client: Client, credential: Any) -> Any:
    sandbox = client.sandbox
    return msal.ConfidentialClientApplication(
        sandbox.client_id,
        client_credential=credential,
        authority=f"{sandbox.login_url}/{sandbox.tenant_id}",
        instance_discovery=False,
    )


def _key_pem() -> str:
    return CERTIFICATE[0].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()  # fmt: skip


def test_msal_signs_in_with_a_secret_and_understands_a_refusal(registered: Client) -> None:
    good = _msal(registered, registered.sandbox.client_secret).acquire_token_for_client([SCOPE])
    assert good["access_token"]
    bad = _msal(registered, "wrong").acquire_token_for_client([SCOPE])
    assert (bad["error"], bad["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize("with_public", [True, False])
def test_msal_signs_in_with_a_certificate(registered: Client, with_public: bool) -> None:
    thumbprint = registered.sandbox.tenant.register_certificate(public_pem(CERTIFICATE[1]))
    credential = {"private_key": _key_pem()}
    if with_public:
        credential["public_certificate"] = public_pem(CERTIFICATE[1])
    else:
        credential["thumbprint"] = thumbprint
    answer = _msal(registered, credential).acquire_token_for_client([SCOPE])
    assert "access_token" in answer, answer


def test_msal_refuses_a_tenant_that_does_not_exist(registered: Client) -> None:
    sandbox = registered.sandbox
    with pytest.raises(ValueError, match=r"90002|authority"):
        msal.ConfidentialClientApplication(
            sandbox.client_id,
            client_credential="x",
            authority=f"{sandbox.login_url}/nobody.example",
            instance_discovery=False,
        )


def _options(client: Client) -> dict[str, Any]:
    return {
        "authority": client.sandbox.login_url,
        "disable_instance_discovery": True,
        "connection_verify": client.sandbox.ca_file,
    }


def _secret_credential(client: Client, secret: str = "") -> ClientSecretCredential:
    sandbox = client.sandbox
    secret = secret or sandbox.client_secret
    return ClientSecretCredential(sandbox.tenant_id, sandbox.client_id, secret, **_options(client))


def test_azure_identity_signs_in_with_a_secret_and_with_a_certificate(registered: Client, tmp_path: Path) -> None:
    sandbox = registered.sandbox
    with _secret_credential(registered) as credential:
        assert credential.get_token(SCOPE).token
    (tmp_path / "both.pem").write_text(CERTIFICATE[2])
    with CertificateCredential(
        sandbox.tenant_id, sandbox.client_id, str(tmp_path / "both.pem"), **_options(registered)
    ) as certificate:
        token = certificate.get_token(SCOPE).token
    url = f"{sandbox.graph_url}/v1.0/users"
    assert registered.http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with (
        _secret_credential(registered, "wrong") as wrong,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        wrong.get_token(SCOPE)


def _graph(client: Client, credential: ClientSecretCredential) -> tuple[GraphServiceClient, httpx.AsyncClient]:
    http = httpx.AsyncClient(verify=_context(client), trust_env=False)
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=[SCOPE], allowed_hosts=["localhost"], is_cae_enabled=False
    )
    adapter = GraphRequestAdapter(provider, client=http)
    adapter.base_url = f"{client.sandbox.graph_url}/v1.0"
    return GraphServiceClient(request_adapter=adapter), http


def _context(client: Client) -> Any:
    import ssl

    return ssl.create_default_context(cafile=client.sandbox.ca_file)


def a_hundred_events() -> RequestConfiguration[Any]:
    """To a page."""
    from msgraph.generated.audit_logs.sign_ins.sign_ins_request_builder import SignInsRequestBuilder

    return RequestConfiguration(query_parameters=SignInsRequestBuilder.SignInsRequestBuilderGetQueryParameters(top=100))


async def _everything(client: Client) -> tuple[list[Any], list[Any], Any]:
    users: list[Any] = []
    sign_ins: list[Any] = []
    with _secret_credential(client) as credential:
        graph, http = _graph(client, credential)
        async with http:
            first: Any = await graph.users.get()
            await PageIterator(first, graph.request_adapter).iterate(lambda row: users.append(row) or True)  # type: ignore[func-returns-value]
            log: Any = await graph.audit_logs.sign_ins.get(request_configuration=a_hundred_events())
            await PageIterator(log, graph.request_adapter).iterate(lambda row: sign_ins.append(row) or True)  # type: ignore[func-returns-value]
            delta = await graph.users.delta.get()
    return users, sign_ins, delta


@pytest.mark.proof
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK warns of its own classes when it is imported
def test_the_graph_sdk_lists_people_and_sign_ins_page_by_page(registered: Client) -> None:
    users, sign_ins, delta = asyncio.run(_everything(registered))
    assert [user.id for user in users] == [row["id"] for row in registered.rows("/users")]
    assert [event.id for event in sign_ins] == [row["id"] for row in registered.rows("/auditLogs/signIns")]
    assert sign_ins[0].created_date_time is not None
    assert len(delta.value) == 200
    assert delta.odata_next_link
