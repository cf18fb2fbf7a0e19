"""Who is asking, and what they may do. Every service call starts with it, and sees only that organization."""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotAllowed
from seatkeeper.store.models import Membership, Organization

DEFAULT_ORGANIZATION = "Default"


class May(enum.StrEnum):
    """What a role may do. One name for each group of operations that nobody wants to grant separately."""

    SEE = "see"  # every page with its rows and exports
    APPLICATIONS = "applications"  # add, edit, authorize, run, deactivate, delete
    USERS = "users"  # mark suspicious activities as recognized, import the list of employees
    LICENSES = "licenses"  # prices, exceptions, decisions on findings, reclaim plans
    MEMBERS = "members"  # members with their roles, everybody's tokens, single sign-on, the audit trail

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
}


class Role(enum.StrEnum):
    """The roles of the described product, in its words."""

    ADMINISTER = "Administer SaaS"
    APPLICATIONS = "Manage SaaS applications & users"
    LICENSES = "Manage SaaS licenses"
    VIEWER = "Viewer"


ROLES: Final = {
    Role.ADMINISTER: frozenset(May),
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
    """Somebody acting in one organization: a member, or whoever is at the machine itself and so owns it."""

    organization_id: int
    name: str
    may: frozenset[May] = frozenset()
    member_id: int | None = None  # None for the command line and the scheduler
    token_id: int | None = None  # the token that calls, if one does

    @property
    def at_the_machine(self) -> bool:
        """The command line or the scheduler of this machine, and no member who reaches it over the network."""
        return self.member_id is None

    def require(self, may: May) -> None:
        """Raise NotAllowed unless the asker's role allows it."""
        if may not in self.may:
            roles = " or ".join(f"“{role}”" for role, allowed in ROLES.items() if may in allowed)
            raise NotAllowed(f"Your role does not allow this. Ask an administrator for the role {roles}.")


def operator() -> Who:
    """The person at the command line of this machine: whoever can read the data folder owns it."""
    organization, _ = Organization.objects.get_or_create(
        name=DEFAULT_ORGANIZATION, defaults={"created": system_clock()}
    )
    return Who(organization.pk, "command line", frozenset(May))


def who_is(member_id: int) -> Who:
    """The member who is signed in. Raises NotAllowed for one who is in no organization."""
    found = Membership.objects.select_related("member").filter(member_id=member_id, member__is_active=True).first()
    if found is None:
        raise NotAllowed("You are not a member of an organization here. Ask an administrator to let you in.")
    return Who(found.organization_id, found.member.email, ROLES[Role(found.role)], member_id)
