"""Organizations and operators over REST: a service provider's list of customers, and what an operator does with it."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Router, Schema, Status
from pydantic import Field

from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS, offer
from seatkeeper.api.members import InvitationOut
from seatkeeper.model import to_text
from seatkeeper.services import operators, organizations
from seatkeeper.services.listings import organizations as listing

TAG = "Organizations"
router = Router()


class OrganizationIn(Schema, extra="forbid"):
    """What the organization is called: no two have one name."""

    name: Annotated[str, Field(max_length=200)]


class OrganizationOut(Schema):
    id: int
    name: str


class AddressIn(Schema, extra="forbid"):
    email: Annotated[str, Field(max_length=254)]


class OperatorOut(Schema):
    id: int
    email: str
    created: str


class NewOperatorOut(Schema):
    """Empty for somebody who has a sign-in; else the address at which to choose a password, shown once."""

    path: str


offer(router, "/organizations", listing.LISTING, listing.rows, scope="")


@router.post("/organizations", response={201: OrganizationOut, **REFUSALS}, summary="Add an organization")
def add_organization(request: Called, new: OrganizationIn) -> Any:
    made = organizations.add(request.auth, new.name)
    return Status(201, {"id": made.pk, "name": made.name})


@router.patch("/organizations/{organization_id}", response={204: None, **REFUSALS}, summary="Rename an organization")
def rename_organization(request: Called, organization_id: int, new: OrganizationIn) -> Any:
    organizations.rename(request.auth, organization_id, new.name)
    return Status(204, None)


@router.post(
    "/organizations/{organization_id}/archive", response={204: None, **REFUSALS}, summary="Archive an organization"
)
def archive_organization(request: Called, organization_id: int) -> Any:
    """Nothing of it is read, nobody gets in, its tokens are refused, and nothing is lost."""
    organizations.archive(request.auth, organization_id)
    return Status(204, None)


@router.post(
    "/organizations/{organization_id}/reactivate",
    response={204: None, **REFUSALS},
    summary="Reactivate an archived organization",
)
def reactivate_organization(request: Called, organization_id: int) -> Any:
    organizations.reactivate(request.auth, organization_id)
    return Status(204, None)


@router.post(
    "/organizations/{organization_id}/administrator",
    response={201: InvitationOut, **REFUSALS},
    summary="Invite an organization's first administrator",
)
def invite_administrator(request: Called, organization_id: int, new: AddressIn) -> Any:
    link = organizations.invite_administrator(request.auth, organization_id, new.email)
    return Status(201, {"id": link.membership_id, "path": link.path, "joins": link.joins})


@router.get("/operators", response={200: list[OperatorOut], **REFUSALS}, summary="Operators of this installation")
def list_operators(request: Called) -> Any:
    found = operators.rows(request.auth)
    return [{"id": each.pk, "email": each.member.email, "created": to_text(each.created)} for each in found]


@router.post("/operators", response={201: NewOperatorOut, **REFUSALS}, summary="Add an operator")
def add_operator(request: Called, new: AddressIn) -> Any:
    return Status(201, {"path": operators.add(request.auth, new.email)})


@router.delete("/operators/{operator_id}", response={204: None, **REFUSALS}, summary="Remove an operator")
def remove_operator(request: Called, operator_id: int) -> Any:
    operators.remove(request.auth, operator_id)
    return Status(204, None)
