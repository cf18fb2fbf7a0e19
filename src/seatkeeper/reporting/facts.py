"""What signals tell of accounts besides their use, put together by account: what the newest whole reading told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from seatkeeper.account_facts import Fact, MailboxKind, desktop, made, viewed
from seatkeeper.connectors.catalog import find_task, find_vendor_of
from seatkeeper.insights.facts import NOTHING, TITLES, Acts, Desktop, Facts, Mailbox, Used
from seatkeeper.model import Key, to_text
from seatkeeper.store.models import Application, Task
from seatkeeper.store.queries import roster
from seatkeeper.store.queries.roster import FactRow


def read_facts(application: Application, generation: int) -> dict[Key, Facts]:
    """Of the holders of a seat, by account."""
    told = _to_facts(application, roster.list_facts(application.connection_id, application.product, generation))
    for account, acts in _read_acts(application, generation).items():
        told[account] = told.get(account, NOTHING)._replace(acts=acts)
    return told


def _read_acts(application: Application, generation: int) -> dict[Key, Acts]:
    """Where a signal that tells events one by one was read to its end once, and tells looks from all else."""
    vendor, product = find_vendor_of(application.product), application.product
    keys = [usage.task for usage in vendor.usage if usage.of_events and product in usage.products]
    ticked = Task.objects.filter(connection_id=application.connection_id, enabled=True, key__in=keys)
    found: dict[Key, Acts] = {}
    for key, searched in ticked.values_list("key", "full_read_at"):
        if searched is None:
            continue
        until = searched - find_task(vendor.key, key).lateness
        rows = [
            roster.list_last_uses(application.connection_id, key, product, generation, used)
            for used in (viewed(product), made(product))
        ]
        looks, more = ({row.account: row.last for row in some} for some in rows)
        found |= {one: Acts(looks.get(one), more.get(one), until) for one in looks.keys() | more.keys()}
    return found


def read_facts_of(application: Application, account: Key) -> Facts:
    """Of one account."""
    return _to_facts(application, roster.list_facts_of(application.connection_id, account)).get(account, NOTHING)


def _to_facts(application: Application, rows: Iterable[FactRow]) -> dict[Key, Facts]:
    """What a later whole reading did not tell again is known no more, and nothing by a task that is not ticked."""
    ticked = Task.objects.filter(connection_id=application.connection_id, enabled=True)
    read = {key: moment or 0 for key, moment in ticked.values_list("key", "full_read_at")}
    told: dict[Key, dict[str, FactRow]] = defaultdict(dict)
    for row in rows:
        if row.signal in read and row.read_at >= read[row.signal]:
            told[row.account][row.name] = row
    product = application.product
    return {
        account: Facts(_to_mailbox(one), desktop=_to_desktop(one, product), used=_to_used(one))
        for account, one in told.items()
    }


def _to_mailbox(rows: Mapping[str, FactRow]) -> Mailbox | None:
    if (kind := rows.get(Fact.MAILBOX)) is None:
        return None
    size, archive = rows.get(Fact.MAILBOX_SIZE), rows.get(Fact.ARCHIVE)
    has_archive = archive.value == "yes" if archive else None
    return Mailbox(MailboxKind(kind.value), int(size.value) if size else None, has_archive, kind.until)


def _to_desktop(rows: Mapping[str, FactRow], product: str) -> Desktop | None:
    told = rows.get(desktop(product))
    return Desktop(told.value == "yes", told.until) if told else None


def _to_used(rows: Mapping[str, FactRow]) -> Used | None:
    told = rows.get(Fact.PLATFORMS)
    return Used(frozenset(filter(None, told.value.split(","))), told.until) if told else None


def say(facts: Facts) -> Iterator[str]:
    """The same in sentences."""
    if (mailbox := facts.mailbox) is not None and mailbox.kind in TITLES:
        until = f", as of {to_text(mailbox.until)[:10]}" if mailbox.until is not None else ""
        yield f"The vendor's report calls the mailbox of the account {TITLES[mailbox.kind]}{until}."
