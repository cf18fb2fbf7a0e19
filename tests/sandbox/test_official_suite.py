"""Microsoft's own clients over what came with all of Microsoft 365: the Graph SDK, and people who sign in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.identity import AuthorizationCodeCredential, DeviceCodeCredential

from tests.signing_in import press

from .client import Client
from .conftest import Make
from .test_official_clients import SCOPE, SDK, _graph, _options, _secret_credential

pytestmark = SDK
GRAPH = "https://graph.microsoft.com"


@pytest.fixture
def client(make: Make) -> Client:
    client = make(people=30, everything=True)
    client.sandbox.tenant.permissions |= {"AuditLogsQuery.Read.All", "Reports.Read.All"}
    return client


async def _search(client: Client) -> tuple[str, list[str], list[Any], list[Any]]:
    """A search of the audit log, how far it was each time, what it found, and the SKUs of the tenant."""
    from msgraph.generated.models.security.audit_log_query import AuditLogQuery
    from msgraph.generated.models.security.audit_log_record_type import AuditLogRecordType

    wanted = AuditLogQuery(
        display_name="sdk",
        filter_start_date_time=datetime(2026, 7, 1, tzinfo=UTC),
        filter_end_date_time=datetime(2026, 7, 31, tzinfo=UTC),
        record_type_filters=[AuditLogRecordType.PowerBIAudit],
    )
    with _secret_credential(client) as credential:
        graph, http = _graph(client, credential)
        async with http:
            queries = graph.security.audit_log.queries
            made: Any = await queries.post(wanted)
            states = [str(made.status)]
            client.sandbox.tenant.move(hours=1)
            states.append(str((await queries.by_audit_log_query_id(made.id).get()).status))  # type: ignore[union-attr]
            records: Any = await queries.by_audit_log_query_id(made.id).records.get()
            skus: Any = await graph.subscribed_skus.get()
    return made.id, states, records.value, skus.value


@pytest.mark.proof
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_graph_sdk_searches_the_audit_log_and_lists_licences(client: Client) -> None:
    search, states, records, skus = asyncio.run(_search(client))
    assert search
    assert states == ["AuditLogQueryStatus.NotStarted", "AuditLogQueryStatus.Succeeded"]
    assert records
    assert {record.service for record in records} == {"PowerBI"}
    assert all(record.user_principal_name and record.created_date_time for record in records)
    assert [sku.sku_part_number for sku in skus] == [row["skuPartNumber"] for row in client.rows("/subscribedSkus")]


def test_azure_identity_signs_in_by_the_code_of_a_device(client: Client) -> None:
    sandbox = client.sandbox
    sandbox.tenant.device_interval = 1

    def type_in(address: str, code: str, _until: object) -> None:
        press(sandbox, address, code=code)

    with DeviceCodeCredential(
        sandbox.client_id, tenant_id=sandbox.tenant_id, prompt_callback=type_in, **_options(client)
    ) as credential:
        token = credential.get_token(f"{GRAPH}/User.Read.All").token
    assert read(client, token) == 200


def test_azure_identity_redeems_the_code_of_a_page(client: Client) -> None:
    sandbox = client.sandbox
    back = "https://seats.example.com/back"
    place = f"{sandbox.login_url}/{sandbox.tenant_id}/oauth2/v2.0/authorize"
    query = f"client_id={sandbox.client_id}&response_type=code&redirect_uri={back}&response_mode=form_post&state=1"
    answer = press(sandbox, f"{place}?{query}&scope={GRAPH}/User.Read.All%20offline_access")
    with AuthorizationCodeCredential(
        sandbox.tenant_id, sandbox.client_id, answer["code"], back, client_secret=sandbox.client_secret,
        **_options(client),
    ) as credential:  # fmt: skip
        assert read(client, credential.get_token(SCOPE).token) == 200


def read(client: Client, token: str) -> int:
    url = f"{client.sandbox.graph_url}/v1.0/users"
    return client.http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code
