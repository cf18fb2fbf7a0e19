"""The loops that programs run all day, with clients that others wrote: unpatched but for address and authority."""

from __future__ import annotations

import ast
import asyncio
import gc
import json
import re
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msal
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import CertificateCredential, ClientAssertionCredential, ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core.tasks.page_iterator import PageIterator  # type: ignore[import-untyped]

from .client import Client
from .conftest import Make
from .test_clouds_and_challenges import _outside, federated  # noqa: F401
from .test_identity import CERTIFICATE
from .test_official_clients import EVENTS, PEOPLE, SCOPE, SDK, _context, _msal, _options, a_hundred_events, registered  # noqa: F401

pytestmark = [
    pytest.mark.deep,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # the SDK warns of its own classes
    SDK,
]
DOCS = Path(__file__).parent.parent.parent / "docs" / "sandbox.md"


def _with_graph(client: Client, work: Callable[[GraphServiceClient], Awaitable[Any]], *, cae: bool = False) -> Any:
    """Run something with the SDK and an asynchronous credential, and leave nothing open."""

    async def run() -> Any:
        sandbox = client.sandbox
        credential = ClientSecretCredential(
            sandbox.tenant_id, sandbox.client_id, sandbox.client_secret, **_options(client)
        )
        async with credential, httpx.AsyncClient(verify=_context(client), trust_env=False) as http:
            provider = AzureIdentityAuthenticationProvider(
                credential, scopes=[SCOPE], allowed_hosts=["localhost"], is_cae_enabled=cae
            )
            adapter = GraphRequestAdapter(provider, client=http)
            adapter.base_url = f"{sandbox.graph_url}/v1.0"
            return await work(GraphServiceClient(request_adapter=adapter))

    return asyncio.run(run())


async def _iterate(graph: GraphServiceClient, page: Any) -> list[Any]:
    rows: list[Any] = []
    await PageIterator(page, graph.request_adapter).iterate(lambda row: rows.append(row) or True)  # type: ignore[func-returns-value]
    return rows


@pytest.mark.proof
def test_the_sdk_pages_through_a_selection_of_everybody(registered: Client) -> None:  # noqa: F811
    async def work(graph: GraphServiceClient) -> list[Any]:
        from msgraph.generated.users.users_request_builder import UsersRequestBuilder

        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
            select=["id", "assignedLicenses", "createdDateTime"], top=70
        )
        page = await graph.users.get(request_configuration=RequestConfiguration(query_parameters=query))
        return await _iterate(graph, page)

    rows = _with_graph(registered, work)
    wanted = registered.rows("/users?$select=id,assignedLicenses&$top=999")
    assert [row.id for row in rows] == [row["id"] for row in wanted]
    held = [[str(seat.sku_id) for seat in row.assigned_licenses] for row in rows]
    assert held == [[seat["skuId"] for seat in row["assignedLicenses"]] for row in wanted]


@pytest.mark.parametrize(
    "faults",
    [
        (),
        pytest.param(
            ("empty-page",), marks=pytest.mark.xfail(reason="msgraph-core's PageIterator ends at an empty page")
        ),
    ],
)
@pytest.mark.proof
def test_the_sdk_pages_through_sign_ins(make: Make, faults: tuple[str, ...]) -> None:
    client = make(*faults, people=PEOPLE, sign_ins=EVENTS)

    async def work(graph: GraphServiceClient) -> list[Any]:
        return await _iterate(graph, await graph.audit_logs.sign_ins.get(request_configuration=a_hundred_events()))

    rows = _with_graph(client, work)
    assert [row.id for row in rows] == [row["id"] for row in client.rows("/auditLogs/signIns")]
    assert all(row.status.error_code is not None for row in rows)


@pytest.mark.proof
def test_the_sdk_follows_a_delta_round_and_the_next_one(make: Make) -> None:
    client = make(people=450, churn=30.0)

    async def work(graph: GraphServiceClient) -> tuple[dict[str, Any], list[Any]]:
        known: dict[str, Any] = {}
        later: list[Any] = []
        page: Any = await graph.users.delta.get()
        while page.odata_next_link:
            known |= {user.id: user for user in page.value}
            page = await graph.users.delta.with_url(page.odata_next_link).get()
        known |= {user.id: user for user in page.value}
        client.sandbox.tenant.move(hours=20)
        client.renew()
        page = await graph.users.delta.with_url(page.odata_delta_link).get()
        later += page.value
        while page.odata_next_link:
            page = await graph.users.delta.with_url(page.odata_next_link).get()
            later += page.value
        assert page.odata_delta_link
        return known, later

    known, later = _with_graph(client, work, cae=True)
    assert len(known) == 450
    for user in later:
        if "@removed" in user.additional_data:
            known.pop(user.id, None)
        else:
            known[user.id] = user
    now = {row["id"]: row["userPrincipalName"] for row in client.rows("/users?$top=999")}
    assert later
    assert {id_: user.user_principal_name for id_, user in known.items()} == now


@pytest.mark.proof
def test_the_sdk_answers_a_challenge_by_itself(make: Make) -> None:
    client = make(people=20)

    async def work(graph: GraphServiceClient) -> list[int]:
        counts = [len((await graph.users.get()).value)]  # type: ignore[union-attr, arg-type]
        client.sandbox.tenant.challenge()
        counts.append(len((await graph.users.get()).value))  # type: ignore[union-attr, arg-type]
        return counts

    assert _with_graph(client, work, cae=True) == [20, 20]
    assert [row["status"] for row in client.sandbox.ledger if "/users" in row["path"]] == [200, 401, 200]


@pytest.mark.proof
def test_azure_identity_signs_in_asynchronously_in_each_way(
    registered: Client,  # noqa: F811
    federated: Client,  # noqa: F811
    tmp_path: Path,
) -> None:
    (tmp_path / "both.pem").write_text(CERTIFICATE[2])

    async def token_of(kind: Any, client: Client, credential: Any) -> str:
        sandbox = client.sandbox
        async with kind(sandbox.tenant_id, sandbox.client_id, credential, **_options(client)) as made:
            return str((await made.get_token(SCOPE)).token)

    secret = registered.sandbox.client_secret
    for kind, client, credential in (
        (ClientSecretCredential, registered, secret),
        (CertificateCredential, registered, str(tmp_path / "both.pem")),
        (ClientAssertionCredential, federated, _outside),
    ):
        token = asyncio.run(token_of(kind, client, credential))
        url = f"{client.sandbox.graph_url}/v1.0/users"
        assert client.http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        asyncio.run(token_of(ClientSecretCredential, registered, "wrong"))


@pytest.mark.proof
def test_msal_caches_signs_in_with_an_assertion_and_answers_a_challenge(
    federated: Client,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox = federated.sandbox
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.ca_file)
    app = msal.ConfidentialClientApplication(
        sandbox.client_id,
        client_credential={"client_assertion": _outside},
        authority=f"{sandbox.login_url}/{sandbox.tenant_id}",
        instance_discovery=False,
        client_capabilities=["cp1"],
    )
    first = app.acquire_token_for_client([SCOPE])
    assert app.acquire_token_for_client([SCOPE])["access_token"] == first["access_token"]
    sandbox.tenant.challenge()
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": str(sandbox.tenant.challenged)}}})
    again = app.acquire_token_for_client([SCOPE], claims_challenge=claims)
    url = f"{sandbox.graph_url}/v1.0/users"
    answers = [
        federated.http.get(url, headers={"Authorization": f"Bearer {answer['access_token']}"}).status_code
        for answer in (first, again)
    ]
    assert answers == [401, 200]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.proof
def test_authlib_signs_in_and_pages_through_everybody(shared: Client, method: str) -> None:
    clients = pytest.importorskip("authlib.integrations.httpx_client")
    sandbox = shared.sandbox
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    with clients.OAuth2Client(
        sandbox.client_id, sandbox.client_secret, scope=SCOPE, token_endpoint_auth_method=method,
        verify=context, trust_env=False,
    ) as client:  # fmt: skip
        client.fetch_token(
            f"{sandbox.login_url}/{sandbox.tenant_id}/oauth2/v2.0/token", grant_type="client_credentials"
        )
        link, ids = f"{sandbox.graph_url}/v1.0/users?$select=id&$top=99", []
        while link:
            page = client.get(link).json()
            ids += [row["id"] for row in page["value"]]
            link = page.get("@odata.nextLink")
    assert ids == [row["id"] for row in shared.rows("/users?$select=id")]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the example closes nothing
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_example_of_the_docs_works_as_it_stands(
    make: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "")  # so that what the example sets is taken back
    client = make(people=230)
    section = DOCS.read_text().partition("## With msal and msgraph-sdk")[2]
    code = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]
    statements = [each for each in ast.parse(code).body if not isinstance(each, ast.Import | ast.ImportFrom)]
    assert len(statements) <= 10
    exec(compile(code, "docs/sandbox.md", "exec"), {"ready": client.sandbox.ready()})
    gc.collect()
    printed = capsys.readouterr().out.split()
    assert printed == [row["id"] for row in client.rows("/users")]
