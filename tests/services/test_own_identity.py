"""A connection signs in as this server only where the operator says so, and never where a member points it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msal
import pytest
from django.test import Client

from seatkeeper.errors import BadInput, CredentialsRejected
from seatkeeper.graph import managed_identity
from seatkeeper.sandbox.identity import IdentityService
from seatkeeper.sandbox.login.workload import workload_token
from seatkeeper.services import applications
from seatkeeper.services.applications import Edit, NewApplication
from seatkeeper.services.members import Role, Who, operator, who_is
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.reader import Identity
from seatkeeper.store import seal
from seatkeeper.store.models import Application, Connection
from seatkeeper.sync.connecting import open_connector
from tests.web.conftest import NewMember, client, empty_store, new_member, organization, signed_in  # noqa: F401

pytestmark = pytest.mark.usefixtures("database")

AS_SERVER = NewApplication(
    "microsoft-project", "Project", "8f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11", "1b6a6d0e-58a5-4b53-8a4f-3f0f6d9c2a22",
    fields={"credential": "federated"},
)  # fmt: skip
ADD = "/applications/add?product=microsoft-project"


@pytest.fixture
def member(new_member: NewMember) -> Who:  # noqa: F811
    return who_is(new_member(Role.APPLICATIONS).pk)


class Server:
    """What the operator set, and the token's file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
        self.monkeypatch, self.file = monkeypatch, file
        file.write_text(workload_token())

    def set(self, identity: Identity | None) -> None:
        for place in ("services.own_identity", "sync.connecting"):
            self.monkeypatch.setattr(f"seatkeeper.{place}.SEATKEEPER", SEATKEEPER._replace(identity=identity))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    server = Server(monkeypatch, tmp_path / "token")
    server.set(Identity(server.file, for_members=True))
    return server


def test_without_the_setting_nobody_is_offered_it(
    server: Server,
    member: Who,
    signed_in: Any,  # noqa: F811
) -> None:
    server.set(None)
    for who in (member, operator()):
        with pytest.raises(BadInput, match="SEATKEEPER_FEDERATED_TOKEN_FILE") as refused:
            applications.add_application(who, AS_SERVER)
        assert refused.value.first.field == "credential"
    browser: Client = signed_in(Role.APPLICATIONS)
    assert b'name="credential"' not in browser.get(ADD).content
    assert not Connection.objects.exists()


def test_azures_own_setting_serves_the_operator_and_no_member(
    server: Server,
    member: Who,
    signed_in: Any,  # noqa: F811
) -> None:
    server.set(Identity(server.file, for_members=False))
    with pytest.raises(BadInput, match="reads every tenant that trusts it"):
        applications.add_application(member, AS_SERVER)
    applications.add_application(operator(), AS_SERVER)
    for moved in (Edit(client_id="2b6a6d0e-58a5-4b53-8a4f-3f0f6d9c2a22"), Edit(cloud="usgov")):
        for chosen in ({}, {"credential": "federated"}):
            with pytest.raises(BadInput, match=r"reads every tenant|give the credential again"):
                applications.edit_application(member, "Project", replace(moved, fields=chosen))
    applications.edit_application(member, "Project", Edit(threshold_days=30, fields={"credential": "federated"}))
    browser: Client = signed_in(Role.APPLICATIONS)
    page = browser.get(f"/applications/{Application.objects.get().pk}/edit").content.decode()
    assert '<option value="federated" selected>' in page  # what is stored is shown, so that it can be replaced


def test_a_member_adds_it_where_the_operator_allows_it_and_nothing_secret_is_stored(
    server: Server,
    signed_in: Any,  # noqa: F811
) -> None:
    browser: Client = signed_in(Role.APPLICATIONS)
    assert b'<option value="federated">' in browser.get(ADD).content
    answer = browser.post(
        ADD,
        {
            "name": "Project", "tasks": ["roster"], "threshold_days": "60", "tenant_id": AS_SERVER.tenant_id,
            "client_id": AS_SERVER.client_id, "credential": "federated", "cloud": "global", "then": "save",
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.content.decode().split("_error")[1:]
    stored = Connection.objects.get()
    assert (stored.credential_kind, stored.credential_expires) == ("federated", None)
    assert seal.open_sealed(bytes(stored.credential), stored.organization_id, stored.pk).reveal() == ""
    with open_connector(stored) as connector:
        assert connector.client.tokens._credential.path == server.file  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (None, "is not there"),
        ("", "is empty"),
        ("pasted", "holds no token"),
        (workload_token(aud="api://AzureADTokenExchangeChina"), "is for the audience"),
        (workload_token(exp=1_700_000_000), "expired at 2023"),
    ],
    ids=["missing", "empty", "no-token", "audience", "expired"],
)
def test_a_token_that_would_be_refused_is_named_and_nothing_is_saved(
    server: Server, member: Who, token: str | None, words: str
) -> None:
    server.file.unlink()
    if token is not None:
        server.file.write_text(token)
    with pytest.raises(BadInput, match=words) as refused:
        applications.add_application(member, AS_SERVER)
    assert refused.value.first.field == "credential"
    assert str(server.file) not in str(refused.value)
    assert not Connection.objects.exists()


def test_a_member_adds_a_tenant_as_the_managed_identity_which_is_asked_for_once(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    signed_in: Any,  # noqa: F811
) -> None:
    server.set(Identity(None, for_members=True, managed="system"))
    monkeypatch.setattr(managed_identity, "_TOKENS", msal.TokenCache())
    browser: Client = signed_in(Role.APPLICATIONS)
    typed = {
        "name": "Project", "tasks": ["roster"], "threshold_days": "60", "tenant_id": AS_SERVER.tenant_id,
        "client_id": AS_SERVER.client_id, "credential": "federated", "cloud": "global", "then": "save",
    }  # fmt: skip
    with IdentityService() as azure:
        for name, value in azure.app_service.items():
            monkeypatch.setenv(name, value)
        for azure.instead, words in (((503, b""), "gives no token"), ((403, b"{}"), "was refused by Azure")):
            refused = browser.post(ADD, typed)
            assert (refused.status_code, Connection.objects.count()) == (422, 0)
            assert words in refused.content.decode()
        azure.instead = None
        azure.asked.clear()
        assert browser.post(ADD, typed).status_code == 302
        assert len(azure.asked) == 1  # and not again while others wait for the lock
    stored = Connection.objects.get()
    assert seal.open_sealed(bytes(stored.credential), stored.organization_id, stored.pk).reveal() == ""


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("field", ["login_url", "graph_url"])
def test_the_token_of_this_server_goes_to_no_address_of_a_members(member: Who, field: str) -> None:
    own = replace(AS_SERVER, fields={"credential": "federated", field: "https://elsewhere.example"})
    with pytest.raises(BadInput, match="Microsoft's own addresses only"):
        applications.add_application(member, own)
    applications.add_application(operator(), own)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"credential": "federated", "client_secret": "a~secret"}, "leave secret and certificate empty"),
        ({"credential": "federated", "client_certificate_password": "x"}, "leave secret and certificate empty"),
        ({"credential": "/var/run/token"}, "must be one of given, federated"),
        ({"credential": "given"}, "give a client secret or a certificate"),
        ({}, "give a client secret or a certificate"),
    ],
)
def test_a_choice_that_says_two_things_or_nothing_is_refused(member: Who, fields: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        applications.add_application(member, replace(AS_SERVER, fields=fields))
    assert not Connection.objects.exists()


def test_without_the_setting_a_connection_that_is_there_says_what_is_missing(server: Server) -> None:
    applications.add_application(operator(), AS_SERVER)
    server.set(None)
    with (
        pytest.raises(CredentialsRejected, match="SEATKEEPER_FEDERATED_TOKEN_FILE"),
        open_connector(Connection.objects.get()),
    ):
        pass
    with pytest.raises(BadInput, match="give a client secret or a certificate"):
        applications.edit_application(operator(), "Project", Edit(fields={"credential": "given"}))
