"""Products that join a tenant's connection, all at once or none: what that changes, said before and done then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from django.db import transaction

from seatkeeper.app_uses import AppSignIns
from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, Refusals
from seatkeeper.services import applications, audit, connections, refreshes
from seatkeeper.services.applications import NewApplication
from seatkeeper.services.members import May, Who
from seatkeeper.services.ownership import Owned, list_owned
from seatkeeper.store.models import Application, Connection
from seatkeeper.sync.coverage import asks_for, read_ledger
from seatkeeper.sync.vendors import Product, TaskKind, find_product, find_suite, find_vendor

LONGEST_NAME = 120


def preview(who: Who, connection_id: int, products: Sequence[str]) -> list[str]:
    """What adding them changes, in sentences; nothing is changed. Raises BadInput as `add_products` does."""
    who.require(May.APPLICATIONS)
    connection = connections.find(who, connection_id)
    added = _check(who, connection, products)
    names = _name(who, connection, added)
    managed = list(Application.objects.of(who).filter(connection=connection).order_by("pk"))
    owned = list_owned(who, connection, [*added, *(find_product(each.product) for each in managed)])
    ticked = {state.key for state in connections.read(who, connection_id).tasks if state.ticked}
    kinds = find_vendor(connection.vendor).tasks
    return [
        *(
            f"{product.title} is added as “{name}”. {_tell_owned(owned[product.key])}"
            for product, name in zip(added, names, strict=True)
        ),
        "The connection, its credential and its tasks stay as they are, and nobody is asked for the credential again.",
        *_tell_sign_ins(connection, added, [kind for kind in kinds if kind.key in ticked]),
        *_tell_roster(kinds, ticked),
        *_tell_tasks(connection, added, ticked),
        *_tell_counting(added, managed, owned),
        f"To undo it, delete {_quote(names)}: the connection stays, with all that was read for what it manages today.",
    ]


def add_products(who: Who, connection_id: int, products: Sequence[str]) -> list[Application]:
    """An application for each product, through the connection there is: all of them, or none.

    Raises BadInput for a product that is managed already or given twice, that nobody knows, or of another vendor.
    """
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        applications.alone(who)
        connection = connections.find(who, connection_id)
        added = _check(who, connection, products)
        made = []
        for product, name in zip(added, _name(who, connection, added), strict=True):
            made.append(
                Application.objects.create(
                    organization_id=who.organization_id,
                    connection=connection,
                    product=product.key,
                    name=name,
                    created=system_clock(),
                )
            )
            audit.record(who, "application.added", name, f"{product.title}, tenant {connection.tenant_id}")
        refreshes.request(who, Application.objects.filter(connection=connection))
    return [applications.find(who, each.pk) for each in made]


def add_suite(who: Who, suite: str, new: NewApplication, products: Sequence[str]) -> list[Application]:
    """One connection and an application for each product of it, or nothing. `new` says how the tenant is reached.

    Raises BadInput with all that is wrong. A tenant that is read already gets the products that were ticked.
    """
    first = check_suite(who, suite, new, products)
    tried = applications.try_application(who, _to_first(who, first, new))
    with transaction.atomic():
        applications.alone(who)
        made = applications.save_tried(who, _to_first(who, first, new), tried)
        rest = [key for key in products if key != first.key]
        return [made, *(add_products(who, made.connection_id, rest) if rest else ())]


def check_suite(who: Who, suite: str, new: NewApplication, products: Sequence[str]) -> Product:
    """The first of the products. Raises BadInput with all that is wrong; nothing is saved."""
    who.require(May.APPLICATIONS)
    known = find_suite(suite).vendor.products().products
    refusals = Refusals()
    first, *others = refusals.check(choose, products, known) or known[:1]
    refusals.check(applications.check_new, who, _to_first(who, first, new))
    refusals.end()
    for product in others:  # of which one may be managed already
        applications.check_new(who, _to_first(who, product, new))
    return first


def _to_first(who: Who, product: Product, new: NewApplication) -> NewApplication:
    return replace(new, product=product.key, name=_free(product.title, new.tenant_id or "", _names_of(who)))


def _check(who: Who, connection: Connection, products: Sequence[str]) -> list[Product]:
    """The products of these keys, in the order of the catalogue."""
    if connection.duplicate_of is not None:
        raise BadInput("products", f"this tenant is read as {connection.duplicate_of.tenant_id}: add them there.")
    chosen = choose(products, find_vendor(connection.vendor).products().products)
    for product in chosen:
        same = Application.objects.of(who).filter(connection=connection, product=product.key).first()
        if same is not None:
            way_out = "" if same.active else " It is deactivated: reactivate it."
            raise BadInput("products", f"{product.title} of this tenant is managed already, as {same.name!r}.{way_out}")
    return chosen


def choose(keys: Sequence[str], known: Collection[Product]) -> list[Product]:
    """The products of these keys, in the order of the catalogue. Raises BadInput for none, for one twice or unknown."""
    if not keys:
        raise BadInput("products", "tick at least one product.")
    for key in keys:
        if key not in {product.key for product in known}:
            offered = ", ".join(product.key for product in known)
            raise BadInput("products", f"{key[:40]!r} is not a product of this vendor. Known: {offered}.")
        if keys.count(key) > 1:
            raise BadInput("products", f"{key!r} is given twice; a product is managed once.")
    return [product for product in known if product.key in keys]


def _names_of(who: Who) -> set[str]:
    return set(Application.objects.of(who).values_list("name", flat=True))


def _name(who: Who, connection: Connection, products: Iterable[Product]) -> list[str]:
    """A name for each: the product's title, with the tenant behind it where another application is called so."""
    taken = _names_of(who)
    names = []
    for product in products:
        names.append(_free(product.title, connection.tenant_id, taken))
        taken.add(names[-1])
    return names


def _free(title: str, tenant: str, taken: Collection[str]) -> str:
    tries = [title, f"{title} ({tenant.strip().lower()})"[:LONGEST_NAME]]
    return next((name for name in tries if name not in taken), None) or next(
        name for number in range(2, len(taken) + 3) if (name := f"{title} {number}") not in taken
    )


def _tell_owned(owned: Owned) -> str:
    if owned.is_read and not owned:
        return "By what was read last, the tenant owns nothing of it."
    return f"By what was read last, the tenant owns: {owned.words}." if owned else "Its licences were not read yet."


def _tell_sign_ins(connection: Connection, added: Iterable[Product], kinds: Iterable[TaskKind]) -> list[str]:
    """Of each product, which sign-ins its first run reads and which are known already."""
    told = []
    logs = [(kind, read_ledger(connection.pk, kind.sign_ins).asked.values()) for kind in kinds if kind.sign_ins]
    for product in added:
        if not product.watched:
            told.append(f"No sign-in shows the use of {product.title}, so no sign-in is read for it.")
            continue
        for kind, asked in logs:
            new, known = dict[str, None](), dict[str, None]()
            for app in product.apps:
                one = AppSignIns(app.id, kind.sign_ins, app.side)
                if one in product.watched | product.watched_silently:
                    (known if any(asks_for(some, one) for some in asked) else new)[app.title] = None
            if new:
                told.append(
                    f"{product.title}: the next run of {kind.title} reads sign-ins to {_list([*new])}, "
                    "as far back as the vendor keeps them."
                )
            if known:
                told.append(f"{product.title}: sign-ins to {_list([*known])} were read before, and are not read again.")
    return [*told, "Of what is managed already, no sign-in is read again."]


def _tell_roster(kinds: Iterable[TaskKind], ticked: Collection[str]) -> list[str]:
    title = next((kind.title for kind in kinds if kind.key == "roster" and kind.key in ticked), None)
    return [f"The next run of {title} reads everybody once, to see who holds a seat of what is added."] if title else []


def _tell_tasks(connection: Connection, added: Sequence[Product], ticked: Collection[str]) -> list[str]:
    """Which tasks are to be ticked for them: what every product needs, and what tells of their use alone."""
    vendor, keys = find_vendor(connection.vendor), {product.key for product in added}
    own = {usage.task for usage in vendor.usage if usage.read_for & keys}
    told = []
    for kind in vendor.tasks:
        if kind.key in ticked or (kind.optional and kind.key not in own):
            continue
        needs = f"; it needs the permission {kind.permission}" if kind.permission.name else ""
        told.append(f"Tick the task {kind.title} afterwards{needs}. Without it, {kind.purpose}.")
    return told


def _tell_counting(added: Sequence[Product], managed: Sequence[Application], owned: Mapping[str, Owned]) -> list[str]:
    told = [
        f"No figure of {_quote([each.name for each in managed])} changes.",
        "No seat is counted twice: a licence is a seat of one product, and inside any other it is listed apart.",
    ]
    for product in added:
        mine = {seat.part_number for seat in owned[product.key].seats}
        for other in managed:
            both = sorted(mine & {seat.part_number for seat in owned[other.product].seats})
            if both:
                told.append(f"Except {_list(both)}, of which no table tells: it is listed in “{other.name}” as well.")
    return told


def _quote(names: Iterable[str]) -> str:
    return _list([f"“{name}”" for name in names])


def _list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
