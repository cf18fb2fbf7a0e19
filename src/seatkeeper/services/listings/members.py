"""The members of an organization."""

from __future__ import annotations

from typing import Final

from allauth.mfa.models import Authenticator
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat, Trim

from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Role, Who
from seatkeeper.services.memberships import UNUSABLE
from seatkeeper.store.models import Membership

STATES: Final = ("active", "invited", "deactivated")

LISTING: Final = Listing[Membership](
    key="members",
    title="Members",
    columns=(
        Column("email", "E-mail", Kind.NAME),
        Column("name", "Name", Kind.NAME),
        Column("role", "Role"),
        Column("state", "State", Kind.BADGE),
        Column("second_factor", "Second factor", Kind.FLAG),
        Column("created", "Member since", Kind.DAY),
        Column("last_sign_in", "Last sign-in", Kind.TIME, sorts=False),
    ),
    filters=(
        Filter("role", "Role", [Choice(role, role) for role in Role], lambda value: Q(role=value)),
        Filter("state", "State", [Choice(state, state) for state in STATES], lambda value: Q(state=value)),
    ),
    search=("email",),
    sort="email",
)


def rows(who: Who) -> QuerySet[Membership]:
    who.require(May.MEMBERS)
    factors = Authenticator.objects.filter(user=OuterRef("member")).exclude(type="recovery_codes")
    never = Q(member__last_login=None, member__password__startswith=UNUSABLE)
    state = Case(
        When(Q(active=False) | Q(member__is_active=False), then=Value("deactivated")),
        When(Q(invited=True) | never, then=Value("invited")),
        default=Value("active"),
        output_field=TextField(),
    )
    name = Trim(Concat("member__first_name", Value(" "), "member__last_name", output_field=TextField()))
    return (
        Membership.objects.of(who)
        .select_related("member")
        .annotate(email=F("member__email"), name=name, state=state, second_factor=Exists(factors))
    )
