"""A credential goes nowhere that its giver has not seen, and nobody moves it there unless the operator allows it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client

from seatkeeper.errors import BadInput
from seatkeeper.services import applications
from seatkeeper.services.applications import Edit, NewApplication
from seatkeeper.services.members import Role, Who, operator, who_is
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store import seal
from seatkeeper.store.models import Application, AuditEvent, Connection
from tests.graph.certificates import certificate, rsa_key
from tests.web.conftest import NewMember, client, empty_store, new_member, organization, signed_in  # noqa: F401

pytestmark = pytest.mark.usefixtures("database", "made_up_credentials")

EVIL = "https://evil.example"
REAL = "the-real~secret.of-the-administrator"
NEW = NewApplication(
    "microsoft-project", "Project", "8f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11", "1b6a6d0e-58a5-4b53-8a4f-3f0f6d9c2a22",
    secret="made~up.secret",
)  # fmt: skip
MOVED = replace(NEW, login_url=EVIL, graph_url=EVIL)


@pytest.fixture
def member(new_member: NewMember) -> Who:  # noqa: F811
    return who_is(new_member(Role.APPLICATIONS).pk)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every installation is whose operator did not say otherwise."""
    monkeypatch.setattr("seatkeeper.services.addresses.SEATKEEPER", SEATKEEPER._replace(own_addresses=False))


def stored() -> str:
    connection = Connection.objects.get()
    place = connection.organization_id, connection.pk, "credential"
    return seal.open_sealed(bytes(connection.credential), *place).reveal()


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    ("field", "value"),
    [("login_url", EVIL), ("graph_url", EVIL), ("ca_file", "/proc/self/fd/4"), ("ca_file", "/nowhere")],
)
def test_a_member_gives_no_own_address_unless_the_operator_allows_it(member: Who, field: str, value: str) -> None:
    for way in ({field: value}, {"fields": {field: value}}):
        with pytest.raises(BadInput, match="SEATKEEPER_OWN_ADDRESSES=yes") as refused:
            applications.add_application(member, replace(NEW, **way))
        assert refused.value.first.field == field
    assert not Connection.objects.exists()
    applications.add_application(member, NEW)
    with pytest.raises(BadInput, match="SEATKEEPER_OWN_ADDRESSES=yes"):
        applications.edit_application(member, "Project", Edit(secret=REAL, **{field: value}))  # type: ignore[arg-type]
    assert stored() == "made~up.secret"


@pytest.mark.usefixtures("closed")
def test_the_page_does_not_ask_for_them_then_but_shows_those_that_there_are(signed_in: Any) -> None:  # noqa: F811
    browser: Client = signed_in(Role.APPLICATIONS)
    assert b"login_url" not in browser.get("/applications/add?product=microsoft-project").content
    applications.add_application(operator(), MOVED)  # kept from before, or by the operator
    place = f"/applications/{Application.objects.get().pk}"
    for page in ("edit", "authorize"):
        shown = browser.get(f"{place}/{page}").content.decode()
        assert "sent here" in shown, page
        assert EVIL in shown, page


@pytest.mark.usefixtures("closed")
def test_connections_that_have_them_keep_working_and_are_edited(member: Who) -> None:
    applications.add_application(operator(), MOVED)
    applications.edit_application(member, "Project", Edit(threshold_days=30))
    applications.edit_application(member, "Project", Edit(secret=REAL, login_url=EVIL, graph_url=EVIL))
    assert stored() == REAL


def test_a_secret_does_not_go_where_another_member_moved_it_unseen(member: Who, new_member: NewMember) -> None:  # noqa: F811
    applications.add_application(member, NEW)
    applications.edit_application(member, "Project", Edit(secret="made~up.too", login_url=EVIL))
    admin = who_is(new_member(Role.ADMINISTER).pk)
    with pytest.raises(BadInput, match=EVIL):
        applications.edit_application(admin, "Project", Edit(secret=REAL))
    assert stored() == "made~up.too"
    applications.edit_application(admin, "Project", Edit(secret=REAL, login_url=""))
    assert (stored(), Connection.objects.get().login_url) == (REAL, "https://login.microsoftonline.com")


def test_a_connection_that_another_member_planted_gets_no_secret_with_a_second_product(
    member: Who,
    new_member: NewMember,  # noqa: F811
) -> None:
    applications.add_application(member, MOVED)
    admin = who_is(new_member(Role.ADMINISTER).pk)
    visio = replace(NEW, product="microsoft-visio", name="Visio", secret=REAL)
    with pytest.raises(BadInput, match=EVIL):
        applications.add_application(admin, visio)
    assert stored() == "made~up.secret"
    assert not Application.objects.filter(name="Visio").exists()
    applications.add_application(admin, replace(visio, login_url="", graph_url=""))
    connection = Connection.objects.get()
    assert (stored(), connection.login_url) == (REAL, "https://login.microsoftonline.com")


def test_another_address_or_authority_needs_the_credential_again(member: Who) -> None:
    applications.add_application(member, NEW)
    authority = certificate(rsa_key()).public_bytes(Encoding.PEM).decode()
    for edit in (Edit(login_url=EVIL), Edit(graph_url=EVIL), Edit(ca_file=authority)):
        with pytest.raises(BadInput, match="give the credential again"):
            applications.edit_application(member, "Project", edit)


def test_the_trail_names_the_addresses_and_where_a_credential_goes(member: Who) -> None:
    applications.add_application(member, MOVED)
    added = AuditEvent.objects.get(action="application.added").detail
    assert f"Login URL: the usual → {EVIL}" in added
    other = "https://elsewhere.example"
    applications.edit_application(member, "Project", Edit(secret=REAL, login_url=other, graph_url=EVIL))
    edited = AuditEvent.objects.get(action="application.edited").detail
    assert f"Login URL: {EVIL} → {other}" in edited
    assert f"the credential is sent to Login URL {other}" in edited
    assert REAL not in edited


def test_rest_shows_the_addresses_and_takes_a_secret_only_with_them(member: Who) -> None:
    from seatkeeper.services import tokens

    applications.add_application(member, MOVED)
    key = tokens.make(member, "script", Role.APPLICATIONS).text.reveal()
    place = f"/api/v1/applications/{Application.objects.get().pk}"

    def patch(**body: str) -> Any:
        told = {"Authorization": f"Bearer {key}"}
        return Client().patch(place, json.dumps(body), content_type="application/json", headers=told)

    refused = patch(client_secret=REAL)
    assert refused.status_code == 422
    assert EVIL in refused.json()["detail"]
    assert stored() == "made~up.secret"
    taken = patch(client_secret=REAL, login_url=EVIL, graph_url=EVIL).json()
    assert (taken["login_url"], taken["graph_url"], taken["own_addresses"]) == (EVIL, EVIL, True)
    usual = patch(client_secret=REAL, login_url="", graph_url="").json()
    assert (usual["login_url"], usual["own_addresses"]) == ("https://login.microsoftonline.com", False)
