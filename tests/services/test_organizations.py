"""An operator makes, renames and archives organizations, and sees nobody in them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from seatkeeper.amounts import Money
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.jobs import queue
from seatkeeper.notices import dispatch
from seatkeeper.services import invitations, memberships, operators, organizations, tokens
from seatkeeper.services.listings import audit
from seatkeeper.services.listings import organizations as listing
from seatkeeper.services.members import NONE, May, Role, Who, operator, operator_in, who_is
from seatkeeper.store.models import (
    Application,
    Connection,
    DailySummary,
    Notice,
    NoticeDelivery,
    NoticeTarget,
    Operator,
    Organization,
    Task,
)
from tests.web.conftest import (  # noqa: F401 - fixtures
    PASSWORD,
    NewMember,
    empty_store,
    new_member,
    organization,
    other_organization,
)


@pytest.fixture
def otto(organization: Organization) -> Who:  # noqa: F811
    """An operator who is in no organization."""
    path = operators.add(operator(), "otto@example.com")
    return who_is(invitations.accept(*path.split("/")[2:], PASSWORD).pk)  # type: ignore[call-arg]


def test_an_operator_is_in_no_organization_and_may_nothing_else(otto: Who) -> None:
    assert otto.organization_id == NONE
    assert otto.may == {May.OPERATE}
    operators.remove(otto, operators.find_named(otto, otto.name).pk)
    assert not User.objects.filter(email=otto.name).exists()
    with pytest.raises(BadInput, match="nobody yet"):
        operators.find_named(operator(), otto.name)


def test_whoever_was_invited_and_never_came_is_made_no_operator(organization: Organization) -> None:  # noqa: F811
    """The administrator who invited them may hold the link."""
    memberships.invite(operator(), "eve@example.com", Role.VIEWER)
    with pytest.raises(BadInput, match="not signed in yet"):
        operators.add(operator(), "eve@example.com")
    assert not Operator.objects.exists()


def test_what_an_operator_does_is_in_both_trails(otto: Who) -> None:
    made = organizations.add(otto, "  Contoso   Ltd ")
    organizations.rename(otto, made.pk, "Contoso")
    organizations.invite_administrator(otto, made.pk, "ada@example.com")
    organizations.archive(otto, made.pk)
    organizations.reactivate(otto, made.pk)
    done = ["organization.added", "organization.renamed", "organization.archived", "organization.reactivated"]
    of_installation = list(audit.rows_of_installation(otto).filter(who=otto.name).values_list("action", flat=True))
    ours = [action for action in of_installation if action.startswith("organization.")]
    assert ours == [*done[:2], "organization.administrator_invited", *done[2:]]
    inside = audit.rows(Who(made.pk, "ada", frozenset(May)))
    assert set(inside.values_list("who", flat=True)) == {f"{otto.name} (operator)"}
    assert list(inside.order_by("pk").values_list("action", flat=True)) == [*done[:2], "member.invited", *done[2:]]


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\x1b[31m", "\u202eevil", "default"])
def test_a_name_that_cannot_be_is_refused(otto: Who, name: str) -> None:
    with pytest.raises(BadInput) as refused:
        organizations.add(otto, name)
    assert [problem.field for problem in refused.value.problems] == ["name"]
    assert Organization.objects.count() == 1


def test_an_operator_names_the_first_administrator_and_no_other(otto: Who, new_member: NewMember) -> None:  # noqa: F811
    made = organizations.add(otto, "Contoso")
    link = organizations.invite_administrator(otto, made.pk, "ada@example.com")
    invitations.accept(*link.path.split("/")[2:], PASSWORD)  # type: ignore[call-arg]
    with pytest.raises(NotAllowed, match="has an administrator"):
        organizations.invite_administrator(otto, made.pk, otto.name)


@pytest.mark.parametrize("role", Role)
def test_no_role_of_an_organization_operates(role: Role, new_member: NewMember) -> None:  # noqa: F811
    who = who_is(new_member(role).pk)
    for refused in (
        lambda: organizations.add(who, "Contoso"),
        lambda: organizations.archive(who, who.organization_id),
        lambda: organizations.find(who, who.organization_id),
        lambda: operators.add(who, "eve@example.com"),
        lambda: operators.rows(who),
        lambda: audit.rows_of_installation(who),
    ):
        with pytest.raises(NotAllowed):
            refused()
    with pytest.raises(BadInput, match="operator"):
        tokens.make(who, "script", Role.VIEWER, operates=True)
    assert [row.pk for row in listing.rows(who)] == [who.organization_id]


def test_an_operators_token_operates_only_where_that_was_chosen_and_only_as_long(
    new_member: NewMember,  # noqa: F811
) -> None:
    member = new_member(Role.ADMINISTER, password=PASSWORD)
    User.objects.filter(pk=member.pk).update(last_login="2026-01-01T00:00Z")
    before = tokens.make(who_is(member.pk), "before", Role.ADMINISTER).text.reveal()
    operators.add(operator(), member.email)
    chosen = tokens.make(who_is(member.pk), "chosen", Role.VIEWER, operates=True).text.reveal()
    known = {text: tokens.who_has(text) for text in (before, chosen)}
    assert [who is not None and May.OPERATE in who.may for who in known.values()] == [False, True]
    operators.remove(operator(), operators.find_named(operator(), member.email).pk)
    assert tokens.who_has(chosen) is None


def test_an_archived_organization_lets_nobody_in_and_loses_nothing(otto: Who, new_member: NewMember) -> None:  # noqa: F811
    ada = who_is(new_member(Role.ADMINISTER).pk)
    token = tokens.make(ada, "script", Role.VIEWER).text.reveal()
    organizations.archive(otto, ada.organization_id)
    with pytest.raises(NotAllowed, match="Default is archived"):
        who_is(ada.member_id or 0)
    with pytest.raises(NotAllowed, match="Default is archived"):
        tokens.who_has(token)
    with pytest.raises(BadInput, match="none that is not archived"):
        operator_in("")
    organizations.reactivate(otto, ada.organization_id)
    assert who_is(ada.member_id or 0) == ada
    assert tokens.who_has(token) is not None


def add_tenant(organization_id: int) -> Application:
    connection = Connection.objects.create(
        organization_id=organization_id, tenant_id=f"t{organization_id}", login_url="", graph_url="", created=0
    )
    Task.objects.create(connection=connection, key="roster")
    return Application.objects.create(
        organization_id=organization_id, connection=connection, product="microsoft-project", name="Project", created=0
    )


def test_of_an_archived_organization_nothing_is_read_and_no_notice_is_sent(
    otto: Who,
    organization: Organization,  # noqa: F811
) -> None:
    application = add_tenant(organization.pk)
    target = NoticeTarget.objects.create(organization=organization, name="hook", kind="webhook")
    notice = Notice.objects.create(
        organization=organization, condition="c", kind="overdue", title="t", body="b", level=0, opened=0
    )
    waiting = NoticeDelivery.objects.create(notice=notice, target=target, event="opened", due=0)
    assert [one.connection_id for one in queue.list_waiting(10**16)] == [application.connection_id]
    organizations.archive(otto, organization.pk)
    assert queue.list_waiting(10**16) == []
    dispatch.look_and_send()
    waiting.refresh_from_db()
    notice.refresh_from_db()
    assert (waiting.tries, notice.closed) == (0, None)


def test_a_notice_names_its_organization_where_there_are_several(organization: Organization) -> None:  # noqa: F811
    notice = Notice.objects.create(
        organization=organization, condition="c", kind="overdue", title="Late", body="b", level=0, opened=0
    )
    assert dispatch.to_message(notice, dispatch.OPENED).title == "Late"
    Organization.objects.create(name="Contoso", created=0)
    told = [dispatch.to_message(notice, event).title for event in (dispatch.OPENED, dispatch.CLOSED)]
    assert told == ["Default: Late", "Over: Default: Late"]


def test_a_row_tells_how_an_organization_stands_and_counts_a_shared_sku_once(
    otto: Who,
    organization: Organization,  # noqa: F811
) -> None:
    application = add_tenant(organization.pk)
    second = Application.objects.create(
        organization=organization, connection=application.connection, product="microsoft-visio", name="Visio", created=0
    )
    sku = '{"sku": "a", "paid": 10, "assigned": 8, "holders": 8, "idle": 3, "price": "{\\"EUR\\":\\"120\\"}"}'
    for each in (application, second):
        DailySummary.objects.create(
            application=each, day=1, refreshed=0, generation=1, skus=f"[{sku}]",
            **dict.fromkeys(("bought", "assigned", "holders", "active", "possibly_active", "inactive"), 0),
            **dict.fromkeys(("never_seen", "not_observable", "suspicious", "findings"), 0),
        )  # fmt: skip
    [row] = listing.rows(otto)
    assert (row.tenants, row.bought, row.assigned, row.idle, row.health) == (1, 10, 8, 3, "never run")
    assert row.idle_cost == Money.read('{"EUR":"360"}')
    assert not row.is_mine


def test_at_the_machine_one_of_several_has_to_be_named(
    organization: Organization,  # noqa: F811
    other_organization: Organization,  # noqa: F811
) -> None:
    assert operator().organization_id == NONE
    with pytest.raises(BadInput, match="Default, Somebody else"):
        operator_in("")
    assert operator_in("Somebody else").organization_id == other_organization.pk
    with pytest.raises(BadInput, match="no organization is called 'Contoso'"):
        operator_in("Contoso")
    with pytest.raises(NotFound):
        organizations.find(operator(), 4711)
    organizations.archive(operator(), other_organization.pk)
    organizations.rename(operator(), organization.pk, "Contoso")
    assert operator().organization_id == organization.pk
