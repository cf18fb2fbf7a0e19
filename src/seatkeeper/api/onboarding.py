"""Many tenants over REST: the organization's app registration, links for consent, lists of tenants, checks of all."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Router, Schema, Status
from pydantic import Field

import seatkeeper.services.listings.consent_links as links_listing
import seatkeeper.services.listings.tenant_checks as checks_listing
from seatkeeper.api.access import Called
from seatkeeper.api.applications import Authorities, Cloud, Credential, Fields, TaskKey, Text
from seatkeeper.api.listings import REFUSALS, Whole, offer, to_time
from seatkeeper.model import to_text
from seatkeeper.services import app_registrations, consent_links, customers, tenant_checks
from seatkeeper.services.application_input import split_tags
from seatkeeper.services.members import Who

TAG = "Onboarding"
router = Router()


class RegistrationOut(Schema):
    """The organization's own multi-tenant app registration. The credential is never given out."""

    tenant_id: str
    client_id: str
    cloud: str
    credential_kind: str
    credential_expires: str | None
    redirect_uri: Annotated[str, Field(description="To be registered with it, of the kind Web")]


class RegistrationIn(Schema, extra="forbid"):
    """What is left out stays. A credential is tried first, and replaces that of every tenant read as the same
    registration. What is not named here stands in `fields`, by the keys of the vendor's form.
    """

    tenant_id: Text | None = None
    client_id: Text | None = None
    client_secret: Credential | None = None
    client_certificate: Credential | None = None
    cloud: Cloud | None = None
    login_url: Text | None = None
    graph_url: Text | None = None
    ca_file: Authorities | None = None
    fields: Fields


class RotationIn(Schema, extra="forbid"):
    """A new credential for all tenants that are read as one app registration."""

    client_id: Text
    client_secret: Credential | None = None
    client_certificate: Credential | None = None
    fields: Fields


class RotationOut(Schema):
    tenants: int


class LinkIn(Schema, extra="forbid"):
    """A customer who is to join; with `tenant_id` (an id or a domain) no other tenant can answer."""

    customer: Text
    tenant_id: Text = ""
    products: Annotated[list[Text], Field(max_length=100)]
    tasks: Annotated[list[TaskKey], Field(default_factory=list)]
    tags: Annotated[list[Text], Field(default_factory=list)]
    threshold_days: Whole = 60


class LinkOut(Schema):
    """A link with what became of it; `address` is null when it cannot be answered any more."""

    id: int
    customer: str
    tenant_id: str | None
    products: list[str]
    tasks: list[str]
    tags: list[str]
    threshold_days: int
    status: str
    message: str
    directory_id: Annotated[str | None, Field(description="The tenant that answered; unproven until it has joined")]
    connection: int | None
    made: str
    expires: str
    address: Annotated[str | None, Field(description="To be opened by an administrator of the customer's tenant")]


class CustomersIn(Schema, extra="forbid"):
    """Rows of a list, by the names of its columns; everything is text. Nothing is added while a row is wrong, unless
    `only_good` asks for the others. With `dry_run` nothing is added at all.
    """

    rows: Annotated[list[dict[str, Credential]], Field(max_length=customers.MOST_ROWS)]
    dry_run: bool = False
    only_good: bool = False


class WrongOut(Schema):
    """What is wrong; the first row is row 1."""

    row: int
    column: str
    message: str


class CustomersOut(Schema):
    rows: int
    good: int
    wrong: list[WrongOut]
    tenants: Annotated[list[int], Field(description="Ids of the tenants that were added")]
    links: list[LinkOut]


class ProgressOut(Schema):
    """Of the tenants that were asked for last."""

    tenants: int
    checked: int
    failed: int


def _given(told: Schema) -> dict[str, str]:
    """By the keys of the vendor's form."""
    named = told.dict(exclude={"fields"}, exclude_none=True)
    return {**named, **told.fields}  # type: ignore[attr-defined]


def _to_registration(who: Who) -> dict[str, Any]:
    kept = app_registrations.require(who)
    named = {name: getattr(kept, name) for name in ("tenant_id", "client_id", "cloud", "credential_kind")}
    expires = to_time(kept.credential_expires)
    return {**named, "credential_expires": expires, "redirect_uri": app_registrations.redirect_uri(who)}


@router.get("/app-registration", response={200: RegistrationOut, **REFUSALS}, summary="The own app registration")
def read_registration(request: Called) -> Any:
    return _to_registration(request.auth)


@router.put("/app-registration", response={200: RegistrationOut, **REFUSALS}, summary="Keep or change it")
def keep_registration(request: Called, told: RegistrationIn) -> Any:
    """409 when the vendor refuses the credential, 503 when it does not answer; nothing is changed then."""
    app_registrations.keep(request.auth, _given(told))
    return _to_registration(request.auth)


@router.delete("/app-registration", response={204: None, **REFUSALS}, summary="Forget it")
def forget_registration(request: Called) -> Any:
    """Tenants that have joined are read on."""
    app_registrations.forget(request.auth)
    return Status(204, None)


@router.post("/credentials/rotate", response={200: RotationOut, **REFUSALS}, summary="A new credential for many")
def rotate(request: Called, told: RotationIn) -> Any:
    """Tried first, in one of the tenants: 409 when the vendor refuses it; nothing is changed then."""
    given = _given(told)
    return {"tenants": app_registrations.rotate(request.auth, given.pop("client_id"), given)}


offer(router, "/consent-links", links_listing.LISTING, links_listing.rows, scope="")


def _to_link(who: Who, link: Any) -> dict[str, Any]:
    same = ("customer", "products", "tasks", "threshold_days", "status", "message")
    return {
        **{name: getattr(link, name) for name in same},
        "id": link.pk,
        "tenant_id": link.tenant_id or None,
        "directory_id": link.directory_id or None,
        "tags": split_tags(link.tags),
        "connection": link.connection_id,
        "made": to_text(link.made),
        "expires": to_text(link.expires),
        "address": consent_links.address(who, link) or None,
    }


@router.post("/consent-links", response={201: LinkOut, **REFUSALS}, summary="Make a link for a customer")
def make_link(request: Called, new: LinkIn) -> Any:
    told = consent_links.NewLink(**new.dict(exclude={"tags"}), tags=", ".join(new.tags))
    return Status(201, _to_link(request.auth, consent_links.make(request.auth, told)))


@router.get("/consent-links/{link_id}", response={200: LinkOut, **REFUSALS}, summary="A link with its address")
def read_link(request: Called, link_id: int) -> Any:
    return _to_link(request.auth, consent_links.find(request.auth, link_id))


@router.post("/consent-links/{link_id}/withdraw", response={200: LinkOut, **REFUSALS}, summary="Withdraw a link")
def withdraw_link(request: Called, link_id: int) -> Any:
    consent_links.withdraw(request.auth, link_id)
    return _to_link(request.auth, consent_links.find(request.auth, link_id))


@router.post("/consent-links/{link_id}/retry", response={200: LinkOut, **REFUSALS}, summary="Ask for a token again")
def retry_link(request: Called, link_id: int) -> Any:
    consent_links.retry(request.auth, link_id)
    return _to_link(request.auth, consent_links.find(request.auth, link_id))


@router.post("/customers", response={200: CustomersOut, **REFUSALS}, summary="Add many tenants")
def add_customers(request: Called, told: CustomersIn) -> Any:
    """A row a tenant; nothing of what stands in a row is in the answer but the names of the links' customers."""
    who = request.auth
    preview = customers.preview_rows(who, customers.to_rows(told.rows))
    added = None
    if not told.dry_run and (not preview.wrong or told.only_good):
        added = customers.add(who, preview, only_good=told.only_good)
    return {
        "rows": preview.rows,
        "good": len(preview.good),
        "wrong": [wrong._asdict() for wrong in preview.wrong],
        "tenants": [each.pk for each in added.connections] if added else [],
        "links": [_to_link(who, each) for each in added.links] if added else [],
    }


offer(router, "/tenant-checks", checks_listing.LISTING, checks_listing.rows, scope="")


@router.post("/tenant-checks", response={202: ProgressOut, **REFUSALS}, summary="Check all tenants")
def begin_checks(request: Called) -> Any:
    """Every requirement at the vendor, in the background; `GET /tenant-checks` has a result a tenant."""
    tenant_checks.ask(request.auth)
    return Status(202, _to_progress(request.auth))


@router.get("/tenant-checks/progress", response={200: ProgressOut, **REFUSALS}, summary="How far the checks are")
def read_progress(request: Called) -> Any:
    return _to_progress(request.auth)


def _to_progress(who: Who) -> dict[str, int]:
    found = tenant_checks.progress(who)
    return {"tenants": found.total, "checked": found.done, "failed": found.failed}
