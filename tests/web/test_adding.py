"""Add Application and Edit: what is typed in is kept or refused at its field, and a secret never comes back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seatkeeper.connectors.microsoft.access import TASK as ACCESS
from seatkeeper.connectors.microsoft.guide import PERMISSIONS, grant, guide
from seatkeeper.errors import NotAllowed
from seatkeeper.services import applications
from seatkeeper.services.applications import Edit, NewApplication
from seatkeeper.services.members import ROLES, Role, operator
from seatkeeper.store.models import Application, AuditEvent, Connection, Organization, Task

from ..graph.certificates import certificate, pem, rsa_key
from .conftest import SignedIn

ADD = "/applications/add?product=microsoft-project"
TENANT = "8f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11"
CLIENT = "1b6a6d0e-58a5-4b53-8a4f-3f0f6d9c2a22"
SECRET = "a~very.secret-Value_01234567890123456789"


def typed(**changes: Any) -> dict[str, Any]:
    fields = {
        "name": "Project",
        "tasks": ["licenses", "roster", "access"],
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "cloud": "global",
        "threshold_days": "90",
        "tags": "finance, emea",
        "then": "save",
    }
    return {key: value for key, value in (fields | changes).items() if value is not None}


def add(who_client: Client, **changes: Any) -> Any:
    return who_client.post(ADD, typed(**changes))


def without_tokens(answer: Any) -> str:
    """A page without what differs on every page: the forms' tokens."""
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", answer.content.decode())


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.APPLICATIONS)


def test_the_catalogue_shows_what_can_be_managed_and_searches_it(browser: Client) -> None:
    assert "product=microsoft-project" in browser.get("/applications/add").content.decode()
    assert "product=microsoft-project" in browser.get("/applications/add?q=client+PROJECT").content.decode()
    nothing = browser.get("/applications/add?q=<script>").content.decode()
    assert "product=microsoft-project" not in nothing
    assert "<script>" not in nothing.split("</head>")[1]


def test_the_panel_ticks_every_task_and_gives_scripts_with_the_ids_of_their_permissions(browser: Client) -> None:
    page = browser.get(ADD).content.decode()
    assert page.count("checked") == 4
    for permission in ("User.Read.All", "AuditLog.Read.All", "LicenseAssignment.Read.All"):
        assert page.count(PERMISSIONS[permission]) >= 5  # in the table, and in each of four scripts
    assert 'type="password"' in page
    assert 'autocomplete="off"' in page


def test_a_script_for_one_task_asks_for_the_permission_of_that_task_alone() -> None:
    for script in guide([ACCESS]).scripts:
        assert PERMISSIONS["AuditLog.Read.All"] in script.script
        assert PERMISSIONS["User.Read.All"] not in script.script
        assert "$$" not in script.script
    assert PERMISSIONS["User.Read.All"] in grant("User.Read.All", CLIENT)


def test_save_keeps_what_was_typed_and_leads_to_the_application(browser: Client) -> None:
    answer = add(browser, tasks=["roster"])
    saved = Application.objects.get()
    assert answer["Location"] == f"/applications/{saved.pk}"
    assert (saved.name, saved.threshold_days, saved.tags) == ("Project", 90, "finance, emea")
    assert [task.key for task in Task.objects.filter(enabled=True)] == ["roster"]
    assert SECRET.encode() not in bytes(saved.connection.credential)
    event = AuditEvent.objects.get(action="application.added")
    assert event.subject == "Project"
    assert SECRET not in event.detail


def test_authorize_saves_and_leads_to_the_check_list(browser: Client) -> None:
    answer = add(browser, then="authorize")
    assert answer["Location"] == f"/applications/{Application.objects.get().pk}/authorize"


def test_a_certificate_serves_in_place_of_a_secret(browser: Client) -> None:
    key = rsa_key()
    answer = add(
        browser,
        client_secret="",
        client_certificate=SimpleUploadedFile(
            "seatkeeper.pem", pem(key, certificate(key, end=timedelta(36_500))).encode()
        ),
    )
    assert answer.status_code == 302, answer.content.decode().split("_error")[1:]
    connection = Connection.objects.get()
    assert connection.credential_kind == "certificate"
    assert connection.credential_expires is not None


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "bad\0name"}),
        ("name", {"name": "x" * 900_000}),
        ("name", {"name": "turned \u202e around"}),
        ("tenant_id", {"tenant_id": "common"}),
        ("tenant_id", {"tenant_id": "<script>alert(1)</script>"}),
        ("client_id", {"client_id": "not a guid"}),
        ("client_secret", {"client_secret": ""}),
        ("client_secret", {"client_secret": CLIENT}),
        ("client_secret", {"client_secret": "two words"}),
        ("threshold_days", {"threshold_days": "0"}),
        ("threshold_days", {"threshold_days": "soon"}),
        ("tasks", {"tasks": None}),
        ("cloud", {"cloud": "moon"}),
        ("tags", {"tags": "x" * 41}),
        ("tags", {"tags": ",".join(map(str, range(21)))}),
        ("login_url", {"login_url": "http://login.example.org"}),
        ("graph_url", {"graph_url": "https://graph.example.org/path"}),
        ("ca_file", {"ca_file": "/nowhere/ca.pem"}),
    ],
)
def test_bad_input_is_refused_at_its_field_and_nothing_is_saved(
    browser: Client, field: str, changes: dict[str, Any]
) -> None:
    answer = add(browser, **changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert not Application.objects.exists()
    assert not Connection.objects.exists()
    assert SECRET not in page  # the form is kept, the secret never
    assert "<script>alert" not in page
    if "name" not in changes:
        assert 'value="Project"' in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x" * 65_537, "larger than 64 kB"),
        (b"\xff\xfe\x00", "damaged"),
        (b"-----BEGIN NONSENSE-----", "private key"),
    ],
    ids=["large", "binary", "nonsense"],
)
def test_a_file_that_is_no_certificate_is_refused_at_its_field(browser: Client, content: bytes, words: str) -> None:
    answer = add(browser, client_secret="", client_certificate=SimpleUploadedFile("c.pem", content))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_client_certificate_error"' in page
    assert words.lower() in page.lower()
    assert not Connection.objects.exists()


def test_the_same_tenant_and_product_cannot_be_added_twice(browser: Client) -> None:
    add(browser)
    answer = add(browser, name="Another", client_secret="another-secret-0123456789")
    assert answer.status_code == 422
    assert 'id="id_tenant_id_error"' in answer.content.decode()
    assert Application.objects.count() == 1


def test_edit_keeps_the_credential_that_is_not_given_anew(browser: Client) -> None:
    add(browser)
    application = Application.objects.get()
    before = bytes(application.connection.credential)
    page = browser.get(f"/applications/{application.pk}/edit").content.decode()
    assert SECRET not in page
    answer = browser.post(
        f"/applications/{application.pk}/edit",
        typed(name="Renamed", client_secret="", tasks=["access"], threshold_days="15"),
    )
    assert answer.status_code == 302
    application.refresh_from_db()
    assert (application.name, application.threshold_days) == ("Renamed", 15)
    assert bytes(Connection.objects.get().credential) == before
    assert [task.key for task in Task.objects.filter(enabled=True)] == ["access"]
    assert AuditEvent.objects.filter(action="application.edited", subject="Renamed").exists()


@pytest.mark.usefixtures("made_up_credentials")
@pytest.mark.parametrize("moved", [{"graph_url": "https://graph.example.org"}, {"cloud": "usgov"}])
def test_a_stored_credential_is_never_sent_to_another_address(browser: Client, moved: dict[str, str]) -> None:
    add(browser)
    application = Application.objects.get()
    answer = browser.post(f"/applications/{application.pk}/edit", typed(client_secret="", **moved))
    assert answer.status_code == 422
    assert 'id="id_client_secret_error"' in answer.content.decode()
    assert Connection.objects.get().graph_url == "https://graph.microsoft.com"
    assert browser.post(f"/applications/{application.pk}/edit", typed(**moved)).status_code == 302
    assert Connection.objects.get().graph_url != "https://graph.microsoft.com"


def test_the_tenant_of_an_application_does_not_change(browser: Client) -> None:
    add(browser)
    browser.post(f"/applications/{Application.objects.get().pk}/edit", typed(tenant_id="other.example.org"))
    assert Connection.objects.get().tenant_id == TENANT


def test_an_edit_that_is_refused_changes_nothing(browser: Client) -> None:
    add(browser)
    application = Application.objects.get()
    answer = browser.post(f"/applications/{application.pk}/edit", typed(name="Renamed", client_secret="two words"))
    assert answer.status_code == 422
    application.refresh_from_db()
    assert application.name == "Project"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.LICENSES])
def test_who_may_not_manage_applications_is_refused_the_form_and_the_deed(signed_in: SignedIn, role: Role) -> None:
    browser = signed_in(role)
    assert browser.get(ADD).status_code == 403
    assert add(browser).status_code == 403
    assert not Application.objects.exists()


def test_a_foreign_and_an_unknown_application_look_the_same(
    browser: Client, signed_in: SignedIn, other_organization: Organization
) -> None:
    add(browser)
    own = Application.objects.get().pk
    stranger = signed_in(Role.ADMINISTER, other_organization)
    for end in ("edit", "authorize", "authorize/events"):
        foreign, unknown = (stranger.get(f"/applications/{number}/{end}") for number in (own, 10**30))
        assert foreign.status_code == unknown.status_code == 404
        assert without_tokens(foreign) == without_tokens(unknown)


def test_every_change_asks_for_the_role_itself(browser: Client) -> None:
    """Behind the page stands the service: REST and jobs call it, too."""
    add(browser)
    viewer = operator()._replace(may=ROLES[Role.VIEWER])
    changes: list[Callable[[], object]] = [
        lambda: applications.add_application(viewer, NewApplication("microsoft-project", "B", "b.example.org", CLIENT)),
        lambda: applications.edit_application(viewer, "Project", Edit(name="B")),
        lambda: applications.authorize(viewer, "Project"),
        lambda: applications.set_active(viewer, "Project", active=False),
        lambda: applications.delete_application(viewer, "Project"),
    ]
    for change in changes:
        with pytest.raises(NotAllowed):
            change()
    assert Application.objects.get().active


def test_the_command_line_still_names_applications_by_name(organization: Organization) -> None:
    who = operator()
    applications.add_application(
        who, NewApplication("microsoft-project", "Project", TENANT, CLIENT, secret=SECRET, tags="b,  a ,b")
    )
    assert applications.find_application(who, "Project").tags == "b, a"
    assert applications.set_active(who, "Project", active=False).active is False


def test_everything_that_is_wrong_in_a_submit_is_told_at_once(browser: Client) -> None:
    page = add(browser, name=" ", tenant_id="common", client_id="x", client_secret="", threshold_days="soon").content
    for field in ("name", "tenant_id", "client_id", "client_secret", "threshold_days"):
        assert f'id="id_{field}_error"'.encode() in page
    assert b"not both" not in page  # nobody gave both
    assert not Connection.objects.exists()


def test_a_certificate_that_cannot_be_read_is_not_called_missing(browser: Client) -> None:
    page = add(browser, client_secret="", client_certificate=SimpleUploadedFile("c.pem", b"\xff\xfe\x00")).content
    assert b'id="id_client_certificate_error"' in page
    assert b'id="id_client_secret_error"' not in page


@pytest.mark.parametrize("cloud", ["usgov", "china"])
def test_another_product_of_a_connected_tenant_takes_the_cloud_it_is_read_in(browser: Client, cloud: str) -> None:
    add(browser, cloud=cloud)
    address = "/applications/add?product=microsoft-visio"
    menu = re.search(r'<select name="cloud".*?</select>', browser.get(address).content.decode(), re.DOTALL)
    assert menu
    as_shown = re.search(r'<option value="(\w*)"(?: selected)?>', menu[0])
    assert as_shown
    joining = typed(name="Visio", client_id=None, client_secret=None, cloud=as_shown[1])
    assert browser.post(address, joining).status_code == 302
    assert list(Connection.objects.values_list("cloud", flat=True)) == [cloud]
    assert Application.objects.count() == 2
