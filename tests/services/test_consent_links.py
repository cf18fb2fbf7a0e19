"""A customer joins by one click of its administrator: the link, the way back, and the first token."""

from __future__ import annotations

from typing import Any

import pytest

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.jobs import joining, queue
from seatkeeper.model import RunStatus
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services import app_registrations, consent_links
from seatkeeper.services.consent_links import NewLink
from seatkeeper.services.members import ROLES, Role, Who, operator
from seatkeeper.store.models import Application, AppRegistration, AuditEvent, Connection, ConsentLink, Organization, Run
from seatkeeper.sync.connecting import open_credential
from tests.services.consents import NEW, PRODUCTS, click, fields
from tests.signing_in import OTHER, consent

pytestmark = pytest.mark.usefixtures("database")


def join() -> ConsentLink:
    joining.join_due(lambda: False)
    return ConsentLink.objects.get()


def test_a_customer_joins_by_one_click_and_is_read(sandbox: Sandbox) -> None:
    link = consent_links.make(operator(), NEW)
    assert "/organizations/v2.0/adminconsent?" in consent_links.address(operator(), link)
    assert consent_links.arrive(click(sandbox, link))
    assert not Connection.objects.exists(), "before the first token, nothing is kept"
    link = join()
    assert (link.status, link.message, link.due) == ("joined", "", None)
    connection = Connection.objects.get()
    customer = sandbox.tenants[1]
    assert (connection.tenant_id, connection.directory_id) == (customer.tenant_id, customer.tenant_id)
    assert link.connection == connection
    assert open_credential(connection).reveal() == sandbox.client_secret
    made = Application.objects.order_by("pk").values_list("name", "product", "tags", "threshold_days")
    assert list(made) == [
        ("Microsoft Project (Contoso)", "microsoft-project", "gold, north", 30),
        ("Microsoft Visio (Contoso)", "microsoft-visio", "gold, north", 30),
    ]
    for waiting in queue.list_waiting(system_clock()):
        queue.run_waiting(waiting, lambda: False)
    assert set(Run.objects.values_list("task__key", "status")) == {
        ("licenses", RunStatus.COMPLETE),
        ("roster", RunStatus.COMPLETE),
    }
    assert AuditEvent.objects.filter(action="consent.consented", who="administrator of Contoso").exists()
    assert AuditEvent.objects.filter(action="application.added", who="consent of Contoso").count() == 2


def test_a_link_is_good_for_one_consent(sandbox: Sandbox) -> None:
    link = consent_links.make(operator(), NEW)
    answer = click(sandbox, link)
    consent_links.arrive(answer)
    for again in (answer, answer | {"error": "access_denied"}):
        with pytest.raises(BadInput, match="used already"):
            consent_links.arrive(again)
    join()
    with pytest.raises(BadInput, match="used already"):
        consent_links.arrive(answer)
    assert Connection.objects.count() == 1
    assert consent_links.address(operator(), ConsentLink.objects.get()) == ""


@pytest.mark.parametrize("change", ["nothing", "x", "another"])
def test_a_text_that_we_did_not_sign_for_this_link_leads_nowhere(sandbox: Sandbox, change: str) -> None:
    link = consent_links.make(operator(), NEW)
    state = click(sandbox, link)["state"]
    other = state.replace(f"-{link.pk}-", f"-{link.pk + 1}-")
    forged = {"nothing": "", "x": f"{state[:-1]}{'A' if state[-1] != 'A' else 'B'}", "another": other}[change]
    with pytest.raises(BadInput, match="used already, was withdrawn or has ended"):
        consent_links.arrive({"admin_consent": "True", "tenant": sandbox.tenant_id, "state": forged})
    assert join().status == "waiting"


def test_a_link_ends_after_two_weeks_and_when_it_is_withdrawn(sandbox: Sandbox) -> None:
    link = consent_links.make(operator(), NEW)
    answer = click(sandbox, link)
    with pytest.raises(BadInput, match="has ended"):
        consent_links.arrive(answer, clock=lambda: system_clock() + days(14))
    consent_links.withdraw(operator(), link.pk)
    with pytest.raises(BadInput, match="was withdrawn"):
        consent_links.arrive(answer)
    assert join().status == "withdrawn"


def test_who_withdraws_after_the_consent_is_not_joined(sandbox: Sandbox) -> None:
    link = consent_links.make(operator(), NEW)
    consent_links.arrive(click(sandbox, link))
    consent_links.withdraw(operator(), link.pk)
    assert join().status == "withdrawn"
    assert not Connection.objects.exists()


def test_who_withdraws_while_the_token_is_asked_for_is_not_joined(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = consent_links.make(operator(), NEW)
    consent_links.arrive(click(sandbox, link))

    def meanwhile(*_: object) -> str:
        consent_links.withdraw(operator(), link.pk)
        return sandbox.tenants[1].tenant_id

    monkeypatch.setattr(joining, "sign_in", meanwhile)
    assert join().status == "withdrawn"
    assert not Connection.objects.exists()


@pytest.mark.parametrize("error", ["consent_required", "access_denied", "permission_denied"])
def test_who_declines_is_told_of_in_words_and_may_think_again(sandbox: Sandbox, error: str) -> None:
    sandbox.tenants[1].consent_refusal = error
    link = consent_links.make(operator(), NEW)
    assert not consent_links.arrive(click(sandbox, link, None))
    link = join()
    assert link.status == "declined"
    assert link.message.startswith("Whoever signed in did not agree to what was asked for.")
    assert consent_links.arrive(click(sandbox, link))
    assert join().status == "joined"


def test_somebody_without_the_role_is_told_of_in_words(sandbox: Sandbox) -> None:
    link = consent_links.make(operator(), NEW)
    consent_links.arrive(click(sandbox, link, OTHER))
    assert "Only an administrator may agree" in join().message


def test_an_unknown_refusal_is_quoted_and_not_guessed(sandbox: Sandbox) -> None:
    link = consent_links.make(operator(), NEW)
    state = click(sandbox, link, None)["state"]
    told = "AADSTS999999: No such\x1b[31m luck. Trace ID: 1"
    consent_links.arrive({"state": state, "error": "server_error", "error_description": told})
    message = join().message
    assert "a code that we do not know" in message
    assert "No such [31m luck." in message


@pytest.mark.parametrize("answer", [{}, {"admin_consent": "True"}, {"admin_consent": "True", "tenant": "common"}])
def test_what_is_neither_a_consent_nor_a_refusal_changes_nothing(sandbox: Sandbox, answer: dict[str, str]) -> None:
    link = consent_links.make(operator(), NEW)
    state = click(sandbox, link, None)["state"]
    with pytest.raises(BadInput, match="neither"):
        consent_links.arrive(answer | {"state": state})
    assert join().status == "waiting"


def test_the_token_is_waited_for_while_microsoft_does_not_know_of_the_consent(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.tenants[1].consent_delay = 60
    link = consent_links.make(operator(), NEW)
    consent_links.arrive(click(sandbox, link))
    link = join()
    assert (link.status, link.tries) == ("consented", 1)
    assert "no enterprise application" in link.message
    assert not Connection.objects.exists()
    assert join().tries == 1, "not before its time"
    sandbox.tenants[1].move(seconds=61)
    monkeypatch.setattr(joining, "system_clock", lambda: system_clock() + seconds(61))
    assert join().status == "joined"


def test_after_a_day_of_refusals_it_is_given_up_and_can_be_tried_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.tenants[1].consent_delay = 10**6
    link = consent_links.make(operator(), NEW)
    consent_links.arrive(click(sandbox, link))
    with monkeypatch.context() as later:
        later.setattr(joining, "system_clock", lambda: system_clock() + days(2))
        link = join()
    assert link.status == "refused"
    assert "tried for a day" in link.message
    sandbox.tenants[1].service_principal_since = 0
    consent_links.retry(operator(), link.pk)
    assert join().status == "joined"
    with pytest.raises(BadInput, match="nothing to try again"):
        consent_links.retry(operator(), link.pk)


def test_a_tenant_that_the_first_token_is_not_for_is_refused(sandbox: Sandbox) -> None:
    """Whoever has the link may name any tenant; a domain says which one is meant."""
    (domain,) = sandbox.tenants[1].domains
    link = consent_links.make(operator(), NewLink("Contoso", tenant_id=domain, products=PRODUCTS))
    answer = click(sandbox, link)
    consent_links.arrive(answer | {"tenant": sandbox.tenants[0].tenant_id})
    link = join()
    assert (link.status, Connection.objects.count()) == ("refused", 0)
    assert "a token for another tenant" in link.message


def test_a_token_that_names_no_tenant_proves_none(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "sign_in", lambda *_: "")
    link = consent_links.make(operator(), NEW)
    consent_links.arrive(click(sandbox, link))
    assert (join().status, Connection.objects.count()) == ("refused", 0)


def test_a_link_for_one_tenant_is_answered_by_no_other(sandbox: Sandbox) -> None:
    customer = sandbox.tenants[1].tenant_id
    link = consent_links.make(operator(), NewLink("Contoso", tenant_id=customer.upper(), products=PRODUCTS))
    assert f"/{customer}/v2.0/adminconsent" in consent_links.address(operator(), link)
    answer = click(sandbox, link)
    assert not consent_links.arrive(answer | {"tenant": sandbox.tenant_id})
    link = join()
    assert (link.status, link.message[:10]) == ("declined", "The tenant")
    consent_links.arrive(answer)
    assert join().status == "joined"


def test_a_tenant_that_is_read_already_is_told_and_not_doubled(sandbox: Sandbox) -> None:
    first = consent_links.make(operator(), NEW)
    consent_links.arrive(click(sandbox, first))
    join()
    second = consent_links.make(operator(), NewLink("Contoso again", products=["office-365"]))
    consent_links.arrive(click(sandbox, second))
    joining.join_due(lambda: False)
    second.refresh_from_db()
    assert second.status == "refused"
    assert "read already, for Microsoft Project (Contoso), Microsoft Visio (Contoso)" in second.message
    assert (Connection.objects.count(), Application.objects.count()) == (1, 2)
    with pytest.raises(BadInput, match="read already"):
        consent_links.make(operator(), NewLink("Contoso", tenant_id=sandbox.tenants[1].tenant_id, products=PRODUCTS))


def test_nothing_is_told_of_another_organizations_tenant(sandbox: Sandbox) -> None:
    consent_links.arrive(click(sandbox, consent_links.make(operator(), NEW)))
    join()
    other = Organization.objects.create(name="Somebody else", created=system_clock())
    who = Who(other.pk, "them", ROLES[Role.ADMINISTER])
    with pytest.raises(NotFound):
        consent_links.make(who, NEW)
    app_registrations.keep(who, fields(sandbox))
    link = consent_links.make(who, NewLink("Our customer", products=PRODUCTS))
    with pytest.raises(NotFound):
        consent_links.find(operator(), link.pk)
    consent_links.arrive(consent(sandbox, consent_links.address(who, link), 0, sandbox.tenants[0]))
    joining.join_due(lambda: False)
    link.refresh_from_db()
    assert (link.status, link.message) == ("joined", "")
    assert Connection.objects.of(who).count() == 1


def test_a_registration_that_was_replaced_since_joins_nobody(sandbox: Sandbox) -> None:
    link = consent_links.make(operator(), NEW)
    answer = click(sandbox, link)
    AppRegistration.objects.update(client_id="00000000-0000-4000-8000-000000000000")
    assert consent_links.address(operator(), link) == ""
    consent_links.arrive(answer)
    assert (join().status, Connection.objects.count()) == ("refused", 0)


def test_all_that_is_wrong_with_a_link_is_said_at_once(sandbox: Sandbox) -> None:
    new = NewLink("", tenant_id="not a tenant", products=["nothing"], tasks=["dance"], threshold_days=0)
    with pytest.raises(BadInput) as told:
        consent_links.make(operator(), new)
    found = [problem.field for problem in told.value.problems]
    assert found == ["customer", "products", "tasks", "threshold_days", "tenant_id"]
    assert not ConsentLink.objects.exists()


def test_only_whoever_manages_applications_makes_links(sandbox: Sandbox) -> None:
    viewer: Any = operator()._replace(may=ROLES[Role.VIEWER])
    link = consent_links.make(operator(), NEW)
    for refused in (
        lambda: consent_links.make(viewer, NEW),
        lambda: consent_links.address(viewer, link),
        lambda: consent_links.withdraw(viewer, link.pk),
        lambda: app_registrations.keep(viewer, {}),
    ):
        with pytest.raises(NotAllowed):
            refused()
