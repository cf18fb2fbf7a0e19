"""What holds in this installation, line by line, for `seatkeeper check`; where something is wrong, what to do."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from django.db import connection

from seatkeeper import __version__
from seatkeeper.clock import days, hours, seconds, system_clock
from seatkeeper.errors import BadSetting
from seatkeeper.model import to_instant, to_text
from seatkeeper.notices.runs import find_overdue_tasks
from seatkeeper.services import backups
from seatkeeper.services.backups import list_unopened
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.database import WAL_IS_SAFE
from seatkeeper.store import schema, space
from seatkeeper.store.files import list_exposed
from seatkeeper.store.measures import LEAST_FREE, count_bytes, look_at_disk
from seatkeeper.store.models import Application, Connection, Coverage, Organization
from seatkeeper.store.pending import list_pending
from seatkeeper.store.schema import check_schema, find_damage
from seatkeeper.sync import sku_lists
from seatkeeper.sync.vendors import list_vendors
from seatkeeper.tabular.tables import Table

OLD_BACKUP: Final = 7  # days
OLD_PRODUCTS: Final = 365  # days; SKUs appear every month
CLOCK_MAY_DIFFER: Final = seconds(300)  # Microsoft refuses what is signed with a clock that is further off
STATES: Final = {True: "ok", None: "notice", False: "wrong"}


class Line(NamedTuple):
    """`passed` is None for something to look at that does not stop anything."""

    title: str
    passed: bool | None
    message: str


def migrate() -> Path | None:
    """Bring the database to today's shape, and count with the lists of SKUs that are kept in it.

    Returns the copy that was made before, the way back; None where nothing was migrated, or none could be made.
    """
    copy = None if schema.check_schema() else backups.make_before_upgrade()
    schema.migrate()
    sku_lists.follow()
    return copy


def plan_migration() -> Table:
    """The migrations that are not applied yet, with an estimate of what each takes in this database."""
    rows = [(one.name, one.title, one.rows, f"{one.seconds:.1f}") for one in list_pending() if one.app == schema.APP]
    return Table(("Migration", "What", "Rows", "Seconds (Estimate)"), rows)


def to_table(lines: Iterable[Line]) -> Table:
    return Table(("Check", "State", "Message"), [(line.title, STATES[line.passed], line.message) for line in lines])


def look() -> Iterator[Line]:
    yield Line("Program", True, f"Seatkeeper {__version__} on Python {platform.python_version()}.")
    yield Line("Data folder", True, f"{SEATKEEPER.home}.")
    current = False
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        yield Line("Database", True, "sqlite, does not exist yet; the next command makes it.")  # looking would, too
    else:
        try:
            current = check_schema()
            shape = "has today's shape" if current else "is empty or older; the next command brings it up to date"
            yield Line("Database", True, f"{connection.vendor}, {shape}.")
        except BadSetting as error:
            yield Line("Database", False, f"{error}.")
    if connection.vendor == "sqlite" and WAL_IS_SAFE:
        yield Line("SQLite", True, f"{sqlite3.sqlite_version}, write-ahead log, synchronous=FULL.")
    elif connection.vendor == "sqlite":
        yield Line(
            "SQLite",
            None,
            f"{sqlite3.sqlite_version} can damage a database with a write-ahead log (fixed in 3.51.3), so a rollback "
            "journal is used: safe, but pages wait while a read is being saved. A newer Python brings a newer SQLite.",
        )
    yield from (_look_at_disk(), _look_at_files(), _look_at_address())
    if current:
        yield from (_look_at_data(), _look_at_key(), _look_at_backups(), _look_at_space())
        yield from (_look_at_clock(), _look_at_tasks())
        yield from _look_at_products()


def _look_at_disk() -> Line:
    """Deleting a tenant, and some upgrades, write a SQLite database anew beside the old one."""
    free, size = look_at_disk().free, count_bytes() if connection.vendor == "sqlite" else 0
    message = f"{free / 1e9:,.1f} GB are free, and the database has {size / 1e9:,.1f} GB."
    if connection.vendor != "sqlite":
        message = f"{free / 1e9:,.1f} GB are free here; the disk of the database server is not seen from here."
    if free < LEAST_FREE:
        return Line("Disk", False, f"{message} Make room before a run fills it.")
    if free < SEATKEEPER.operation.disk_warning:
        return Line("Disk", None, f"{message} SEATKEEPER_DISK_WARNING asks for more: make room.")
    if free < 2 * size:
        return Line("Disk", None, f"{message} Make room: an upgrade may need the size of the database twice.")
    return Line("Disk", True, message)


def _look_at_files() -> Line:
    if exposed := [(path, "700" if path.is_dir() else "600") for path in list_exposed()]:
        told = (
            f"Other users of this machine can get at {path}. Close it with: chmod {mode} '{path}'."
            for path, mode in exposed
        )
        return Line("Files", None, " ".join(told))
    return Line("Files", True, "Other users of this machine cannot get at the data folder, the key and the database.")


def _look_at_address() -> Line:
    """Whether the public address, the names that are answered to and the proxies fit each other."""
    address, proxies = SEATKEEPER.address, ", ".join(map(str, SEATKEEPER.trusted_proxies))
    wide = [network for network in SEATKEEPER.trusted_proxies if not network.is_private and network.num_addresses > 256]
    hosts = [host.lower().lstrip(".") for host in SEATKEEPER.allowed_hosts]
    if "*" not in hosts and not any(address.host == host or address.host.endswith(f".{host}") for host in hosts):
        advice = f"SEATKEEPER_ALLOWED_HOSTS does not hold {address.host}, so every page answers 400 there. Add it."
        return Line("Address", False, f"{address.url}. {advice}")
    if wide:
        advice = "Whoever is in it can call from any address he likes. Name the addresses of your proxies."
        return Line(
            "Address", None, f"{address.url}. SEATKEEPER_TRUSTED_PROXY trusts the public network {wide[0]}. {advice}"
        )
    if address.is_loopback:
        if proxies:
            advice = f"SEATKEEPER_TRUSTED_PROXY is {proxies}, but SEATKEEPER_URL is still this machine's. Set both."
            return Line("Address", None, f"{address.url}. {advice}")
        return Line("Address", True, f"{address.url}, for people at this machine only.")
    if not address.is_https:
        advice = "Passwords can be read on the way. Put a proxy with https before it, and set SEATKEEPER_URL to that."
        return Line("Address", None, f"{address.url} is not https. {advice}")
    if not proxies:
        advice = "Everybody behind the proxy counts as one caller. Set SEATKEEPER_TRUSTED_PROXY to its IP address."
        return Line("Address", None, f"{address.url}, and no proxy is trusted. {advice}")
    told = f"{address.url}; the proxy at {proxies} is trusted to name the caller"
    folder = f", and may leave {address.folder} in the address or take it off" if address.folder else ""
    return Line("Address", True, f"{told}{folder}.")


def _look_at_data() -> Line:
    if damage := find_damage():
        advice = "Restore a backup: `seatkeeper restore FILE --replace`."
        return Line("Data", False, f"The database file is damaged: {damage}. {advice}")
    return Line("Data", True, "The database can be read back whole.")


def _look_at_key() -> Line:
    source = SEATKEEPER.key_file or "SEATKEEPER_SECRET_KEY"
    unopened = list_unopened()
    if not unopened:
        sealed = Connection.objects.exclude(credential=b"").count()
        opens = {0: "no credential is saved yet", 1: "it opens the one saved credential"}
        told = opens.get(sealed, f"it opens all {sealed} saved credentials")
        return Line("Key", True, f"It comes from {source}, and {told}. Keep a copy of it apart from the backups.")
    theirs = Application.objects.filter(connection__in=unopened).order_by("name")
    names = ", ".join(sorted({application.name for application in theirs}))
    return Line(
        "Key",
        False,
        f"The key from {source} does not open the credentials of {names}: they were sealed with an older or another "
        "one. Set the SEATKEEPER_SECRET_KEY that was used then, or edit these applications and give their credentials "
        "again.",
    )


def _look_at_backups() -> Line:
    plan, made = SEATKEEPER.backups, backups.newest()
    how = f"every {plan.every} hours into {plan.folder}" if plan else "with `seatkeeper backup`"
    if made is None:
        if plan:
            return Line("Backup", None, f"None was made yet; one is made {how}.")
        advice = "If nothing else makes any, set SEATKEEPER_BACKUP_FOLDER, and keep a copy on another machine."
        return Line("Backup", None, f"None was made with `seatkeeper backup FILE`. {advice}")
    age = (system_clock() - made) // days(1)
    when = {0: "today", 1: "yesterday"}.get(age, f"{age} days ago")
    told = f"The last one was made {when}, {how}."
    if 0 <= age <= (max(1, plan.every // 12) if plan else OLD_BACKUP):
        return Line("Backup", True, told)
    if plan:
        return Line("Backup", None, f"{told} `seatkeeper backups` says what became of those since.")
    return Line("Backup", None, f"{told} Make one at least every {OLD_BACKUP} days: `seatkeeper backup FILE`.")


def _look_at_space() -> Line:
    """Whether a SQLite file has much space that is not used, and can be made smaller by itself."""
    found = space.look()
    if found is None:
        return Line("Space", True, "PostgreSQL uses the space of deleted rows again by itself.")
    told = f"{found.free / 1e6:,.0f} of the {found.size / 1e6:,.0f} MB of the database file are free."
    if found.gradual or found.free < LEAST_FREE // 4:
        return Line("Space", True, told)
    return Line("Space", None, f"{told} Give them back once with `seatkeeper prune --rewrite`; pages wait meanwhile.")


def _look_at_clock() -> Line:
    """A reading of sign-ins notes the vendor's time, and its run ours: one must lie within the other."""
    newest = Coverage.objects.filter(run__ended__isnull=False).select_related("run").order_by("-pk").first()
    if newest is None:
        return Line("Clock", True, "It is compared with the vendor's once sign-ins are read.")
    began, ended = newest.run.started, newest.run.ended or 0
    ahead = max(0, began - newest.read_at) - max(0, newest.read_at - ended)
    when = to_text(newest.read_at)[:16].replace("T", " ")
    if abs(ahead) <= CLOCK_MAY_DIFFER:
        return Line("Clock", True, f"It agreed with the vendor's at the last reading of sign-ins, on {when} UTC.")
    length = f"{abs(ahead) // hours(1)} h" if abs(ahead) >= hours(1) else f"{abs(ahead) // seconds(60)} min"
    way = "ahead of" if ahead > 0 else "behind"
    return Line(
        "Clock",
        None,
        f"This machine's was {length} {way} the vendor's at the last reading of sign-ins, on {when} UTC. Set it, and "
        "let it be kept by NTP: tokens are refused and tasks run at wrong times.",
    )


def _look_at_products() -> Iterator[Line]:
    """Of which day the tables of SKUs are, or the lists that were imported over them."""
    for vendor in list_vendors():
        if vendor.sku_list is None:
            continue
        imported = sku_lists.find_list(vendor)
        day = max(vendor.sku_list.table.shipped().date, to_text(imported.imported)[:10] if imported else "")
        told = f"What is known of {vendor.title}'s SKUs is of {day}."
        old = to_instant(f"{day}T00:00:00Z") < system_clock() - days(OLD_PRODUCTS)
        advice = f" Import its list “{vendor.sku_list.title}”: `seatkeeper catalog import FILE`."
        yield Line("Products", None if old else True, told + advice * old)


def _look_at_tasks() -> Line:
    now = system_clock()
    found = [one for each in Organization.objects.all() for one in find_overdue_tasks(each.pk, now)]
    if not found:
        return Line("Tasks", True, "None is overdue.")
    more = f" And {len(found) - 3} more are overdue." if len(found) > 3 else ""
    return Line("Tasks", None, " ".join(f"{one.title}. {one.body}" for one in found[:3]) + more)
