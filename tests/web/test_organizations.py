"""A member of several organizations works in one at a time; an operator manages all and sees nobody in them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from seatkeeper.clock import system_clock
from seatkeeper.services import memberships, operators
from seatkeeper.services.members import Role, operator, who_is
from seatkeeper.store.models import Application, Connection, Membership, Organization

from .conftest import PASSWORD, NewMember, SignedIn


@pytest.fixture
def ada(new_member: NewMember, other_organization: Organization) -> User:
    """Who belongs to both: she administers ours, and looks at the other."""
    member = new_member(Role.ADMINISTER, password=PASSWORD)
    Membership.objects.create(
        member=member, organization=other_organization, role=Role.VIEWER.value, created=system_clock()
    )
    return member


@pytest.fixture
def browser(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def otto(organization: Organization) -> Client:
    """The browser of an operator who is in no organization."""
    operators.add(operator(), "otto@example.com")
    client = Client()
    client.force_login(User.objects.get(email="otto@example.com"))
    return client


def add_application(organization: Organization, name: str) -> Application:
    connection = Connection.objects.create(
        organization=organization, tenant_id=name, login_url="", graph_url="", created=0
    )
    return Application.objects.create(
        organization=organization, connection=connection, product="microsoft-project", name=name, created=0
    )


def test_one_who_belongs_to_several_chooses_and_works_there(browser: Client, other_organization: Organization) -> None:
    assert browser.get("/applications").headers["Location"] == "/organizations"
    assert browser.post("/prices/set", {}).status_code == 403, "nothing is saved before"
    page = browser.get("/organizations").content.decode()
    assert "Default" in page
    assert "Somebody else" in page
    assert browser.post(f"/organizations/{other_organization.pk}/enter").headers["Location"] == "/applications"
    assert "Somebody else" in browser.get("/applications").content.decode()
    assert browser.get("/members").status_code == 403, "a viewer there"


def test_a_member_of_one_organization_sees_none_of_this(signed_in: SignedIn) -> None:
    page = signed_in().get("/applications").content.decode()
    assert "/organizations" not in page
    assert "Default" not in page


def test_after_a_switch_a_form_of_the_organization_before_is_refused(
    ada: User, organization: Organization, other_organization: Organization
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)

    def token() -> str:
        client.get("/organizations")
        return client.cookies["seatkeeper_csrf"].value

    first = token()
    client.post(f"/organizations/{organization.pk}/enter", {"csrfmiddlewaretoken": first})
    before = token()
    client.post(f"/organizations/{other_organization.pk}/enter", {"csrfmiddlewaretoken": before})
    late = client.post("/profile", {"csrfmiddlewaretoken": before, "first_name": "x"})
    assert late.status_code == 403
    assert b"Reload" in late.content or b"reload" in late.content


@pytest.mark.parametrize("to", ["//evil.example.com", "https://evil.example.com/", "applications"])
def test_switching_leads_nowhere_else(browser: Client, organization: Organization, to: str) -> None:
    answer = browser.post(f"/organizations/{organization.pk}/enter", {"next": to})
    assert answer.headers["Location"] == "/applications"


def test_an_address_in_another_of_ones_organizations_offers_to_switch(
    browser: Client, organization: Organization, other_organization: Organization, signed_in: SignedIn
) -> None:
    theirs = add_application(other_organization, "Canary")
    third = add_application(Organization.objects.create(name="Third", created=1), "Secret")
    browser.post(f"/organizations/{organization.pk}/enter")
    page = browser.get(f"/applications/{theirs.pk}")
    assert page.status_code == 404
    assert "belongs to" in page.content.decode()
    assert f"/organizations/{other_organization.pk}/enter" in page.content.decode()
    assert "Canary" not in page.content.decode()
    hidden, missing = browser.get(f"/applications/{third.pk}"), browser.get("/applications/999999")
    assert (hidden.status_code, b"belongs to" in hidden.content) == (missing.status_code, False)
    stranger = signed_in(Role.ADMINISTER, organization).get(f"/applications/{theirs.pk}")
    assert b"belongs to" not in stranger.content


def test_nobody_enters_an_organization_of_others_or_one_that_is_archived(
    browser: Client, other_organization: Organization
) -> None:
    third = Organization.objects.create(name="Third", created=1)
    assert browser.post(f"/organizations/{third.pk}/enter").status_code == 404
    browser.post(f"/organizations/{other_organization.pk}/enter")
    Organization.objects.filter(pk=other_organization.pk).update(archived=1)
    answer = browser.get("/prices")
    assert answer.headers["Location"] == "/organizations", "it is chosen anew, and never for somebody"


def test_an_invitation_to_one_more_organization_is_accepted_by_signing_in(
    new_member: NewMember, other_organization: Organization
) -> None:
    member = new_member(Role.VIEWER, password=PASSWORD)
    boss = who_is(new_member(Role.ADMINISTER, other_organization, PASSWORD).pk)
    path = memberships.invite(boss, member.email, Role.LICENSES).path
    client = Client()
    assert client.get(path).headers["Location"].startswith("/accounts/login/")
    client.force_login(member)
    assert "Somebody else" in client.get(path).content.decode()
    assert client.post(path).headers["Location"] == "/applications"
    assert "Somebody else" in client.get("/applications").content.decode()
    assert client.get(path).status_code == 404


def test_an_operator_manages_organizations_by_pages_and_gets_in_to_none(
    otto: Client, organization: Organization
) -> None:
    assert otto.get("/applications").headers["Location"] == "/organizations"
    assert otto.post(f"/organizations/{organization.pk}/enter").status_code == 404
    added = otto.post("/organizations/add", {"name": "Contoso"})
    made = Organization.objects.get(name="Contoso")
    assert added.headers["Location"] == f"/organizations/{made.pk}"
    assert otto.post("/organizations/add", {"name": "contoso"}).status_code == 422
    invited = otto.post(f"/organizations/{made.pk}/administrator", {"email": "ada@example.com"})
    assert "/invitations/" in invited.content.decode()
    for change in ("archive", "reactivate"):
        otto.post(f"/organizations/{made.pk}/{change}")
        assert otto.get(f"/organizations/{made.pk}").status_code == 200
    otto.post(f"/organizations/{made.pk}/rename", {"name": "Contoso Ltd"})
    assert "Contoso Ltd" in otto.get("/organizations").content.decode()
    assert "organization.renamed" in otto.get("/organizations/audit").content.decode()
    assert otto.get("/organizations/export.csv").status_code == 200
    assert "/invitations/" in otto.post("/operators", {"email": "new@example.com"}).content.decode()
    assert otto.post("/operators", {"email": "new@example.com"}).status_code == 422


def test_an_exported_file_says_whose_it_is_where_there_are_several(
    browser: Client, organization: Organization, signed_in: SignedIn
) -> None:
    browser.post(f"/organizations/{organization.pk}/enter")
    assert (
        'filename="default-applications.csv"' in browser.get("/applications/export.csv").headers["Content-Disposition"]
    )
    alone = signed_in().get("/applications/export.csv")
    assert 'filename="applications.csv"' in alone.headers["Content-Disposition"]
