"""The organization's own app registration, and one new credential for all tenants that are read as it."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days, system_clock
from seatkeeper.errors import BadInput, ChangedMeanwhile, CredentialsRejected, NotFound
from seatkeeper.jobs import joining
from seatkeeper.notices.conditions import find_expiring_credentials
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services import app_registrations, consent_links, customers, rotation
from seatkeeper.services.customers import CustomerRow
from seatkeeper.services.members import ROLES, Role, Who, operator
from seatkeeper.store.models import AppRegistration, AuditEvent, Connection, Organization
from seatkeeper.sync.connecting import open_credential
from tests.sandbox.test_identity import make_certificate, public_pem
from tests.services.consents import NEW, click, fields

pytestmark = pytest.mark.usefixtures("database")

NEWER = "new8~secret-that-is-good-from-now-on"


def join(sandbox: Sandbox) -> Connection:
    consent_links.arrive(click(sandbox, consent_links.make(operator(), NEW)))
    joining.join_due(lambda: False)
    return Connection.objects.get()


def test_a_registration_is_tried_before_it_is_kept(sandbox: Sandbox) -> None:
    app_registrations.forget(operator())
    with pytest.raises(CredentialsRejected, match="Nothing was saved"):
        app_registrations.keep(operator(), fields(sandbox, client_secret="wrong~but-of-the-right-shape"))
    assert not AppRegistration.objects.exists()


def test_the_secret_of_a_registration_is_sealed(sandbox: Sandbox) -> None:
    kept = AppRegistration.objects.get()
    assert sandbox.client_secret.encode() not in bytes(kept.credential)
    assert open_credential(kept).reveal() == sandbox.client_secret


def test_one_registration_is_kept_and_its_tenant_stays(sandbox: Sandbox) -> None:
    app_registrations.keep(operator(), {"client_secret": sandbox.client_secret, "client_secret_expires": "2099-01-01"})
    kept = AppRegistration.objects.get()
    assert (kept.tenant_id, kept.credential_expires is not None) == (sandbox.tenant_id, True)
    with pytest.raises(BadInput, match="another credential"):
        app_registrations.keep(operator(), {"client_id": "00000000-0000-4000-8000-000000000000"})
    app_registrations.forget(operator())
    with pytest.raises(NotFound):
        app_registrations.forget(operator())


def test_a_new_credential_replaces_that_of_all_and_is_tried_first(sandbox: Sandbox) -> None:
    connection = join(sandbox)
    with pytest.raises(CredentialsRejected, match="stays in use"):
        app_registrations.rotate(operator(), sandbox.client_id, {"client_secret": NEWER})
    assert open_credential(Connection.objects.get()).reveal() == sandbox.client_secret
    for tenant in sandbox.tenants:
        tenant.client_secret = NEWER
    assert app_registrations.rotate(operator(), sandbox.client_id.upper(), {"client_secret": NEWER}) == 1
    for door in (Connection.objects.get(), AppRegistration.objects.get()):
        assert open_credential(door).reveal() == NEWER
    assert AuditEvent.objects.get(action="credential.rotated").detail == "the credential of 1 tenant was replaced"
    connection.refresh_from_db()
    assert connection.version > 0, "whoever had opened it is told"


def test_a_certificate_takes_the_place_of_all_secrets(sandbox: Sandbox) -> None:
    join(sandbox)
    _, certificate, pem = make_certificate()
    for tenant in sandbox.tenants:
        tenant.register_certificate(public_pem(certificate))
    app_registrations.rotate(operator(), sandbox.client_id, {"client_certificate": pem})
    kinds = {Connection.objects.get().credential_kind, AppRegistration.objects.get().credential_kind}
    assert kinds == {"certificate"}


def test_a_tenant_that_shut_us_out_does_not_keep_the_others_from_a_new_secret(sandbox: Sandbox) -> None:
    join(sandbox)
    sandbox.tenants[0].app_removed = True
    sandbox.tenants[1].client_secret = NEWER
    assert app_registrations.rotate(operator(), sandbox.client_id, {"client_secret": NEWER}) == 1


def test_what_changed_while_it_was_tried_is_not_overwritten(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = join(sandbox)

    def meanwhile(*_: object) -> None:
        connection.touch()

    monkeypatch.setattr(rotation, "sign_in", meanwhile)
    for change in (app_registrations.rotate, lambda who, _, given: app_registrations.keep(who, given)):
        with pytest.raises(ChangedMeanwhile, match="Nothing was saved"):
            change(operator(), sandbox.client_id, {"client_secret": NEWER})
    assert open_credential(Connection.objects.get()).reveal() == sandbox.client_secret


def test_a_member_does_not_send_a_secret_where_somebody_else_led_a_tenant(sandbox: Sandbox) -> None:
    join(sandbox)
    member = operator()._replace(member_id=7)
    there = {key: text for key, text in fields(sandbox).items() if key in ("login_url", "graph_url", "ca_file")}
    given = {"client_secret": sandbox.client_secret} | there
    app_registrations.keep(member, given)  # the same addresses, named by whoever gives the secret
    Connection.objects.update(graph_url="https://elsewhere.example.com")
    with pytest.raises(BadInput, match=r"elsewhere\.example\.com"):
        app_registrations.keep(member, given)


@pytest.mark.parametrize(
    ("client_id", "given", "told"),
    [
        ("00000000-0000-4000-8000-000000000000", {"client_secret": NEWER}, "no tenant is read as"),
        ("", {"tenant_id": "x"}, "'tenant_id' is no part of a credential"),
        ("", {}, "give a client secret or a certificate"),
        ("", {"client_secret": "two words"}, "holds a space"),
    ],
)
def test_what_is_no_new_credential_changes_nothing(
    sandbox: Sandbox, client_id: str, given: dict[str, str], told: str
) -> None:
    before = bytes(AppRegistration.objects.get().credential)
    with pytest.raises(BadInput, match=told):
        app_registrations.rotate(operator(), client_id or sandbox.client_id, given)
    assert bytes(AppRegistration.objects.get().credential) == before


def test_another_organizations_tenants_keep_their_credential(sandbox: Sandbox) -> None:
    join(sandbox)
    before = bytes(Connection.objects.get().credential)
    other = Organization.objects.create(name="Somebody else", created=system_clock())
    who = Who(other.pk, "them", ROLES[Role.ADMINISTER])
    app_registrations.keep(who, fields(sandbox))
    assert app_registrations.rotate(who, sandbox.client_id, {"client_secret": sandbox.client_secret}) == 0
    assert bytes(Connection.objects.get().credential) == before


def test_a_secret_that_many_tenants_share_is_one_notice(sandbox: Sandbox) -> None:
    join(sandbox)
    ends = system_clock() + days(5)
    rows = [
        CustomerRow(number, {
            "name": f"Customer {number}", "tenant": f"customer{number}.example", "client_id": sandbox.client_id,
            "secret": sandbox.client_secret, "products": "office-365",
        })
        for number in (1, 2)
    ]  # fmt: skip
    customers.add(operator(), customers.preview_rows(operator(), rows))
    Connection.objects.update(credential_expires=ends)
    (told,) = find_expiring_credentials(operator().organization_id, system_clock())
    assert "and of 2 more tenants expires on" in told.title
    assert f"`seatkeeper connections rotate {sandbox.client_id}`" in told.body
    Connection.objects.filter(tenant_id="customer1.example").update(credential_expires=ends - days(1))
    assert len(list(find_expiring_credentials(operator().organization_id, system_clock()))) == 2
