"""Keys for scripts: shown once, kept as a digest, ending by themselves, never above their member's role."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, NamedTuple

from django.db import transaction

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.model import Instant, Secret
from seatkeeper.services import audit
from seatkeeper.services.limits import Limit
from seatkeeper.services.members import ROLES, May, Role, Who
from seatkeeper.services.memberships import to_role
from seatkeeper.store.models import ApiToken, Membership

PREFIX: Final = "sk_"
SHOWN: Final = 10  # characters that remain to recognize a token by
USUAL_DAYS: Final = 90
MOST_DAYS: Final = 365
MOST_TOKENS: Final = 50
BY: Final = " by token "  # between the member's address and the token's beginning, in the audit trail
_HOUR: Final = seconds(3600)
_FAILURES: Final = Limit("token", tries=30, seconds=300)


class NewToken(NamedTuple):
    text: Secret
    expires: Instant


def rows(who: Who) -> list[ApiToken]:
    """The asker's own tokens, newest first."""
    return list(ApiToken.objects.filter(membership__member_id=who.member_id).order_by("-pk"))


def make(who: Who, name: str, role: str, for_days: int = USUAL_DAYS) -> NewToken:
    """A token in the name of the asker, who must be a member."""
    chosen, name = to_role(role), name.replace("\0", "").strip()
    if not 1 <= len(name) <= 80:
        raise BadInput("name", "Give it a name of up to 80 characters: what will use it?")
    if not ROLES[chosen] <= who.may:
        raise BadInput("role", "A token cannot do more than you.")
    if not 1 <= for_days <= MOST_DAYS:
        raise BadInput("for_days", f"A token holds for 1 to {MOST_DAYS} days.")
    text, now = PREFIX + secrets.token_urlsafe(32), system_clock()
    with transaction.atomic():
        membership = _membership(who)
        if ApiToken.objects.filter(membership=membership, revoked=False, expires__gt=now).count() >= MOST_TOKENS:
            raise BadInput("name", f"You have {MOST_TOKENS} tokens. Revoke one that nothing uses any more.")
        token = ApiToken.objects.create(
            membership=membership,
            name=name,
            role=chosen.value,
            prefix=text[:SHOWN],
            digest=_digest(text),
            created=now,
            expires=now + days(for_days),
        )
        audit.record(who, "token.made", f"{name} ({token.prefix}…)", f"{chosen} for {for_days} days")
    return NewToken(Secret(text), token.expires)


def revoke(who: Who, token_id: int) -> None:
    """End a token of one's own; an administrator ends anybody's. Raises NotFound."""
    tokens = ApiToken.objects.filter(pk=token_id, membership__organization_id=who.organization_id)
    if May.MEMBERS not in who.may:
        tokens = tokens.filter(membership__member_id=who.member_id)
    with transaction.atomic():
        if (token := tokens.select_for_update().first()) is None:
            raise NotFound("This token")
        token.revoked = True
        token.save(update_fields=["revoked"])
        audit.record(who, "token.revoked", f"{token.name} ({token.prefix}…)")


def who_has(token: str, source: str = "") -> Who | None:
    """Who calls with a token, or None when it does not hold. Raises TooOften for a `source` that goes on guessing."""
    now = system_clock()
    held = ApiToken.objects.select_related("membership__member").filter(
        digest=_digest(token), revoked=False, expires__gt=now, membership__member__is_active=True
    )
    if (found := held.first()) is None:
        _FAILURES.check(source)  # only now: others behind the same address may go on with tokens that hold
        _FAILURES.note(source)
        return None
    if found.last_used is None or found.last_used < now - now % _HOUR:
        ApiToken.objects.filter(pk=found.pk).update(last_used=now - now % _HOUR)
    membership = found.membership
    may = ROLES[Role(found.role)] & ROLES[Role(membership.role)]  # the member's role may have shrunk since
    name = f"{membership.member.email}{BY}{found.prefix}…"
    return Who(membership.organization_id, name, may, membership.member_id)


def _membership(who: Who) -> Membership:
    membership = Membership.objects.filter(member_id=who.member_id).first()
    if membership is None:
        raise NotAllowed("Only a member has tokens.")
    return membership


def _digest(text: str) -> bytes:
    """A token is long and random: unlike a password it needs no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
