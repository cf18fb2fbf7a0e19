"""Organizations: made, renamed, archived and reactivated by an operator, who sees nobody in them."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import Q

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.services import audit, memberships
from seatkeeper.services.invitations import Link
from seatkeeper.services.members import NONE, May, Role, Who, list_open
from seatkeeper.store.models import Application, Connection, Finding, Membership, Organization, ReclaimPlan, Run, Task

LONGEST_NAME: Final = 80

# By the argument of an address: the table, and the way from its rows to the memberships of their organization.
_ADDRESSED: Final = {
    "application_id": Application,
    "connection_id": Connection,
    "finding_id": Finding,
    "plan_id": ReclaimPlan,
    "run_id": Run,
}


def find(who: Who, organization_id: int) -> Organization:
    """Any organization, for an operator. Raises NotFound."""
    who.require(May.OPERATE)
    if (found := Organization.objects.of(Who(organization_id, "")).first()) is None:
        raise NotFound("This organization")
    return found


def find_named(who: Who, name: str) -> Organization:
    """The organization of this name, for an operator. Raises BadInput with the names there are."""
    who.require(May.OPERATE)
    if (found := Organization.objects.filter(name=name).first()) is None:
        names = ", ".join(Organization.objects.order_by("name").values_list("name", flat=True)[:20])
        raise BadInput("organization", f"no organization is called {name[:80]!r}. There is: {names or 'none yet'}.")
    return found


def add(who: Who, name: str) -> Organization:
    """A new one, with nobody in it. Raises BadInput."""
    who.require(May.OPERATE)
    with transaction.atomic():
        made = Organization.objects.create(name=_to_name(name), created=system_clock())
        _record(who, made, "organization.added")
    return made


def rename(who: Who, organization_id: int, name: str) -> None:
    """Raises BadInput."""
    with transaction.atomic():
        organization = _changing(who, organization_id)
        before, organization.name = organization.name, _to_name(name, organization)
        organization.save(update_fields=["name"])
        _record(who, organization, "organization.renamed", f"{before} → {organization.name}")


def archive(who: Who, organization_id: int) -> None:
    """Nothing is read, nobody gets in, its tokens and notices rest, and nothing is lost; runs under way stop."""
    with transaction.atomic():
        organization = _changing(who, organization_id)
        if organization.archived is None:
            organization.archived = system_clock()
            organization.save(update_fields=["archived"])
            Task.objects.of(_inside(who, organization)).exclude(lease_owner="").update(stop_asked=True)
            _record(who, organization, "organization.archived")


def reactivate(who: Who, organization_id: int) -> None:
    """All goes on as it was: what is due is read at the next look."""
    with transaction.atomic():
        organization = _changing(who, organization_id)
        if organization.archived is not None:
            organization.archived = None
            organization.save(update_fields=["archived"])
            _record(who, organization, "organization.reactivated")


def invite_administrator(who: Who, organization_id: int, email: str) -> Link:
    """Invite its first administrator. Raises NotAllowed when it has one: from then on, its members are its own matter.

    An operator could otherwise let oneself in to everybody's data.
    """
    with transaction.atomic():
        organization = _changing(who, organization_id)
        inside = _inside(who, organization)
        administrators = Membership.objects.of(inside).filter(role=Role.ADMINISTER.value, active=True, invited=False)
        if administrators.exists():
            raise NotAllowed(f"{organization} has an administrator, who invites everybody else.")
        link = memberships.invite(inside, email, Role.ADMINISTER.value)
        audit.record(_outside(who), "organization.administrator_invited", organization.name, email.strip().lower())
    return link


def where_is(who: Who, named: dict[str, object]) -> Organization | None:
    """Where the thing is that an address names, if that is another organization of the asker's; else None.

    To others nothing is told: not even that it exists.
    """
    if who.member_id is None or who.token_id is not None:
        return None
    mine = {membership.organization_id: membership.organization for membership in list_open(who.member_id)}
    for argument, table in _ADDRESSED.items():
        if argument in named:
            found = table.objects.filter(pk=named[argument]).values_list(table.owner, flat=True).first()
            return mine.get(found) if found is not None and found != who.organization_id else None
    return None


def _changing(who: Who, organization_id: int) -> Organization:
    """One change of an organization after the other. In a transaction."""
    found = find(who, organization_id)
    return Organization.objects.select_for_update().get(pk=found.pk)


def _to_name(text: str, of: Organization | None = None) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadInput("name", f"Give the organization a name of up to {LONGEST_NAME} characters.")
    same = Organization.objects.filter(Q(name=name) | Q(name__iexact=name)).first()
    if same is not None and same != of:
        raise BadInput("name", f"An organization is called {name} already.")
    return name


def _inside(who: Who, organization: Organization) -> Who:
    """The operator as the trail of the organization names them."""
    name = who.name if who.at_the_machine else f"{who.name} (operator)"
    return Who(organization.pk, name, frozenset({May.MEMBERS}), who.member_id, who.token_id)


def _outside(who: Who) -> Who:
    return Who(NONE, who.name, who.may, who.member_id, who.token_id)


def _record(who: Who, organization: Organization, action: str, detail: str = "") -> None:
    """In the trail of the organization, and of the installation."""
    for each in (_inside(who, organization), _outside(who)):
        audit.record(each, action, organization.name, detail)
