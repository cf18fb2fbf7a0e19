"""Managed SaaS applications over REST."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field

import seatkeeper.services.listings.applications as listing
from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS, offer
from seatkeeper.connectors.catalog import TASKS
from seatkeeper.graph.clouds import CLOUDS
from seatkeeper.model import to_text
from seatkeeper.services import applications as service
from seatkeeper.services.application_input import split_tags
from seatkeeper.store.models import Application

TAG = "Applications"
router = Router()

TaskKey: Any = Literal[tuple(TASKS)]
Cloud: Any = Literal[tuple(CLOUDS)]
Text = Annotated[str, Field(max_length=300)]
Credential = Annotated[str, Field(max_length=100_000, json_schema_extra={"writeOnly": True})]


class ApplicationOut(Schema):
    """A managed application. The credential is never given out."""

    id: int
    name: str
    product: str
    tenant_id: str
    client_id: str
    cloud: str
    credential_kind: str
    credential_expires: str | None
    threshold_days: int
    tags: list[str]
    tasks: list[str]
    active: bool
    up_to_date: Annotated[bool, Field(description="Whether figures show every change; if not, they soon will")]
    created: str


class ApplicationIn(Schema, extra="forbid"):
    """What Add Application asks for: a client secret, or a certificate with its key as PEM."""

    product: Text = "microsoft-project"
    name: Text
    tenant_id: Text
    client_id: Text
    client_secret: Credential | None = None
    client_certificate: Credential | None = None
    tasks: Annotated[list[TaskKey], Field(default_factory=list)]
    threshold_days: int = 60
    tags: Annotated[list[Text], Field(default_factory=list)]
    cloud: Cloud = "global"
    login_url: Text | None = None
    graph_url: Text | None = None
    ca_file: Text | None = None


class ApplicationEdit(Schema, extra="forbid"):
    """What is to change; what is left out stays as it is."""

    name: Text | None = None
    threshold_days: int | None = None
    tags: list[Text] | None = None
    tasks: list[TaskKey] | None = None
    client_id: Text | None = None
    client_secret: Credential | None = None
    client_certificate: Credential | None = None


class CheckOut(Schema):
    """One line of the preflight; `passed` is null for what could not be checked."""

    title: str
    passed: bool | None
    message: str


def to_out(application: Application) -> dict[str, Any]:
    connection = application.connection
    expires = connection.credential_expires
    return {
        "id": application.pk,
        "name": application.name,
        "product": application.product,
        "tenant_id": connection.tenant_id,
        "client_id": connection.client_id,
        "cloud": connection.cloud,
        "credential_kind": connection.credential_kind,
        "credential_expires": to_text(expires) if expires is not None else None,
        "threshold_days": application.threshold_days,
        "tags": split_tags(application.tags),
        "tasks": service.list_ticked(application),
        "active": application.active,
        "up_to_date": application.undrawn_since is None,
        "created": to_text(application.created),
    }


offer(router, "/applications", listing.LISTING, listing.rows, of_application=False)


@router.post("/applications", response={201: ApplicationOut, **REFUSALS}, summary="Add an application")
def add_application(request: Called, new: ApplicationIn) -> Any:
    told = new.dict(exclude={"client_secret", "client_certificate", "tags"})
    application = service.add_application(
        request.auth,
        service.NewApplication(
            **told, secret=new.client_secret, certificate=new.client_certificate, tags=", ".join(new.tags)
        ),
    )
    return Status(201, to_out(application))


@router.get("/applications/{application_id}", response={200: ApplicationOut, **REFUSALS}, summary="An application")
def read_application(request: Called, application_id: int) -> Any:
    return to_out(service.find(request.auth, application_id))


@router.patch(
    "/applications/{application_id}", response={200: ApplicationOut, **REFUSALS}, summary="Change an application"
)
def edit_application(request: Called, application_id: int, edit: ApplicationEdit) -> Any:
    told = edit.dict(exclude={"client_secret", "client_certificate", "tags"})
    tags = None if edit.tags is None else ", ".join(edit.tags)
    changes = service.Edit(**told, secret=edit.client_secret, certificate=edit.client_certificate, tags=tags)
    return to_out(service.edit_application(request.auth, application_id, changes))


@router.delete("/applications/{application_id}", response={204: None, **REFUSALS}, summary="Delete an application")
def delete_application(request: Called, application_id: int) -> Any:
    service.delete_application(request.auth, application_id)
    return Status(204, None)


@router.post(
    "/applications/{application_id}/authorize",
    response={200: list[CheckOut], **REFUSALS},
    summary="Try everything that must hold at Microsoft",
)
def authorize(request: Called, application_id: int) -> Any:
    return [check._asdict() for check in service.authorize(request.auth, application_id)]


@router.post(
    "/applications/{application_id}/deactivate", response={200: ApplicationOut, **REFUSALS}, summary="Deactivate"
)
def deactivate(request: Called, application_id: int) -> Any:
    return to_out(service.set_active(request.auth, application_id, active=False))


@router.post(
    "/applications/{application_id}/reactivate", response={200: ApplicationOut, **REFUSALS}, summary="Reactivate"
)
def reactivate(request: Called, application_id: int) -> Any:
    return to_out(service.set_active(request.auth, application_id, active=True))
