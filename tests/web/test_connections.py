"""Tenants: the pages of connections, more products with a step before that says what changes, and the suites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seatkeeper.errors import ChangedMeanwhile, CredentialsRejected, SeatkeeperError, Unavailable
from seatkeeper.services import applications, rotation
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, AuditEvent, Connection, Organization, SeatHolder, Task

from ..graph.certificates import certificate, pem, rsa_key
from ..people import NAME, NOW, Tenant, read_tenant
from .conftest import SignedIn
from .test_adding import CLIENT, SECRET, TENANT

VISIO, POWER_BI = "microsoft-visio", "power-bi"
SUITE = "/applications/add?suite=microsoft-365-"


@pytest.fixture
def tenant(organization: Organization) -> Iterator[Tenant]:
    with read_tenant() as read:
        yield read


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.APPLICATIONS)


def address(more: str = "") -> str:
    return f"/connections/{Connection.objects.get().pk}{more}"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_before_the_first_application_the_list_leads_to_adding_one(browser: Client, signed_in: SignedIn) -> None:
    assert 'href="/applications/add"' in text(browser.get("/connections"))
    viewed = text(signed_in(Role.VIEWER).get("/connections"))
    assert "No tenant is read yet" in viewed
    assert 'href="/applications/add"' not in viewed


def test_the_list_leads_to_each_tenant_and_can_be_searched(browser: Client, tenant: Tenant) -> None:
    listed = text(browser.get("/connections"))
    assert f'<a href="{address()}">' in listed
    assert "Microsoft Project" in listed
    assert "Nothing matches" in text(browser.get("/connections?q=fabrikam"))
    assert tenant.sandbox.tenant_id.encode() in browser.get("/connections/export.csv").getvalue()


def test_the_page_shows_applications_signals_tasks_with_their_permissions_and_what_could_be_added(
    browser: Client, tenant: Tenant
) -> None:
    page = text(browser.get(address()))
    for words in (
        "PROJECT_P1 bought",
        "Sign-ins to the product",
        "Complete up to 2026-07-31",
        "Non-Interactive Access",
        "Reports.Read.All",
        "Nobody can say who used Microsoft 365 Copilot",
        "VISIOCLIENT bought",
        tenant.sandbox.client_id,
    ):
        assert words in page
    assert 'value="microsoft-visio" id="product-microsoft-visio" checked' in page
    assert 'id="product-power-bi" checked' not in page  # the tenant owns nothing of it
    assert tenant.sandbox.client_secret not in page
    application = Application.objects.get()
    assert f'href="{address()}"' in text(browser.get(f"/applications/{application.pk}/integration"))


def test_a_viewer_sees_the_tenant_and_is_offered_nothing_to_change(signed_in: SignedIn, tenant: Tenant) -> None:
    viewer = signed_in(Role.VIEWER)
    page = text(viewer.get(address()))
    assert "PROJECT_P1 bought" in page
    assert "Show what changes" not in page
    assert f"/applications/{Application.objects.get().pk}/edit" not in page
    assert viewer.post(address("/products"), {"products": VISIO, "confirmed": "yes"}).status_code == 403
    assert Application.objects.count() == 1


def test_what_changes_is_shown_first_and_done_when_it_is_confirmed(browser: Client, tenant: Tenant) -> None:
    shown = browser.post(address("/products"), {"products": [VISIO, POWER_BI]})
    assert shown.status_code == 200
    page = text(shown)
    assert "Microsoft Visio is added as “Microsoft Visio”" in page
    assert f"No figure of “{NAME}” changes." in page
    assert "Add these 2 products" in page
    assert Application.objects.count() == 1
    done = browser.post(address("/products"), {"products": [VISIO, POWER_BI], "confirmed": "yes"})
    assert done["Location"] == address()
    assert set(Application.objects.values_list("product", flat=True)) == {"microsoft-project", VISIO, POWER_BI}
    assert AuditEvent.objects.filter(action="application.added", who__startswith="member").count() == 2
    assert "Added “Microsoft Visio”, “Microsoft Power BI”." in text(browser.get(address()))


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "yes"}])
def test_what_cannot_be_added_is_said_above_the_boxes_with_what_was_ticked(
    browser: Client, tenant: Tenant, confirmed: dict[str, str]
) -> None:
    applications.add_application(tenant.who, tenant.new_application(product=VISIO, name="Visio"))
    refused = browser.post(address("/products"), {"products": [VISIO, POWER_BI], **confirmed})
    assert refused.status_code == 422
    page = text(refused)
    assert "Microsoft Visio of this tenant is managed already" in page
    assert 'id="product-power-bi" checked' in page
    assert 'id="product-office-365" checked' not in page
    assert "Tick at least one product" in text(browser.post(address("/products"), confirmed))
    assert Application.objects.count() == 2


def test_another_organization_s_tenant_is_not_there(
    tenant: Tenant, signed_in: SignedIn, other_organization: Organization
) -> None:
    stranger = signed_in(Role.ADMINISTER, other_organization)
    assert stranger.get(address()).status_code == 404
    assert stranger.post(address("/products"), {"products": VISIO, "confirmed": "yes"}).status_code == 404
    assert tenant.sandbox.tenant_id not in text(stranger.get("/connections"))
    assert Application.objects.count() == 1


def typed(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "products": ["microsoft-project", POWER_BI],
        "tasks": ["licenses", "roster", "access"],
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "cloud": "global",
        "threshold_days": "90",
        "tags": "",
        "then": "save",
    }
    return {key: value for key, value in (fields | changes).items() if value is not None}


def test_the_catalogue_offers_microsoft_365_beside_each_product_and_finds_it(browser: Client) -> None:
    page = text(browser.get("/applications/add"))
    for words in ("Microsoft 365 Client Credentials", "Microsoft 365 Certificate Based Authentication"):
        assert words in page
    assert "product=microsoft-project" in page
    found = text(browser.get("/applications/add?q=certificate+based"))
    assert "suite=microsoft-365-certificate" in found
    assert "suite=microsoft-365-secret" not in found
    assert "product=" not in found


def test_people_lead_to_what_each_signal_says_of_each_of_their_products(
    browser: Client, tenant: Tenant, signed_in: SignedIn
) -> None:
    browser.post(address("/products"), {"products": [VISIO], "confirmed": "yes"})
    tenant.sync()
    listed = text(browser.get(address("/people?q=ada")))
    assert f'href="{address("/people")}"' in text(browser.get(address()))
    ada = SeatHolder.objects.filter(first_name="Ada")[0].object_id
    assert f'href="{address(f"/people/{ada}")}"' in listed
    assert "Microsoft Project, Microsoft Visio" in listed
    page = text(browser.get(address(f"/people/{ada}")))
    for words in (
        "Products and signals",
        '<th scope="row"><a href="/applications/',
        "no sign-in shows its use",
        "says nothing of this product",
        "Inside the time for which sign-ins are complete",
    ):
        assert words in page
    applications_page = text(browser.get(f"/applications/{Application.objects.get(product=VISIO).pk}/users/{ada}"))
    assert f'href="{address(f"/people/{ada}")}"' in applications_page
    assert ada.encode() in browser.get(address("/people/export.csv")).getvalue()
    noted = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"person.read", "people.listed", "people.exported"} <= noted
    assert browser.get(address("/people/nobody")).status_code == 404


def test_the_panel_ticks_every_product_project_first_and_asks_for_one_kind_of_credential(browser: Client) -> None:
    page = text(browser.get(f"{SUITE}secret"))
    assert page.index('value="microsoft-project"') < page.index('value="microsoft-visio"')
    assert page.count('name="products"') == 6
    assert page.count("checked") == 6 + 4
    assert 'name="client_secret"' in page
    assert 'name="client_certificate"' not in page
    assert 'name="name"' not in page
    assert "Reports.Read.All" in page  # Copilot's is among what is to be granted
    page = text(browser.get(f"{SUITE}certificate"))
    assert 'name="client_certificate"' in page
    assert 'name="client_secret"' not in page


def test_the_credential_is_given_once_for_all_that_is_ticked(browser: Client) -> None:
    answer = browser.post(f"{SUITE}secret", typed())
    connection = Connection.objects.get()
    assert answer["Location"] == f"/connections/{connection.pk}"
    assert set(Application.objects.values_list("name", "product", "connection_id")) == {
        ("Microsoft Project", "microsoft-project", connection.pk),
        ("Microsoft Power BI", POWER_BI, connection.pk),
    }
    assert set(Task.objects.filter(enabled=True).values_list("key", flat=True)) == {"licenses", "roster", "access"}
    onward = browser.post(f"{SUITE}secret", typed(products=[VISIO], client_secret=None, client_id="", then="authorize"))
    assert onward["Location"] == f"/applications/{Application.objects.get(product=VISIO).pk}/authorize"
    assert Connection.objects.count() == 1


def test_a_certificate_is_taken_by_its_own_entry(browser: Client) -> None:
    key = rsa_key()
    file = SimpleUploadedFile("seatkeeper.pem", pem(key, certificate(key, end=timedelta(36_500))).encode())
    browser.post(f"{SUITE}certificate", typed(client_secret=None, client_certificate=file))
    assert Connection.objects.get().credential_kind == "certificate"
    assert Application.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"products": None}, ["Tick at least one product."]),
        ({"products": ["microsoft-word"]}, ["microsoft-word is not one of the available choices"]),
        ({"client_id": "x", "products": None}, ["is not a GUID", "Tick at least one product."]),
        ({"client_secret": ""}, ["Give a client secret or a certificate."]),
        ({"threshold_days": "0"}, ["is not a number of days"]),
    ],
)
def test_what_is_wrong_in_the_panel_is_said_at_once_and_nothing_is_saved(
    browser: Client, changes: dict[str, Any], words: list[str]
) -> None:
    answer = browser.post(f"{SUITE}secret", typed(**changes))
    assert answer.status_code == 422
    for each in words:
        assert each in text(answer)
    assert SECRET not in text(answer)
    assert not Connection.objects.exists()


def test_a_suite_with_a_product_that_is_managed_already_adds_none(browser: Client) -> None:
    browser.post(f"{SUITE}secret", typed(products=[POWER_BI]))
    refused = browser.post(f"{SUITE}secret", typed(products=["microsoft-project", POWER_BI]))
    assert refused.status_code == 422
    assert "reads this product of this tenant already" in text(refused)
    assert Application.objects.count() == 1


@pytest.mark.parametrize("error", [ChangedMeanwhile, CredentialsRejected, Unavailable])
def test_a_credential_that_cannot_take_the_stored_ones_place_is_said_in_the_panel(
    browser: Client, monkeypatch: pytest.MonkeyPatch, error: type[SeatkeeperError]
) -> None:
    browser.post(f"{SUITE}secret", typed(products=[POWER_BI]))

    def refuse(*_: object) -> None:
        raise error("Why it is not taken.")

    monkeypatch.setattr(rotation, "try_new", refuse)
    answer = browser.post(f"{SUITE}secret", typed(products=[VISIO]))
    assert (answer.status_code, Application.objects.count()) == (422, 1)
    assert "Why it is not taken." in text(answer)
    assert re.search(rf'value="{VISIO}"[^>]* checked', text(answer))  # what was typed in is kept
    assert SECRET not in text(answer)


def test_a_suite_that_there_is_not_is_refused(browser: Client) -> None:
    assert browser.get("/applications/add?suite=moon").status_code in (400, 404, 422)


def test_the_licence_position_of_a_tenant_is_a_page_and_a_file(browser: Client, tenant: Tenant) -> None:
    browser.post(address("/products"), {"products": [VISIO], "confirmed": "yes"})
    tenant.sync()
    assert f'href="{address("/position")}"' in text(browser.get(address()))
    page = text(browser.get(address("/position")))
    assert '<th scope="row">Tenant</th>' in page
    assert "Counted At" in page
    assert b"Counted At" in browser.get(address("/position/export.csv")).getvalue()
    assert browser.get("/connections/999/position").status_code == 404


def test_the_true_up_of_a_tenant_shows_the_days_that_were_read(browser: Client, tenant: Tenant) -> None:
    tenant.sync("licenses")
    days = f"first={NOW[:10]}&last={NOW[:10]}"
    assert f'href="{address("/true-up")}"' in text(browser.get(address("/position")))
    page = text(browser.get(address(f"/true-up?{days}")))
    assert "Licences were read on 1 of 1 days." in page
    assert "PROJECTPROFESSIONAL" in page
    assert "owed" not in page
    assert b"Highest Assigned" in browser.get(address(f"/true-up/export.csv?{days}")).getvalue()
    wrong = browser.get(address("/true-up?first=2026-08-02&last=2026-08-01"))
    assert (wrong.status_code, "earlier day first" in text(wrong)) == (422, True)
    assert browser.get(address("/true-up/export.csv?first=soon")).status_code == 422
