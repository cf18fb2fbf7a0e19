"""Keys for scripts: shown once, stored as a digest, with an expiry, never above their member's role."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import transaction

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.model import Instant, Secret
from seatkeeper.services import audit
from seatkeeper.services.limits import Limit, to_network
from seatkeeper.services.members import ROLES, May, Role, Who, to_role
from seatkeeper.store.models import ApiToken, Membership

PREFIX: Final = "sk_"
SHOWN: Final = 10  # characters that remain to recognize a token by
USUAL_DAYS: Final = 90
MOST_DAYS: Final = 365
MOST_TOKENS: Final = 50
BY: Final = " by token "  # between the member's address and the token's beginning, in the audit trail
_HOUR: Final = seconds(3600)
_FAILURES: Final = Limit("token", tries=30)


class NewToken(NamedTuple):
    text: Secret
    expires: Instant


def rows(who: Who) -> list[ApiToken]:
    """The asker's own tokens, newest first."""
    return list(ApiToken.objects.of(who).filter(membership__member_id=who.member_id).order_by("-pk"))


def make(who: Who, name: str, role: str, for_days: int = USUAL_DAYS, *, operates: bool = False) -> NewToken:
    """A token in the name of the asker, who must be a member. One that a token makes ends with it at the latest.

    It acts in the organization it is made in; with `operates` also as an operator, if the asker is one.
    """
    chosen, name = to_role(role), name.replace("\0", "").strip()
    if not 1 <= len(name) <= 80:
        raise BadInput("name", "Give it a name of up to 80 characters: what will use it?")
    if not ROLES[chosen] <= who.may:
        raise BadInput("role", "A token cannot do more than you.")
    if operates and May.OPERATE not in who.may:
        raise BadInput("operates", "Only an operator's token runs the installation.")
    if not 1 <= for_days <= MOST_DAYS:
        raise BadInput("for_days", f"A token holds for 1 to {MOST_DAYS} days.")
    text, now = PREFIX + secrets.token_urlsafe(32), system_clock()
    with transaction.atomic():
        mine = Membership.objects.of(who).filter(member_id=who.member_id, member__is_active=True)
        membership = mine.select_for_update(of=("self",)).first()  # it waits for whoever ends this member's tokens
        if membership is None:
            raise NotAllowed("Only a member has tokens.")
        if ApiToken.objects.filter(membership=membership, revoked=False, expires__gt=now).count() >= MOST_TOKENS:
            raise BadInput("name", f"You have {MOST_TOKENS} tokens. Revoke one that nothing uses any more.")
        parent = ApiToken.objects.select_for_update().get(pk=who.token_id) if who.token_id else None
        if parent is not None and parent.revoked:
            raise NotAllowed("The token that asks was revoked.")
        expires = now + days(for_days)
        token = ApiToken.objects.create(
            membership=membership,
            parent=parent,
            name=name,
            role=chosen.value,
            operates=operates,
            prefix=text[:SHOWN],
            digest=_digest(text),
            created=now,
            expires=min(expires, parent.expires) if parent else expires,
        )
        audit.record(who, "token.made", f"{name} ({token.prefix}…)", f"{chosen} for {for_days} days")
    return NewToken(Secret(text), token.expires)


def revoke(who: Who, token_id: int) -> None:
    """End a token of one's own; an administrator ends anybody's. Raises NotFound."""
    tokens = ApiToken.objects.of(who).filter(pk=token_id)
    if May.MEMBERS not in who.may:
        tokens = tokens.filter(membership__member_id=who.member_id)
    with transaction.atomic():
        if (token := tokens.select_for_update().first()) is None:
            raise NotFound("This token")
        _end(who, [token])


def end_all(who: Who, membership: Membership, may: frozenset[May] = frozenset()) -> None:
    """End a member's tokens, as part of a change of the member: all that may do more than `may`."""
    Membership.objects.of(who).select_for_update().get(pk=membership.pk)  # none is made meanwhile
    mine = ApiToken.objects.of(who).select_for_update(of=("self",)).filter(membership=membership, revoked=False)
    _end(who, [token for token in mine if not may or not ROLES[Role(token.role)] <= may])


def _end(who: Who, ending: Sequence[ApiToken]) -> None:
    """Each with those that it made, and those that these made."""
    while ending:
        for token in ending:
            token.revoked = True
            token.save(update_fields=["revoked"])
            audit.record(who, "token.revoked", f"{token.name} ({token.prefix}…)")
        ending = list(ApiToken.objects.of(who).filter(parent__in=ending, revoked=False))


def who_has(token: str, source: str = "") -> Who | None:
    """Who calls with a token, or None when it is not valid.

    Raises TooOften for a `source` that goes on guessing, and NotAllowed when the organization is archived.
    """
    now = system_clock()
    held = ApiToken.objects.select_related("membership__member__operator", "membership__organization").filter(
        digest=_digest(token), revoked=False, expires__gt=now,
        membership__member__is_active=True, membership__active=True,
    )  # fmt: skip
    if (found := held.first()) is None:
        _FAILURES.note(to_network(source))  # only now: others behind the same address may go on with tokens that hold
        return None
    if found.membership.organization.archived is not None:
        raise NotAllowed(f"{found.membership.organization} is archived: nothing is read or answered until that ends.")
    if found.last_used is None or found.last_used < now - now % _HOUR:
        ApiToken.objects.filter(pk=found.pk).update(last_used=now - now % _HOUR)
    membership = found.membership
    may = ROLES[Role(found.role)] & ROLES[Role(membership.role)]  # the member's role may have shrunk since
    if found.operates and hasattr(membership.member, "operator"):
        may |= {May.OPERATE}
    name = f"{membership.member.email}{BY}{found.prefix}…"
    return Who(membership.organization_id, name, may, membership.member_id, found.pk)


def _digest(text: str) -> bytes:
    """A token is long and random: unlike a password it needs no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
