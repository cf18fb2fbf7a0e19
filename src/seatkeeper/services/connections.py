"""Connections: a tenant with its credential, the applications that share it, and how each signal of them is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from seatkeeper.app_uses import INTERACTIVE
from seatkeeper.clock import Clock, system_clock
from seatkeeper.errors import NotFound
from seatkeeper.model import Instant, RunStatus
from seatkeeper.reporting.signals import REPORT, SIGNALS
from seatkeeper.services import activity_reports, tasks
from seatkeeper.services.coverage import lag_in_words, sign_in_coverage
from seatkeeper.services.listings import applications as listed
from seatkeeper.services.members import May, Who
from seatkeeper.services.ownership import Owned, list_owned
from seatkeeper.services.tasks import TaskState
from seatkeeper.spans import to_words
from seatkeeper.store.models import Application, Connection
from seatkeeper.sync.vendors import Product, TaskKind, find_product, find_vendor

WORST_FIRST: Final = ("duplicate", "failing", "attention", "never run", "healthy", "deactivated")


class Tenant(NamedTuple):
    """A row of the list; `health` is that of the application of it which most needs somebody."""

    pk: int
    tenant: str
    directory_id: str
    vendor: str
    products: str
    applications: int
    health: str
    credential_kind: str
    credential_expires: Instant | None


class TaskHealth(NamedTuple):
    """A task of the connection: how it stands, and the permission that it needs.

    `granted` tells whether the tenant gives that permission, by what came of the last runs; None while nobody can say.
    `without` says what is missing without it.
    """

    key: str
    title: str
    word: str
    ticked: bool
    complete: Instant | None
    lag: str
    message: str
    permission: str
    granted: bool | None
    without: str

    @property
    def granted_words(self) -> str:
        return {True: "granted", False: "missing", None: "not known yet"}[self.granted]


class SignalHealth(NamedTuple):
    """A signal that can say something of a product: how its reading stands, and how far behind it is."""

    key: str
    title: str
    word: str
    lag: str
    proves: str

    @property
    def is_read(self) -> bool:
        """Whether its silence of somebody means anything: one that nobody reads is silent of everybody."""
        return self.lag != "never" and self.word not in ("not ticked", "never run")


class Managed(NamedTuple):
    application: Application
    product: Product
    owned: Owned
    signals: Sequence[SignalHealth]


class Addable(NamedTuple):
    """A product of the vendor that is not managed yet."""

    product: Product
    owned: Owned


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """All that is known of a connection but its credential. `names` are those that the tenant was added by."""

    connection: Connection
    vendor: str
    names: Sequence[str]
    health: str
    managed: Sequence[Managed]
    addable: Sequence[Addable]
    tasks: Sequence[TaskHealth]


def list_connections(who: Who) -> list[Tenant]:
    """The tenants that the asker's organization reads, by name."""
    who.require(May.SEE)
    rows: Any = listed.rows(who).order_by("pk")
    found: dict[int, list[tuple[str, str]]] = {}
    for connection_id, product, health in rows.values_list("connection_id", "product_title", "health"):
        found.setdefault(connection_id, []).append((product, health))
    return [
        Tenant(
            each.pk,
            each.tenant_id,
            each.directory_id,
            find_vendor(each.vendor).title,
            ", ".join(product for product, _ in found.get(each.pk, ())),
            len(found.get(each.pk, ())),
            _worst(health for _, health in found.get(each.pk, ())),
            each.credential_kind,
            each.credential_expires,
        )
        for each in Connection.objects.of(who).order_by("tenant_id", "pk")
    ]


def _worst(words: Iterable[str]) -> str:
    return min(words, key=WORST_FIRST.index, default="never run")


def find(who: Who, connection_id: int) -> Connection:
    """The connection of this id in the asker's organization. Raises NotFound, also for another organization's."""
    who.require(May.SEE)
    connection = Connection.objects.of(who).filter(pk=connection_id).select_related("duplicate_of").first()
    if connection is None:
        raise NotFound("The tenant")
    return connection


def find_named(who: Who, tenant: str) -> Connection:
    """The connection of a tenant's id or of a name that it is known by here. Raises NotFound."""
    who.require(May.SEE)
    wanted = tenant.strip().lower()
    for each in Connection.objects.of(who).order_by("pk"):
        if wanted and wanted in (each.tenant_id.lower(), each.directory_id.lower()):
            return find(who, each.duplicate_of_id or each.pk)
    raise NotFound(f"The tenant {tenant[:80]!r}")


def read(who: Who, connection_id: int, clock: Clock = system_clock) -> ConnectionState:
    """How a connection stands, from what is stored alone. Raises NotFound."""
    connection = find(who, connection_id)
    vendor = find_vendor(connection.vendor)
    mine = list(Application.objects.of(who).filter(connection=connection).select_related("connection").order_by("pk"))
    taken = {application.product for application in mine}
    others = [product for product in vendor.products().products if product.key not in taken]
    owned = list_owned(who, connection, [*map(find_product, taken), *others])
    stand = _list_tasks(vendor.tasks, tasks.list_tasks(who, mine[0].pk) if mine else (), clock())
    twins = Connection.objects.of(who).filter(duplicate_of=connection).order_by("pk")
    rows: Any = listed.rows(who).filter(connection=connection)
    return ConnectionState(
        connection,
        vendor.title,
        [connection.tenant_id, *twins.values_list("tenant_id", flat=True)],
        _worst(rows.values_list("health", flat=True)),
        [
            Managed(
                each,
                find_product(each.product),
                owned[each.product],
                _list_signals(who, each, {task.key: task for task in stand}, clock),
            )
            for each in mine
        ],
        [Addable(product, owned[product.key]) for product in others],
        stand,
    )


def _list_tasks(kinds: Sequence[TaskKind], states: Iterable[TaskState], now: Instant) -> list[TaskHealth]:
    """Every task of the vendor; whether a permission is granted is known by the newest run that needed it."""
    known = {state.task.key: state for state in states}
    shown = list[tuple[int, str, bool]]()
    for kind in kinds:
        state, name = known.get(kind.key), kind.permission.name
        if state and state.complete:
            shown.append((state.complete.pk, name, True))
        if state and state.run and state.run.status == RunStatus.REFUSED and name and name in state.run.message:
            shown.append((state.run.pk, name, False))
    granted = {name: is_granted for _, name, is_granted in sorted(shown)}
    return [_to_health(kind, known.get(kind.key), now, granted=granted.get(kind.permission.name)) for kind in kinds]


def _to_health(kind: TaskKind, state: TaskState | None, now: Instant, *, granted: bool | None) -> TaskHealth:
    complete = state.complete.ended if state and state.complete else None
    if state is None or not state.task.enabled:
        word = "not ticked"
    elif state.task.paused:
        word = "paused"
    else:
        word = state.run.status if state.run else "never run"
        if word == RunStatus.RUNNING and not state.running:  # its process ended without closing it
            word = RunStatus.INTERRUPTED
    return TaskHealth(
        kind.key,
        kind.title,
        word,
        state is not None and state.task.enabled,
        complete,
        f"{to_words(max(0, now - complete))} ago" if complete is not None else "never",
        state.run.message if state and state.run and word in ("refused", "failed", "interrupted", "held") else "",
        str(kind.permission),
        granted,
        kind.purpose,
    )


def _list_signals(who: Who, application: Application, stand: dict[str, TaskHealth], clock: Clock) -> list[SignalHealth]:
    """The signals that can say something of the application's product, the strongest first."""
    product = find_product(application.product)
    kinds = find_vendor(application.connection.vendor).tasks
    log = next((kind.key for kind in kinds if kind.sign_ins == INTERACTIVE), "")
    found = []
    for signal in SIGNALS:
        if not signal.speaks_of(product):
            continue
        if signal.key == REPORT.key:
            report = activity_reports.kept(who, application.pk)
            word = "uploaded" if report else "never uploaded"
            lag = f"{to_words(max(0, clock() - report.until))} ago" if report else "never"
        elif signal.task:
            word, lag = stand[signal.task].word, stand[signal.task].lag
        else:
            word = stand[log].word if log in stand else "never run"
            lag = lag_in_words(sign_in_coverage(who, application.pk, clock), clock())
        found.append(SignalHealth(signal.key, signal.title, word, lag, signal.proves))
    return found
