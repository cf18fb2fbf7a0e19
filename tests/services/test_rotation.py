"""A new credential is tried at Microsoft before the old one goes; one that is refused, or untried, changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from seatkeeper.errors import ChangedMeanwhile, CredentialsRejected, TooOften, Unavailable
from seatkeeper.sandbox.login.workload import trust_workload, workload_token
from seatkeeper.services import applications, rotation, tokens, waiting
from seatkeeper.services.applications import Edit, NewApplication
from seatkeeper.services.members import Role, Who, who_is
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.reader import Identity
from seatkeeper.store.models import Application, AuditEvent, Connection
from tests.graph.certificates import certificate, pem, rsa_key
from tests.graph.vendor import closed_port
from tests.people import Tenant, open_tenant
from tests.web.conftest import NewMember, client, empty_store, new_member, organization, signed_in  # noqa: F401

pytestmark = pytest.mark.usefixtures("database")

WRONG = "a~wrong.secret-that-nobody-made"
KEY = rsa_key()
LASTING = certificate(KEY, end=timedelta(36_500))


@pytest.fixture
def member(new_member: NewMember) -> Who:  # noqa: F811
    return who_is(new_member(Role.APPLICATIONS).pk)


@pytest.fixture
def tenant(member: Who) -> Iterator[Tenant]:
    """Of the same organization as the member."""
    assert member
    with open_tenant(people=20) as tenant:
        yield tenant


def sealed() -> bytes:
    return bytes(Connection.objects.get().credential)


def addresses() -> dict[str, str]:
    """Given with each credential, because they are not Microsoft's own."""
    stored = Connection.objects.get()
    return {"login_url": stored.login_url, "graph_url": stored.graph_url, "ca_file": stored.ca_file}


def by_page(browser: Client, **changes: str) -> Any:
    application = Application.objects.get()
    stored = {"name": application.name, "tasks": ["roster"], "threshold_days": "60", "cloud": "global"}
    stored["client_id"] = application.connection.client_id
    return browser.post(f"/applications/{application.pk}/edit", stored | addresses() | changes)


def by_rest(member: Who, **changes: str) -> Any:
    told = {"Authorization": f"Bearer {tokens.make(member, 'script', Role.APPLICATIONS).text.reveal()}"}
    body = json.dumps(addresses() | changes)
    place = f"/api/v1/applications/{Application.objects.get().pk}"
    return Client().patch(place, body, content_type="application/json", headers=told)


def test_a_secret_that_microsoft_refuses_does_not_replace_the_one_that_works(
    tenant: Tenant,
    member: Who,
    signed_in: Any,  # noqa: F811
) -> None:
    before = sealed()
    with pytest.raises(CredentialsRejected, match=r"The Client Secret is wrong.*the stored credential stays in use"):
        applications.edit_application(tenant.who, tenant.name, Edit(secret=WRONG, name="Renamed"))
    page = by_page(signed_in(Role.APPLICATIONS), client_secret=WRONG, name="Renamed")
    assert page.status_code == 422
    assert "The Client Secret is wrong" in page.content.decode()
    assert WRONG not in page.content.decode()
    answer = by_rest(member, client_secret=WRONG, name="Renamed")
    assert answer.status_code == 409
    assert rotation.KEPT in answer.json()["detail"]
    assert sealed() == before
    assert Application.objects.get().name == tenant.name
    assert not AuditEvent.objects.filter(action="application.edited").exists()
    assert [result.exit_code for result in tenant.sync("roster")] == [0]  # with the old one


def test_what_microsoft_takes_replaces_the_one_that_worked_until_then(
    tenant: Tenant,
    member: Who,
    signed_in: Any,  # noqa: F811
) -> None:
    before = sealed()
    tenant.sandbox.tenant.register_certificate(pem(LASTING))
    assert by_rest(member, client_certificate=pem(KEY, LASTING)).status_code == 200
    assert (Connection.objects.get().credential_kind, sealed() == before) == ("certificate", False)
    assert by_page(signed_in(Role.APPLICATIONS), client_secret=tenant.sandbox.client_secret).status_code == 302
    assert Connection.objects.get().credential_kind == "secret"
    applications.edit_application(tenant.who, tenant.name, Edit(certificate=pem(KEY, LASTING)))
    assert [result.exit_code for result in tenant.sync("roster")] == [0]


def test_when_microsoft_does_not_answer_nothing_is_saved_and_that_is_said(
    tenant: Tenant,
    member: Who,
    signed_in: Any,  # noqa: F811
) -> None:
    before = sealed()
    Connection.objects.update(login_url=f"https://localhost:{closed_port()}")
    with pytest.raises(Unavailable, match=r"could not be tried\..*refused the connection.*stays in use"):
        applications.edit_application(tenant.who, tenant.name, Edit(secret=WRONG))
    answer, page = by_rest(member, client_secret=WRONG), by_page(signed_in(Role.APPLICATIONS), client_secret=WRONG)
    assert (answer.status_code, page.status_code) == (503, 422)
    for told in (answer.json()["detail"], page.content.decode()):
        assert "could not be tried. Nothing answers as the vendor does" in told
        assert "refused the connection" not in told  # a member learns nothing of the machines inside
    assert sealed() == before


def test_another_product_of_the_tenant_replaces_its_credential_only_by_one_that_works(tenant: Tenant) -> None:
    before = sealed()
    stored = Connection.objects.get()
    new = NewApplication("microsoft-visio", "Visio", stored.tenant_id, stored.client_id, secret=WRONG)
    with pytest.raises(CredentialsRejected, match="The Client Secret is wrong"):
        applications.add_application(tenant.who, new)
    assert (Application.objects.count(), sealed() == before) == (1, True)


def test_a_token_of_this_server_is_tried_too(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(workload_token())
    for place in ("services.own_identity", "sync.connecting"):
        identity = Identity(tmp_path / "token", for_members=True)
        monkeypatch.setattr(f"seatkeeper.{place}.SEATKEEPER", SEATKEEPER._replace(identity=identity))
    as_server = Edit(fields={"credential": "federated"})
    with pytest.raises(CredentialsRejected, match="No federated credential"):
        applications.edit_application(tenant.who, tenant.name, as_server)
    assert Connection.objects.get().credential_kind == "secret"
    trust_workload(tenant.sandbox.tenant)
    applications.edit_application(tenant.who, tenant.name, as_server)
    assert Connection.objects.get().credential_kind == "federated"
    tokens_asked = tenant.sandbox.tenant.tokens_issued
    applications.edit_application(tenant.who, tenant.name, as_server)  # as it is already
    assert tenant.sandbox.tenant.tokens_issued == tokens_asked


def test_it_is_tried_once_while_nobody_waits_and_only_when_there_is_one(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []
    monkeypatch.setattr(rotation, "sign_in", lambda *_: tried.append(connection.in_atomic_block))
    applications.edit_application(tenant.who, tenant.name, Edit(threshold_days=15, tasks=["roster"]))
    assert tried == []
    applications.edit_application(tenant.who, tenant.name, Edit(secret=WRONG))
    assert tried == [False]
    stale = applications.version_of(Application.objects.select_related("connection").get())
    applications.edit_application(tenant.who, tenant.name, Edit(threshold_days=30))
    with pytest.raises(ChangedMeanwhile):
        applications.edit_application(tenant.who, tenant.name, Edit(secret=WRONG), stale)
    assert tried == [False]


def test_what_was_tried_elsewhere_is_not_saved(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sealed()

    def meanwhile(*_: object) -> None:
        stored = Connection.objects.get()
        stored.save_changes({"login_url": "https://elsewhere.example"})

    monkeypatch.setattr(rotation, "sign_in", meanwhile)
    with pytest.raises(ChangedMeanwhile, match="changed while the new credential was tried"):
        applications.edit_application(tenant.who, tenant.name, Edit(secret=WRONG))
    assert sealed() == before


def test_members_who_try_credentials_hold_two_threads_of_the_pages_at_most(tenant: Tenant, member: Who) -> None:
    before = sealed()
    with ExitStack() as others:
        for _ in range(waiting.WAITING_OF_ONE):
            others.enter_context(waiting.place(member))
        with pytest.raises(TooOften):
            applications.edit_application(member, tenant.name, Edit(secret=WRONG, **addresses()))  # type: ignore[arg-type]
        assert by_rest(member, client_secret=WRONG).status_code == 429
        with pytest.raises(CredentialsRejected):  # a command has a process of its own
            applications.edit_application(tenant.who, tenant.name, Edit(secret=WRONG))
    with pytest.raises(CredentialsRejected):
        applications.edit_application(member, tenant.name, Edit(secret=WRONG, **addresses()))  # type: ignore[arg-type]
    assert not waiting._waiting.total()
    assert sealed() == before
