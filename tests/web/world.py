"""Two organizations with one of everything, for tests that ask for every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from seatkeeper.clock import system_clock
from seatkeeper.model import to_key
from seatkeeper.services import applications, consent_links, customers, members, tokens, uploads, views
from seatkeeper.services.members import May, Role, Who
from seatkeeper.store import seal
from seatkeeper.store.models import (
    ApiToken,
    Application,
    AppRegistration,
    Connection,
    ConsentLink,
    Finding,
    FindingException,
    Membership,
    NoticeTarget,
    Operator,
    Organization,
    Price,
    ReclaimItem,
    ReclaimPlan,
    Recognition,
    Run,
    SavedView,
    Task,
    UnlicensedUser,
)

from .conftest import NewMember

PERSON = "33333333-3333-3333-3333-333333333333"
APPLICATION: dict[str, Any] = {
    "product": "microsoft-project",
    "name": "Microsoft Project",
    "tenant_id": "11111111-1111-1111-1111-111111111111",
    "client_id": "22222222-2222-2222-2222-222222222222",
    "secret": "Sk8~must-not-be-seen-anywhere",
    # Nobody answers there, at once: what needs the vendor says so.
    "login_url": "https://127.0.0.1:9",
    "graph_url": "https://127.0.0.1:9",
}


Example = Callable[["World", Role], str]


@dataclass
class World:
    organization: Organization
    other: Organization
    new_member: NewMember
    who: Who
    _members: dict[Role, User] = field(default_factory=dict)
    _browsers: dict[str, tuple[Client, str]] = field(default_factory=dict)  # each with its session

    def member(self, role: Role) -> Who:
        """A member with the role, who has a token and keeps a view."""
        if role not in self._members:
            self._members[role] = self.new_member(role)
            who = members.who_is(self._members[role].pk)
            tokens.make(who, "script", Role.VIEWER.value)
            views.keep(who, "users", "blocked", "?blocked=yes")
        return members.who_is(self._members[role].pk)

    def browser(self, role: Role) -> Client:
        """In which that member is signed in."""
        self.member(role)
        return self._signed_in(role, lambda: self._members[role])

    @property
    def stranger(self) -> Client:
        """An administrator of the other organization."""
        return self._signed_in("stranger", lambda: self.new_member(Role.ADMINISTER, self.other))

    @property
    def disabled(self) -> Client:
        """An administrator who was signed in when somebody deactivated him."""
        client = self._signed_in("disabled", lambda: self.new_member(Role.ADMINISTER))
        User.objects.filter(pk=client.session[SESSION_KEY]).update(is_active=False)
        return client

    def _signed_in(self, whose: str, member: Callable[[], User]) -> Client:
        """The same browser each time, in its first session unless that was ended: most of a request is signing in."""
        client, session = self._browsers.get(whose, (None, ""))
        if client is None or not SessionStore().exists(session):
            client = Client(raise_request_exception=False)
            client.force_login(member())
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            self._browsers[whose] = client, session
        client.cookies.clear()
        client.cookies[settings.SESSION_COOKIE_NAME] = session
        return client


def populate(organization: Organization, other: Organization, new_member: NewMember) -> World:
    """With an application, and an administrator who can sign in throughout."""
    who = members.who_is(new_member(Role.ADMINISTER).pk)
    User.objects.filter(email=who.name).update(password="argon2$")
    applications.add_application(who, applications.NewApplication(**APPLICATION))
    _tell_nobody(organization)
    _invite_nobody(who)
    world = World(organization, other, new_member, who)
    _read_once(Application.objects.get(organization=organization))
    return world


def _tell_nobody(organization: Organization) -> None:
    """A target that no notice leaves for: its address leads to this machine."""
    target = NoticeTarget.objects.create(organization=organization, name="Nowhere", kind="webhook")
    place = organization.pk, target.pk
    target.address = seal.seal("https://127.0.0.1:9/", *place, "notice target address")
    target.secret = seal.seal("secret", *place, "notice target secret")
    target.save()


def _invite_nobody(who: Who) -> None:
    """An app registration that no vendor has tried, and a link to it."""
    there = {key: APPLICATION[key] for key in ("tenant_id", "client_id", "login_url", "graph_url")}
    AppRegistration.objects.create(
        organization_id=who.organization_id, credential_kind="secret", created=system_clock(), **there
    )
    consent_links.make(who, consent_links.NewLink("Contoso", products=["office-365"]))


def _read_once(application: Application) -> None:
    """A run that waits for somebody's word, and a person whom it found."""
    now = system_clock()
    roster = Task.objects.get(connection=application.connection, key="roster")
    Run.objects.create(organization=application.organization, task=roster, status="held", started=now, generation=1)
    UnlicensedUser.objects.create(
        application=application,
        account=to_key(PERSON),
        object_id=PERSON,
        user_id="grace@example.com",
        type="Unrecognized",
        sign_ins=1,
        first_seen=now,
        last_seen=now,
        state="open",
        words="grace@example.com",
    )
    Recognition.objects.create(application=application, account=to_key(PERSON), reason="asked", by="ada", at=now)
    _find_once(application, now)


def _find_once(application: Application, now: int) -> None:
    """A finding about her, an exception, a price, and an approved plan with her seat."""
    Finding.objects.create(
        application=application, key="unused", subject=PERSON, object_id=PERSON, user_id="grace@example.com",
        plan="Plan 3", advice="Ask.", state="open", first_seen=now, last_seen=now, words="grace@example.com",
    )  # fmt: skip
    said = {"by": "ada", "at": now}
    FindingException.objects.create(application=application, scope="department", value="Sales", reason="agreed", **said)
    Price.objects.create(
        organization=application.organization, sku="A", amount=1, currency="EUR", period="month", valid_from=0
    )
    plan = ReclaimPlan.objects.create(application=application, name="May", state="approved", by="ada", created=now)
    ReclaimItem.objects.create(
        plan=plan, object_id=PERSON, user_id="grace@example.com", sku=PERSON, title="Plan 3", finding="unused",
        evidence="confirmed", state="proposed",
    )  # fmt: skip


def _own(model: type[ApiToken | SavedView]) -> Example:
    """Everybody's own; nobody else sees it."""
    return lambda world, role: str(model.objects.get(membership__member_id=world.member(role).member_id).pk)


# What stands for an argument of an address, when a member with the role asks.
EXAMPLES: dict[str, Example] = {
    "application_id": lambda world, _: str(Application.objects.get(organization=world.organization).pk),
    "connection_id": lambda world, _: str(Connection.objects.get(organization=world.organization).pk),
    "membership_id": lambda world, _: str(Membership.objects.get(member=world.new_member(Role.VIEWER)).pk),
    "task_id": lambda world, _: str(Task.objects.get(connection__organization=world.organization, key="roster").pk),
    "run_id": lambda world, _: str(Run.objects.get(organization=world.organization).pk),
    "object_id": lambda *_: PERSON,
    "kept": lambda world, role: uploads.keep(world.member(role), b"Email\ngrace@example.com\n", 1000),
    "upload": lambda world, role: customers.keep_upload(
        world.member(role)._replace(may=frozenset(May)), b"Name,Products\nContoso,office-365\n"
    ),
    "link_id": lambda world, _: str(ConsentLink.objects.get(organization=world.organization).pk),
    "finding_id": lambda world, _: str(Finding.objects.get(application__organization=world.organization).pk),
    "exemption_id": lambda world, _: str(FindingException.objects.get(application__organization=world.organization).pk),
    "price_id": lambda world, _: str(Price.objects.get(organization=world.organization).pk),
    "plan_id": lambda world, _: str(ReclaimPlan.objects.get(application__organization=world.organization).pk),
    "item_id": lambda world, _: str(ReclaimItem.objects.get(plan__application__organization=world.organization).pk),
    "kind": lambda *_: "az",
    "show": lambda *_: "compare",
    "day": lambda *_: "2026-08-01",
    "target_id": lambda world, _: str(NoticeTarget.objects.get(organization=world.organization).pk),
    "organization_id": lambda world, _: str(world.other.pk),
    "operator_id": lambda world, _: str(Operator.objects.create(member=world.new_member(), created=0).pk),
    "token_id": _own(ApiToken),
    "view_id": _own(SavedView),
    "form": lambda *_: "csv",
    "key": lambda *_: "MQ",
    "token": lambda *_: "x-y",
    "provider_id": lambda *_: "single-sign-on",
    "pk": lambda *_: "1",
}
# Those that belong to an organization or a member: anybody else's must look as if it were not there.
OF_ONE = {
    "application_id", "connection_id", "membership_id", "run_id", "task_id", "token_id", "view_id",
    "finding_id", "exemption_id", "price_id", "plan_id", "target_id", "link_id",
}  # fmt: skip
MISSING = ("999999999", str(2**63 - 1))
