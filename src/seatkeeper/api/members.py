"""Members, tokens and the audit trail over REST."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field

from seatkeeper.api.access import Called
from seatkeeper.api.listings import NO_FLAG, REFUSALS, offer
from seatkeeper.model import to_text
from seatkeeper.services import memberships, tokens
from seatkeeper.services.listings import audit as audit_listing
from seatkeeper.services.listings import members as members_listing
from seatkeeper.services.members import Role

TAG = "Members"
router = Router()

RoleName: Any = Literal[tuple(role.value for role in Role)]


class InvitationIn(Schema, extra="forbid"):
    """Who is let in, and as what."""

    email: Annotated[str, Field(max_length=254)]
    role: RoleName


class InvitationOut(Schema):
    """The one-time address at which the member chooses a password, or joins with the sign-in they have; shown once."""

    id: int
    path: str
    joins: bool


class RoleIn(Schema, extra="forbid"):
    role: RoleName


class TokenIn(Schema, extra="forbid"):
    """A token can do what its role allows, and never more than its maker."""

    name: Annotated[str, Field(max_length=80)]
    role: RoleName
    for_days: Annotated[int, Field(ge=1, le=tokens.MOST_DAYS), NO_FLAG] = tokens.USUAL_DAYS
    operates: Annotated[bool, Field(description="Whether it may also do what its maker may as an operator")] = False


class TokenOut(Schema):
    id: int
    name: str
    role: str
    prefix: str
    created: str
    expires: str
    last_used: str | None
    revoked: bool


class NewTokenOut(Schema):
    """The token itself, shown this once and kept nowhere."""

    token: str
    expires: str


offer(router, "/members", members_listing.LISTING, members_listing.rows, scope="")
offer(router, "/audit", audit_listing.LISTING, audit_listing.rows, scope="")


@router.post("/members", response={201: InvitationOut, **REFUSALS}, summary="Invite a member")
def invite(request: Called, new: InvitationIn) -> Any:
    link = memberships.invite(request.auth, new.email, new.role)
    return Status(201, {"id": link.membership_id, "path": link.path, "joins": link.joins})


@router.put("/members/{member_id}/role", response={204: None, **REFUSALS}, summary="Change a member's role")
def change_role(request: Called, member_id: int, new: RoleIn) -> Any:
    memberships.change_role(request.auth, member_id, new.role)
    return Status(204, None)


@router.post("/members/{member_id}/deactivate", response={204: None, **REFUSALS}, summary="Deactivate a member")
def deactivate_member(request: Called, member_id: int) -> Any:
    memberships.deactivate(request.auth, member_id)
    return Status(204, None)


@router.post("/members/{member_id}/reactivate", response={204: None, **REFUSALS}, summary="Reactivate a member")
def reactivate_member(request: Called, member_id: int) -> Any:
    memberships.reactivate(request.auth, member_id)
    return Status(204, None)


@router.delete("/members/{member_id}", response={204: None, **REFUSALS}, summary="Remove a member")
def remove_member(request: Called, member_id: int) -> Any:
    memberships.remove(request.auth, member_id)
    return Status(204, None)


@router.get("/tokens", response={200: list[TokenOut], **REFUSALS}, summary="Your tokens")
def list_tokens(request: Called) -> Any:
    return [
        {
            "id": token.pk,
            "name": token.name,
            "role": token.role,
            "prefix": token.prefix,
            "created": to_text(token.created),
            "expires": to_text(token.expires),
            "last_used": None if token.last_used is None else to_text(token.last_used),
            "revoked": token.revoked,
        }
        for token in tokens.rows(request.auth)
    ]


@router.post("/tokens", response={201: NewTokenOut, **REFUSALS}, summary="Create a token")
def make_token(request: Called, new: TokenIn) -> Any:
    made = tokens.make(request.auth, new.name, new.role, new.for_days, operates=new.operates)
    return Status(201, {"token": made.text.reveal(), "expires": to_text(made.expires)})


@router.delete("/tokens/{token_id}", response={204: None, **REFUSALS}, summary="Revoke a token")
def revoke_token(request: Called, token_id: int) -> Any:
    tokens.revoke(request.auth, token_id)
    return Status(204, None)
