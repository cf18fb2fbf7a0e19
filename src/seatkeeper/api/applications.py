"""Managed SaaS applications over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from django.http import HttpResponse
from ninja import Header, Router, Schema, Status
from pydantic import Field

import seatkeeper.services.listings.applications as listing
from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS, Whole, offer
from seatkeeper.api.problems import Problem
from seatkeeper.errors import Unavailable
from seatkeeper.model import to_text
from seatkeeper.services import addresses, catalogue, preflights, tasks, tenants
from seatkeeper.services import applications as service
from seatkeeper.services.application_input import split_tags
from seatkeeper.services.members import Who

if TYPE_CHECKING:
    from seatkeeper.store.models import Application

TAG = "Applications"
router = Router()
PATIENCE: Final = 30.0  # seconds for the checks at the vendor

TaskKey: Any = Literal[tuple(tasks.list_keys())]
Cloud: Any = Literal[tuple(catalogue.list_clouds())]
Text = Annotated[str, Field(max_length=300)]
Credential = Annotated[str, Field(max_length=100_000, json_schema_extra={"writeOnly": True})]
Authorities = Annotated[
    str,
    Field(
        max_length=65_536,
        description="PEM text (-----BEGIN CERTIFICATE-----…) of the authorities to trust; a path is refused",
    ),
]
Fields = Annotated[dict[str, Credential], Field(default_factory=dict, json_schema_extra={"writeOnly": True})]


class ApplicationOut(Schema):
    """A managed application. The credential is never given out."""

    id: int
    name: str
    product: str
    tenant_id: str
    directory_id: Annotated[
        str | None, Field(description="The tenant's own id, by whatever name it was added; null before first contact")
    ]
    same_tenant_as: Annotated[
        str | None, Field(description="Applications that read the same tenant; this one is in no total then")
    ]
    client_id: str
    cloud: str
    login_url: Annotated[str, Field(description="Where the credential is sent")]
    graph_url: Annotated[str, Field(description="Where data is read")]
    ca_file: Annotated[str | None, Field(description="Authorities to trust there; null for the public ones")]
    own_addresses: Annotated[bool, Field(description="Whether any of the three is not the vendor's own")]
    credential_kind: str
    credential_expires: str | None
    threshold_days: int
    tags: list[str]
    tasks: list[str]
    active: bool
    up_to_date: Annotated[bool, Field(description="Whether figures show every change; if not, they soon will")]
    created: str


class ApplicationIn(Schema, extra="forbid"):
    """What Add Application asks for: of Microsoft a client secret, or a certificate with its key as PEM or base64 of a
    PFX file. Its password is `client_certificate_password` in `fields`; there, too, a secret's last day
    (`client_secret_expires`), and `credential`, which is `federated` to sign in as the server itself where that is
    offered.

    For a tenant that is read already, client id and credential may be left out: the product shares the connection.
    What only one vendor asks for stands in `fields`, by the keys of its form.
    """

    product: Text = "microsoft-project"
    name: Text
    tenant_id: Text | None = None
    client_id: Text | None = None
    client_secret: Credential | None = None
    client_certificate: Credential | None = None
    tasks: Annotated[list[TaskKey], Field(default_factory=list)]
    threshold_days: Whole = 60
    tags: Annotated[list[Text], Field(default_factory=list)]
    cloud: Cloud | None = None
    login_url: Text | None = None
    graph_url: Text | None = None
    ca_file: Authorities | None = None
    fields: Fields


class ApplicationEdit(Schema, extra="forbid"):
    """What is to change; what is left out stays as it is. Where a connection has addresses of its own, a new credential
    is given together with them (`login_url`, `graph_url`, `ca_file`; empty for the vendor's own). A new credential is
    tried at the vendor before the stored one goes.
    """

    name: Text | None = None
    threshold_days: Whole | None = None
    tags: list[Text] | None = None
    tasks: list[TaskKey] | None = None
    client_id: Text | None = None
    client_secret: Credential | None = None
    client_certificate: Credential | None = None
    login_url: Text | None = None
    graph_url: Text | None = None
    ca_file: Authorities | None = None
    fields: Fields


class CheckOut(Schema):
    """One line of the preflight; `passed` is null for what could not be checked."""

    title: str
    passed: bool | None
    message: str


def to_out(who: Who, application: Application) -> dict[str, Any]:
    connection = application.connection
    expires = connection.credential_expires
    return {
        "id": application.pk,
        "name": application.name,
        "product": application.product,
        "tenant_id": connection.tenant_id,
        "directory_id": connection.directory_id or None,
        "same_tenant_as": tenants.same_tenant_as(who, application) or None,
        "client_id": connection.client_id,
        "cloud": connection.cloud,
        "login_url": connection.login_url,
        "graph_url": connection.graph_url,
        "ca_file": connection.ca_file or None,
        "own_addresses": bool(addresses.list_own(connection)),
        "credential_kind": connection.credential_kind,
        "credential_expires": to_text(expires) if expires is not None else None,
        "threshold_days": application.threshold_days,
        "tags": split_tags(application.tags),
        "tasks": [task.key for task in service.list_ticked(who, application)],
        "active": application.active,
        "up_to_date": application.refresh_wanted_since is None,
        "created": to_text(application.created),
    }


offer(router, "/applications", listing.LISTING, listing.rows, scope="")


@router.post("/applications", response={201: ApplicationOut, 412: Problem, **REFUSALS}, summary="Add an application")
def add_application(request: Called, new: ApplicationIn, response: HttpResponse) -> Any:
    told = new.dict(exclude={"client_secret", "client_certificate", "tags"})
    application = service.add_application(
        request.auth,
        service.NewApplication(
            **told, secret=new.client_secret, certificate=new.client_certificate, tags=", ".join(new.tags)
        ),
    )
    return Status(201, _with_tag(request.auth, response, application))


def _with_tag(who: Who, answer: HttpResponse, application: Application) -> dict[str, Any]:
    answer["ETag"] = f'"{service.version_of(application)}"'
    return to_out(who, application)


@router.get("/applications/{application_id}", response={200: ApplicationOut, **REFUSALS}, summary="An application")
def read_application(request: Called, application_id: int, response: HttpResponse) -> Any:
    """The header `ETag` names this version of it, for `If-Match` when it is changed."""
    return _with_tag(request.auth, response, service.find(request.auth, application_id))


@router.patch(
    "/applications/{application_id}",
    response={200: ApplicationOut, 412: Problem, **REFUSALS},
    summary="Change an application",
)
def edit_application(
    request: Called,
    application_id: int,
    edit: ApplicationEdit,
    response: HttpResponse,
    if_match: Annotated[str | None, Header(alias="If-Match")] = None,
) -> Any:
    """What is left out stays. A new credential is tried first: 409 when the vendor refuses it, 503 when it does not
    answer; nothing is changed then. With `If-Match`, 412 when somebody has changed it since that `ETag` was told.
    """
    told = edit.dict(exclude={"client_secret", "client_certificate", "tags"})
    tags = None if edit.tags is None else ", ".join(edit.tags)
    changes = service.Edit(**told, secret=edit.client_secret, certificate=edit.client_certificate, tags=tags)
    version = None if if_match is None or if_match.strip() == "*" else if_match.strip().strip('"')
    return _with_tag(request.auth, response, service.edit_application(request.auth, application_id, changes, version))


@router.delete("/applications/{application_id}", response={204: None, **REFUSALS}, summary="Delete an application")
def delete_application(request: Called, application_id: int) -> Any:
    service.delete_application(request.auth, application_id)
    return Status(204, None)


@router.post(
    "/applications/{application_id}/authorize",
    response={200: list[CheckOut], **REFUSALS},
    summary="Check every requirement at the vendor",
)
def authorize(request: Called, application_id: int) -> Any:
    """Answered when all was checked. After 30 seconds 503: the checks go on, and the same call is told their end.

    429 when others of the organization wait already.
    """
    preflight = preflights.wait(request.auth, application_id, PATIENCE)
    if not preflight.told:
        raise Unavailable(f"The vendor did not answer within {PATIENCE:.0f} seconds. The checks go on: ask again.")
    if preflight.error is not None:
        raise preflight.error
    return [check._asdict() for check in preflight.checks]


@router.post(
    "/applications/{application_id}/deactivate", response={200: ApplicationOut, **REFUSALS}, summary="Deactivate"
)
def deactivate(request: Called, application_id: int) -> Any:
    return to_out(request.auth, service.set_active(request.auth, application_id, active=False))


@router.post(
    "/applications/{application_id}/reactivate", response={200: ApplicationOut, **REFUSALS}, summary="Reactivate"
)
def reactivate(request: Called, application_id: int) -> Any:
    return to_out(request.auth, service.set_active(request.auth, application_id, active=True))
