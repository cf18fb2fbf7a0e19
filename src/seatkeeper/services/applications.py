"""Managed SaaS applications: add, list, show, edit, authorize, deactivate, reactivate, delete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.connectors.base import Check
from seatkeeper.connectors.catalog import TASKS, find_product
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.graph.clouds import to_endpoints
from seatkeeper.model import Instant
from seatkeeper.services import audit, redrawing
from seatkeeper.services.application_input import (
    Edit,
    NewApplication,
    check_name,
    check_tags,
    check_tasks,
    check_threshold,
    to_credential,
)
from seatkeeper.services.connections import (
    check_client_id,
    check_tenant_id,
    open_client,
    save_credential,
    to_connector,
)
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Connection, Finding, Holding, Run, Task

__all__ = ["Edit", "NewApplication"]

Which = int | str  # an application by its id, as addresses name it, or by its name, as people do


def add_application(who: Who, new: NewApplication) -> Application:
    """Save an application; it is authorized later. Raises BadInput, and then nothing is saved."""
    who.require(May.APPLICATIONS)
    product = find_product(new.product)
    name, tenant_id = check_name(new.name), check_tenant_id(new.tenant_id)
    tasks, threshold, tags = check_tasks(new.tasks), check_threshold(new.threshold_days), check_tags(new.tags)
    with transaction.atomic():
        _refuse_twice(who, name, tenant_id, product.key)
        application = Application.objects.create(
            organization_id=who.organization_id,
            connection=_connect(who, tenant_id, new, tasks),
            product=product.key,
            name=name,
            threshold_days=threshold,
            tags=tags,
            created=system_clock(),
        )
        audit.record(who, "application.added", name, f"{product.title}, tenant {tenant_id}")
        redrawing.want(who, [application])  # the tenant may have been read for another product
    return find(who, application.pk)


def _connect(who: Who, tenant_id: str, new: NewApplication, tasks: Sequence[str]) -> Connection:
    """The door to the tenant: a new one, or the one there is, which takes the new credential."""
    client_id = check_client_id(new.client_id)
    kind, credential, expires = to_credential(new.secret, new.certificate, client_id)
    endpoints = to_endpoints(new.cloud, new.login_url, new.graph_url, new.ca_file)
    connection, made = Connection.objects.get_or_create(
        organization_id=who.organization_id,
        vendor="microsoft",
        tenant_id=tenant_id,
        defaults={
            "client_id": client_id,
            "cloud": new.cloud,
            "login_url": endpoints.login_url,
            "graph_url": endpoints.graph_url,
            "ca_file": endpoints.ca_file or "",
            "created": system_clock(),
        },
    )
    connection.client_id, connection.credential_kind, connection.credential_expires = client_id, kind, expires
    connection.save()
    save_credential(connection, credential)
    _tick(connection, tasks, only=made)
    return connection


def _refuse_twice(who: Who, name: str, tenant_id: str, product: str) -> None:
    mine = Application.objects.filter(organization_id=who.organization_id)
    if mine.filter(name=name).exists():
        raise BadInput("Name", f"an application called {name!r} exists already. Choose another name.")
    same = mine.filter(connection__tenant_id=tenant_id, product=product).first()
    if same is not None:
        way_out = "reactivate or delete it" if not same.active else "edit or delete that one"
        raise BadInput(
            "Tenant ID",
            f"{same.name!r} reads this product of this tenant already; counting its licences twice would double "
            f"the bill. To change it, {way_out}.",
        )


def _tick(connection: Connection, tasks: Sequence[str], *, only: bool) -> None:
    for key in TASKS:
        task, _ = Task.objects.get_or_create(connection=connection, key=key, defaults={"enabled": key in tasks})
        if not only and key in tasks and not task.enabled:
            Task.objects.filter(pk=task.pk).update(enabled=True)


def list_applications(who: Who) -> list[Application]:
    mine = Application.objects.filter(organization_id=who.organization_id)
    return list(mine.select_related("connection").order_by("name"))


def find(who: Who, application_id: int) -> Application:
    """The application of this id in the asker's organization. Raises NotFound, also for another organization's."""
    mine = Application.objects.filter(organization_id=who.organization_id, pk=application_id)
    application = mine.select_related("connection").first()
    if application is None:
        raise NotFound("The application")
    return application


def find_application(who: Who, which: Which) -> Application:
    """The application of this id or name. For a name, raises BadInput that lists the names there are."""
    if isinstance(which, int):
        return find(who, which)
    mine = list_applications(who)
    for application in mine:
        if application.name == which:
            return application
    names = ", ".join(repr(application.name) for application in mine)
    way_out = f"There is: {names}." if names else "Add one with `seatkeeper apps add`."
    raise BadInput("Name", f"there is no application called {which!r}. {way_out}")


def edit_application(who: Who, which: Which, edit: Edit) -> Application:
    """Change what was given. Raises BadInput, and then nothing is changed."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        application = find_application(who, which)
        if edit.name is not None and check_name(edit.name) != application.name:
            application.name = check_name(edit.name)
            if Application.objects.filter(organization_id=who.organization_id, name=application.name).exists():
                raise BadInput("Name", f"an application called {application.name!r} exists already.")
        if edit.threshold_days is not None:
            application.threshold_days = check_threshold(edit.threshold_days)
        if edit.tags is not None:
            application.tags = check_tags(edit.tags)
        if edit.tasks is not None:
            ticked = check_tasks(edit.tasks)
            for key in TASKS:
                enabled = {"enabled": key in ticked}
                Task.objects.update_or_create(connection=application.connection, key=key, defaults=enabled)
        _edit_connection(application.connection, edit)
        application.save()
        audit.record(who, "application.edited", application.name, _what_changes(edit))
        redrawing.want(who, [application])
    return find(who, application.pk)


def _what_changes(edit: Edit) -> str:
    """The names of what was given, never a value of the credential."""
    given = [name for name in Edit.__slots__ if getattr(edit, name) is not None]
    return ", ".join(name.replace("_", " ") for name in given)


def _edit_connection(connection: Connection, edit: Edit) -> None:
    if edit.client_id is not None:
        connection.client_id = check_client_id(edit.client_id)
    given = edit.secret is not None or edit.certificate is not None
    _edit_endpoints(connection, edit, credential_given=given)
    connection.save()
    if given:
        kind, credential, expires = to_credential(edit.secret, edit.certificate, connection.client_id)
        connection.credential_kind, connection.credential_expires = kind, expires
        save_credential(connection, credential)


def _edit_endpoints(connection: Connection, edit: Edit, *, credential_given: bool) -> None:
    """A stored credential goes nowhere but where it was given for: another address asks for it again."""
    before = connection.login_url, connection.graph_url
    moved = edit.cloud is not None and edit.cloud != connection.cloud
    connection.cloud = edit.cloud or connection.cloud
    endpoints = to_endpoints(
        connection.cloud,
        edit.login_url if edit.login_url is not None or moved else connection.login_url,
        edit.graph_url if edit.graph_url is not None or moved else connection.graph_url,
        (connection.ca_file if edit.ca_file is None else edit.ca_file) or None,
    )
    connection.login_url, connection.graph_url = endpoints.login_url, endpoints.graph_url
    connection.ca_file = endpoints.ca_file or ""
    if before != (endpoints.login_url, endpoints.graph_url) and not credential_given:
        raise BadInput("Client Secret", "give the credential again: the stored one was given for other addresses.")


def authorize(who: Who, which: Which) -> Iterator[Check]:
    """Try each thing that must hold at the vendor, one by one. Of what is found, nothing is stored."""
    who.require(May.APPLICATIONS)
    application = find_application(who, which)
    audit.record(who, "application.authorized", application.name)
    return _preflight(application.connection)


def _preflight(connection: Connection) -> Iterator[Check]:
    with open_client(connection) as client:
        yield from to_connector(connection, client).preflight()


def set_active(who: Who, which: Which, *, active: bool) -> Application:
    """Deactivated applications are kept but neither read nor counted; it can be undone."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        application = find_application(who, which)
        application.active = active
        application.save(update_fields=["active"])
        audit.record(who, f"application.{'reactivated' if active else 'deactivated'}", application.name)
        if active:
            redrawing.want(who, [application])
    return find(who, application.pk)


class Losses(NamedTuple):
    """What a deletion takes along; `history` is whether everything that was read of the tenant goes too."""

    people: int
    findings: int
    runs: int
    since: Instant
    history: bool


def losses(who: Who, which: Which) -> Losses:
    """What would be lost with the application, to be read before it is."""
    application = find_application(who, which)
    others = Application.objects.filter(connection_id=application.connection_id).exclude(pk=application.pk)
    return Losses(
        people=Holding.objects.filter(application=application).count(),
        findings=Finding.objects.filter(application=application).count(),
        runs=Run.objects.filter(task__connection_id=application.connection_id).count(),
        since=application.connection.created,
        history=not others.exists(),
    )


def delete_application(who: Who, which: Which) -> bool:
    """Delete it; with its last application goes the connection and all that was read. True when that happened."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        application = find_application(who, which)
        connection = application.connection
        audit.record(who, "application.deleted", application.name, f"tenant {connection.tenant_id}")
        application.delete()
        if Application.objects.filter(connection=connection).exists():
            return False
        connection.delete()
        return True


def list_ticked(application: Application) -> list[str]:
    """Keys of the tasks that run by themselves."""
    ticked = set(Task.objects.filter(connection=application.connection, enabled=True).values_list("key", flat=True))
    return [key for key in TASKS if key in ticked]


def list_ticked_tasks(application: Application) -> list[str]:
    """Titles of the tasks that run by themselves."""
    return [TASKS[key].title for key in list_ticked(application)]
