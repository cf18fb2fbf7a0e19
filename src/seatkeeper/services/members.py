"""Who is asking, and what they may do. Every service call starts with it, and sees only that organization."""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, ChooseOrganization, NotAllowed
from seatkeeper.store.models import Membership, Operator, Organization

DEFAULT_ORGANIZATION = "Default"
NONE: Final = 0  # the organization of somebody who works in none: no row belongs to it
CHOOSE: Final = "Choose first in which of your organizations you want to work."
SESSION_KEY: Final = "organization"  # in the session of the pages: the one that its member chose
OPEN: Final = Q(member__is_active=True, active=True, invited=False, organization__archived=None)  # lets its member in


class May(enum.StrEnum):
    """What a role may do. One name for each group of operations that nobody wants to grant separately."""

    SEE = "see"  # every page with its rows and exports
    APPLICATIONS = "applications"  # add, edit, authorize, run, deactivate, delete
    USERS = "users"  # mark suspicious activities as recognized, import the list of employees
    LICENSES = "licenses"  # prices, exceptions, decisions on findings, reclaim plans
    MEMBERS = "members"  # members with their roles, everybody's tokens, single sign-on, the audit trail
    OPERATE = "operate"  # make, rename and archive organizations, see how all stand; no role of an organization has it

    @property
    def words(self) -> str:
        """For the role table of pages and docs."""
        return _WORDS[self]


_WORDS: Final = {
    May.SEE: "see every page with its rows and exports",
    May.APPLICATIONS: "add, edit, authorize, run, deactivate and delete applications",
    May.USERS: "mark suspicious activities as recognized, import the list of employees",
    May.LICENSES: "prices, exceptions, decisions on findings, reclaim plans",
    May.MEMBERS: "members and their roles, everybody's tokens, the audit trail",
    May.OPERATE: "make, rename and archive organizations, and see how all of them stand",
}


class Role(enum.StrEnum):
    """The roles of the described product, in its words."""

    ADMINISTER = "Administer SaaS"
    APPLICATIONS = "Manage SaaS applications & users"
    LICENSES = "Manage SaaS licenses"
    VIEWER = "Viewer"


ROLES: Final = {
    Role.ADMINISTER: frozenset(May) - {May.OPERATE},
    Role.APPLICATIONS: frozenset({May.SEE, May.APPLICATIONS, May.USERS}),
    Role.LICENSES: frozenset({May.SEE, May.LICENSES}),
    Role.VIEWER: frozenset({May.SEE}),
}


def to_role(text: str) -> Role:
    """The role of this name. Raises BadInput."""
    try:
        return Role(text)
    except ValueError:
        raise BadInput("role", f"Choose one of: {', '.join(Role)}.") from None


class Who(NamedTuple):
    """Somebody acting in one organization: a member, or whoever is at the machine itself and so owns it.

    An operator who works in none has the organization NONE: no row is that one's.
    """

    organization_id: int
    name: str
    may: frozenset[May] = frozenset()
    member_id: int | None = None  # None for the command line and the scheduler
    token_id: int | None = None  # the token that calls, if one does
    organization_name: str = ""  # its name, where the asker has to know in which of several they work

    @property
    def at_the_machine(self) -> bool:
        """The command line or the scheduler of this machine, and no member who reaches it over the network."""
        return self.member_id is None

    def require(self, may: May) -> None:
        """Raise NotAllowed unless the asker's role allows it."""
        if may in self.may:
            return
        if may is May.OPERATE:
            raise NotAllowed("Only an operator of this installation may do this.")
        if self.organization_id == NONE:
            raise ChooseOrganization(CHOOSE)
        roles = " or ".join(f"“{role}”" for role, allowed in ROLES.items() if may in allowed)
        raise NotAllowed(f"Your role does not allow this. Ask an administrator for the role {roles}.")


def operator() -> Who:
    """The person at the command line of this machine, who owns it: in the only organization, or in none of several."""
    if not Organization.objects.exists():
        Organization.objects.get_or_create(name=DEFAULT_ORGANIZATION, defaults={"created": system_clock()})
    living = Organization.objects.filter(archived=None)[:2]
    return Who(living[0].pk if len(living) == 1 else NONE, "command line", frozenset(May))


def operator_in(name: str) -> Who:
    """The person at the command line in the organization of this name; without a name, in the only one.

    Raises BadInput with the names there are.
    """
    who = operator()
    if not name and who.organization_id != NONE:
        return who
    living = Organization.objects.filter(archived=None).order_by("name")
    found = living.filter(name=name).first()
    if found is not None:
        return Who(found.pk, who.name, who.may, organization_name=found.name)
    names = ", ".join(living.values_list("name", flat=True)[:20]) or "none that is not archived"
    if name:
        raise BadInput("--organization", f"no organization is called {name[:80]!r}. There is: {names}.")
    raise BadInput("--organization", f"say in which organization: {names}. SEATKEEPER_ORGANIZATION does it for all.")


def list_open(member_id: int) -> QuerySet[Membership]:
    """The memberships that open an organization to the member, by its name."""
    mine = Membership.objects.filter(OPEN, member_id=member_id)
    return mine.select_related("member", "organization").order_by("organization__name")


def who_is(member_id: int, organization_id: int | None = None) -> Who:
    """The member who is signed in, in the organization they chose, or in the only one that is open to them.

    Raises ChooseOrganization where one must be chosen first, and NotAllowed for one who is in no organization.
    """
    mine, others = list_open(member_id), list_open(member_id).exclude(pk=OuterRef("pk"))
    if organization_id is not None:
        mine = mine & Membership.objects.of(Who(organization_id, ""))
    operates = Exists(Operator.objects.filter(member=OuterRef("member")))
    found = list(mine.annotate(operates=operates, has_others=Exists(others))[:2])
    if len(found) != 1:
        if found or list_open(member_id).exists():
            raise ChooseOrganization(CHOOSE)
        return who_has_none(member_id)
    [one] = found
    may = ROLES[Role(one.role)] | ({May.OPERATE} if one.operates else frozenset())
    name = one.organization.name if one.has_others or one.operates else ""
    return Who(one.organization_id, one.member.email, may, member_id, organization_name=name)


def who_has_none(member_id: int) -> Who:
    """The member outside of any organization: an operator, or one of several who chooses among them.

    Raises NotAllowed for anybody else.
    """
    operates = Operator.objects.filter(member=member_id, member__is_active=True).exists()
    if operates or list_open(member_id).exists():
        email = User.objects.values_list("email", flat=True).get(pk=member_id)
        return Who(NONE, email, frozenset({May.OPERATE} if operates else ()), member_id)
    theirs = Membership.objects.filter(member_id=member_id, organization__archived__isnull=False, active=True)
    if (archived := theirs.select_related("organization").first()) is not None:
        raise NotAllowed(f"{archived.organization} is archived. Ask whoever runs this installation to reactivate it.")
    raise NotAllowed("You are not a member of an organization here. Ask an administrator to let you in.")


def who_asks(member_id: int, organization_id: int | None) -> Who:
    """Like `who_is`, and outside of any organization while one of several is still to be chosen."""
    try:
        return who_is(member_id, organization_id)
    except ChooseOrganization:
        return who_has_none(member_id)
