"""Managed SaaS applications: add, list, show, edit, authorize, deactivate, reactivate, delete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.connectors.base import Check
from seatkeeper.connectors.catalog import TASKS, find_product
from seatkeeper.errors import BadInput
from seatkeeper.graph.clouds import to_endpoints
from seatkeeper.graph.token import ClientCertificate
from seatkeeper.model import Instant, Secret
from seatkeeper.services.connections import (
    check_client_id,
    check_secret,
    check_tenant_id,
    open_client,
    save_credential,
    to_connector,
)
from seatkeeper.services.members import Who
from seatkeeper.store.models import Application, Connection, Task

THRESHOLDS = range(1, 1096)


@dataclass(frozen=True, slots=True)
class NewApplication:
    """What Add Application asks for. Exactly one of `secret` and `certificate` (PEM with its key)."""

    product: str
    name: str
    tenant_id: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    tasks: Sequence[str] = ()
    threshold_days: int = 60
    tags: str = ""
    cloud: str = "global"
    login_url: str | None = None
    graph_url: str | None = None
    ca_file: str | None = None


def add_application(who: Who, new: NewApplication) -> Application:
    """Save an application; it is authorized later. Raises BadInput, and then nothing is saved."""
    product = find_product(new.product)
    name, tenant_id = check_name(new.name), check_tenant_id(new.tenant_id)
    client_id, tasks = check_client_id(new.client_id), check_tasks(new.tasks)
    threshold = check_threshold(new.threshold_days)
    kind, credential, expires = _to_credential(new, client_id)
    endpoints = to_endpoints(new.cloud, new.login_url, new.graph_url, new.ca_file)
    with transaction.atomic():
        _refuse_twice(who, name, tenant_id, product.key)
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
        return Application.objects.create(
            organization_id=who.organization_id,
            connection=connection,
            product=product.key,
            name=name,
            threshold_days=threshold,
            tags=new.tags.strip(),
            created=system_clock(),
        )


def _to_credential(new: NewApplication, client_id: str) -> tuple[str, Secret, Instant | None]:
    if (new.secret is None) == (new.certificate is None):
        raise BadInput("Client Secret", "give either a client secret or a certificate, and not both.")
    if new.secret is not None:
        return "secret", check_secret(new.secret), None
    assert new.certificate is not None
    certificate = ClientCertificate(client_id, Secret(new.certificate))
    return "certificate", certificate.pem, certificate.check()


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


def check_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise BadInput("Name", "give the application a name of 1 to 120 visible characters.")
    return name


def check_tasks(keys: Sequence[str]) -> list[str]:
    """The ticked tasks; none ticked means all."""
    unknown = [key for key in keys if key not in TASKS]
    if unknown:
        raise BadInput("Task", f"{unknown[0]!r} is not a task. Known: {', '.join(TASKS)}.")
    return list(dict.fromkeys(keys)) or list(TASKS)


def check_threshold(days: int) -> int:
    if days not in THRESHOLDS:
        raise BadInput("Threshold", f"{days} is not a number of days from 1 to {THRESHOLDS[-1]}.")
    return days


def list_applications(who: Who) -> list[Application]:
    mine = Application.objects.filter(organization_id=who.organization_id)
    return list(mine.select_related("connection").order_by("name"))


def find_application(who: Who, name: str) -> Application:
    """The application of this name in the asker's organization. Raises BadInput that lists the names there are."""
    mine = list_applications(who)
    for application in mine:
        if application.name == name:
            return application
    names = ", ".join(repr(application.name) for application in mine)
    way_out = f"There is: {names}." if names else "Add one with `seatkeeper apps add`."
    raise BadInput("Name", f"there is no application called {name!r}. {way_out}")


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be changed; None leaves it as it is."""

    name: str | None = None
    threshold_days: int | None = None
    tags: str | None = None
    tasks: Sequence[str] | None = None
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    ca_file: str | None = None


def edit_application(who: Who, name: str, edit: Edit) -> Application:
    """Change what was given. Raises BadInput, and then nothing is changed."""
    with transaction.atomic():
        application = find_application(who, name)
        if edit.name is not None and check_name(edit.name) != application.name:
            application.name = check_name(edit.name)
            if Application.objects.filter(organization_id=who.organization_id, name=application.name).exists():
                raise BadInput("Name", f"an application called {application.name!r} exists already.")
        if edit.threshold_days is not None:
            application.threshold_days = check_threshold(edit.threshold_days)
        if edit.tags is not None:
            application.tags = edit.tags.strip()
        if edit.tasks is not None:
            ticked = check_tasks(edit.tasks)
            for task in Task.objects.filter(connection=application.connection):
                Task.objects.filter(pk=task.pk).update(enabled=task.key in ticked)
        _edit_connection(application.connection, edit)
        application.save()
        return application


def _edit_connection(connection: Connection, edit: Edit) -> None:
    if edit.client_id is not None:
        connection.client_id = check_client_id(edit.client_id)
    if edit.ca_file is not None:
        to_endpoints(connection.cloud, connection.login_url, connection.graph_url, edit.ca_file or None)
        connection.ca_file = edit.ca_file
    connection.save()
    if edit.secret is not None:
        connection.credential_kind, connection.credential_expires = "secret", None
        save_credential(connection, check_secret(edit.secret))
    elif edit.certificate is not None:
        certificate = ClientCertificate(connection.client_id, Secret(edit.certificate))
        connection.credential_kind, connection.credential_expires = "certificate", certificate.check()
        save_credential(connection, certificate.pem)


def authorize(who: Who, name: str) -> Iterator[Check]:
    """Try each thing that must hold at the vendor, one by one. Nothing is stored."""
    application = find_application(who, name)
    with open_client(application.connection) as client:
        yield from to_connector(application.connection, client).preflight()


def set_active(who: Who, name: str, *, active: bool) -> Application:
    """Deactivated applications are kept but neither read nor counted; it can be undone."""
    application = find_application(who, name)
    application.active = active
    application.save(update_fields=["active"])
    return application


def delete_application(who: Who, name: str) -> bool:
    """Delete it; with its last application goes the connection and all that was read. True when that happened."""
    with transaction.atomic():
        application = find_application(who, name)
        connection = application.connection
        application.delete()
        if Application.objects.filter(connection=connection).exists():
            return False
        connection.delete()
        return True


def list_ticked_tasks(application: Application) -> list[str]:
    """Titles of the tasks that run by themselves."""
    ticked = set(Task.objects.filter(connection=application.connection, enabled=True).values_list("key", flat=True))
    return [task.title for key, task in TASKS.items() if key in ticked]
