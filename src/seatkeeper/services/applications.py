"""Managed SaaS applications: add, list, show, edit, authorize, deactivate, reactivate, delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, ChangedMeanwhile, NotFound, Refusals
from seatkeeper.reporting import refresh
from seatkeeper.services import addresses, audit, authorizing, refreshes, rotation, tenants
from seatkeeper.services.application_input import (
    Edit,
    NewApplication,
    check_name,
    check_tags,
    check_tasks,
    check_threshold,
    typed_in,
)
from seatkeeper.services.members import May, Who
from seatkeeper.store.erasing import erase_after_commit
from seatkeeper.store.models import Application, Connection, Organization, Task
from seatkeeper.sync.connecting import save_details, to_details
from seatkeeper.sync.vendors import (
    Check,
    ConnectionDetails,
    TaskKind,
    find_product,
    find_vendor,
    find_vendor_of,
)

__all__ = ["Check", "Edit", "NewApplication"]

Which = int | str  # an application by its id, as addresses name it, or by its name, as people do


def add_application(who: Who, new: NewApplication) -> Application:
    """Save an application; it is authorized later.

    Raises BadInput with all that is wrong, and what rotation.py raises for a credential that is to replace one; then
    nothing is saved.
    """
    return save_tried(who, new, try_application(who, new))


def try_application(who: Who, new: NewApplication) -> Tried:
    """What is right of it, with a credential that replaces one tried while nobody waits. Raises as adding does."""
    who.require(May.APPLICATIONS)
    before_lock = _check_new(who, new)
    if before_lock.known is not None:
        rotation.try_new(who, before_lock.known, before_lock.details)
    return before_lock


def save_tried(who: Who, new: NewApplication, before_lock: Tried) -> Application:
    """Save what was tried, as far as it is right still. Raises BadInput, and ChangedMeanwhile."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        alone(who)
        vendor, checked = find_vendor_of(new.product), _check_new(who, new)
        if (connection := checked.known) is None:
            connection = tenants.connect(who, vendor, checked.details, checked.tasks)
            moved = addresses.list_changes(vendor, None, checked.details)
        else:
            rotation.refuse_untried(before_lock.details if before_lock.known else None, checked.details)
            moved = addresses.list_changes(vendor, to_details(connection), checked.details)
            save_details(connection, checked.details)
            tenants.tick(who, connection, vendor, checked.tasks if new.tasks else (), only=False)
        application = Application.objects.create(
            organization_id=who.organization_id,
            connection=connection,
            product=new.product,
            created=system_clock(),
            **checked.values,
        )
        told = [find_product(new.product).title, f"tenant {connection.tenant_id}", *moved]
        audit.record(who, "application.added", application.name, ", ".join(told))
        _request_refresh(who, connection)  # the tenant may have been read for another product
    return find(who, application.pk)


def check_new(who: Who, new: NewApplication) -> None:
    """Raises BadInput with all that is wrong with it; nothing is saved."""
    who.require(May.APPLICATIONS)
    _check_new(who, new)


class Tried(NamedTuple):
    """What was typed in and is right; `known` is the connection that reads the tenant already."""

    values: dict[str, Any]
    tasks: list[str]
    known: Connection | None
    details: ConnectionDetails


def _check_new(who: Who, new: NewApplication) -> Tried:
    vendor = find_vendor_of(new.product)
    typed = typed_in(new, vendor.form)
    refusals = Refusals()
    check = refusals.check
    values = {
        "name": check(_check_free_name, who, new.name),
        "threshold_days": check(check_threshold, new.threshold_days),
        "tags": check(check_tags, new.tags),
    }
    tasks = check(check_tasks, new.tasks, vendor.tasks)
    if (known := tenants.find_named(who, vendor, typed)) is None:
        details = check(tenants.check_details, who, vendor, typed, None)
        refusals.end()
        known = tenants.find_connection(who, vendor, details.tenant_id)
    else:
        details = check(tenants.check_shared, who, vendor, typed, known)
    if known is not None:
        check(tenants.refuse_twice, who, known, new.product)
    refusals.end()
    return Tried(values, tasks, known, details)


def alone(who: Who) -> None:
    """Changes of an organization's applications come one after the other: each is checked by what the last one left."""
    Organization.objects.of(who).select_for_update(no_key=True).get()


def _check_free_name(who: Who, text: str, own: int = 0) -> str:
    name = check_name(text)
    if Application.objects.of(who).filter(name=name).exclude(pk=own).exists():
        raise BadInput("name", f"an application called {name!r} exists already. Choose another name.")
    return name


def list_applications(who: Who) -> list[Application]:
    mine = Application.objects.of(who)
    return list(mine.select_related("connection").order_by("name"))


def list_counted(who: Who) -> list[Application]:
    """Those that an organization's totals count: none that reads a tenant which another one reads, too."""
    return [application for application in list_applications(who) if application.connection.duplicate_of_id is None]


def find(who: Who, application_id: int) -> Application:
    """The application of this id in the asker's organization. Raises NotFound, also for another organization's."""
    mine = Application.objects.of(who).filter(pk=application_id)
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
    raise BadInput("name", f"there is no application called {which!r}. {way_out}")


def find_refreshed(who: Who, which: Which) -> Application:
    """The same for a command that shows figures: what was read or changed and does not show yet is shown first."""
    who.require(May.SEE)
    application = find_application(who, which)
    refresh.catch_up(application)
    return application


def edit_application(who: Who, which: Which, edit: Edit, version: str | None = None) -> Application:
    """Change what was given and differs; everything else stays as somebody else may have left it meanwhile.

    Raises BadInput with all that is wrong, ChangedMeanwhile when `version` is given and is not the one there is, and
    what rotation.py raises for a new credential; then nothing is changed.
    """
    who.require(May.APPLICATIONS)
    seen = find_application(who, which)
    before_lock = _check_edit(who, seen, edit)  # nobody waits while a certificate is opened
    _require_version(seen, version)
    rotation.try_new(who, seen.connection, before_lock.details)
    with transaction.atomic():
        alone(who)
        application = find_application(who, which)
        _require_version(application, version)
        connection = application.connection
        opened = before_lock.details if connection.version == seen.connection.version else None
        checked = _check_edit(who, application, edit, opened)
        rotation.refuse_untried(before_lock.details, checked.details)
        vendor, before = find_vendor(connection.vendor), to_details(connection)
        changed = application.save_changes(checked.values) + save_details(connection, checked.details)
        if checked.tasks is not None:
            changed += tenants.tick(who, connection, vendor, checked.tasks, only=True)
        if changed:
            told = [", ".join(changed).replace("_", " "), *addresses.list_changes(vendor, before, checked.details)]
            audit.record(who, "application.edited", application.name, "; ".join(told))
            _request_refresh(who, connection)
    return find(who, application.pk)


def _require_version(application: Application, version: str | None) -> None:
    if version is not None and version != version_of(application):
        raise ChangedMeanwhile(f"{application.name!r} was changed after you had opened it. Nothing was saved.")


def check_edit(who: Who, which: Which, edit: Edit) -> None:
    """Raises BadInput with all that is wrong with it; nothing is changed."""
    who.require(May.APPLICATIONS)
    _check_edit(who, find_application(who, which), edit)


class _Edited(NamedTuple):
    """What was given and is right; `tasks` is None when nothing was said of them."""

    values: dict[str, object]
    tasks: list[str] | None
    details: ConnectionDetails


def _check_edit(who: Who, application: Application, edit: Edit, details: ConnectionDetails | None = None) -> _Edited:
    """With `details`, those were checked already."""
    vendor = find_vendor(application.connection.vendor)
    refusals = Refusals()
    check, values = refusals.check, dict[str, object]()
    if edit.name is not None:
        values["name"] = check(_check_free_name, who, edit.name, application.pk)
    if edit.threshold_days is not None:
        values["threshold_days"] = check(check_threshold, edit.threshold_days)
    if edit.tags is not None:
        values["tags"] = check(check_tags, edit.tags)
    tasks = None if edit.tasks is None else check(check_tasks, edit.tasks, vendor.tasks)
    if details is None:
        details = check(tenants.check_details, who, vendor, typed_in(edit, vendor.form), application.connection)
    refusals.end()
    return _Edited(values, tasks, details)


def version_of(application: Application) -> str:
    """Another one after each change of the application or of the connection that it shares."""
    return f"{application.version}-{application.connection.version}"


def authorize(who: Who, which: Which) -> Iterator[Check]:
    """Try each thing that must hold at the vendor, one by one. Of what is found, only which tenant it is is stored."""
    who.require(May.APPLICATIONS)
    application = find_application(who, which)
    audit.record(who, "application.authorized", application.name)
    return authorizing.list_checks(who, application.connection)


def set_active(who: Who, which: Which, *, active: bool) -> Application:
    """Deactivated applications are kept but neither read nor counted; it can be undone."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        alone(who)
        application = find_application(who, which)
        application.save_changes({"active": active})
        audit.record(who, f"application.{'reactivated' if active else 'deactivated'}", application.name)
        _request_refresh(who, application.connection)
        if active:
            tenants.read_again(who, application.connection)
    return find(who, application.pk)


def _request_refresh(who: Who, connection: Connection) -> None:
    """Tasks, and which products are read, are the connection's: its other applications may show something new, too."""
    refreshes.request(who, Application.objects.filter(connection=connection))


def delete_application(who: Who, which: Which) -> bool:
    """Delete it; with its last application goes the connection and all that was read. True when that happened."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        alone(who)
        application = find_application(who, which)
        connection = application.connection
        audit.record(who, "application.deleted", application.name, f"tenant {connection.tenant_id}")
        application.delete()
        if Application.objects.filter(connection=connection).exists():
            return False
        connection.delete()
        erase_after_commit()
        return True


def fill_form(connection: Connection) -> Mapping[str, str]:
    """What the vendor's form shows of a stored connection; no secret is in it."""
    return find_vendor(connection.vendor).fill_form(to_details(connection))


def list_ticked(who: Who, application: Application) -> list[TaskKind]:
    """The tasks that run by themselves."""
    mine = Task.objects.of(who).filter(connection=application.connection, enabled=True)
    ticked = set(mine.values_list("key", flat=True))
    return [kind for kind in find_vendor(application.connection.vendor).tasks if kind.key in ticked]
