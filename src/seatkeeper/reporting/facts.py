"""What signals tell of accounts besides their use, put together by account: what the newest whole reading told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from seatkeeper.insights.facts import NOTHING, TITLES, Facts, Mailbox
from seatkeeper.model import Fact, Key, MailboxKind, to_text
from seatkeeper.store.models import Application, Task
from seatkeeper.store.queries import roster
from seatkeeper.store.queries.roster import FactRow


def read_facts(application: Application, generation: int) -> dict[Key, Facts]:
    """Of the holders of a seat, by account."""
    return _to_facts(application, roster.list_facts(application.connection_id, application.product, generation))


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
    return {account: Facts(mailbox=_to_mailbox(named)) for account, named in told.items()}


def _to_mailbox(rows: Mapping[str, FactRow]) -> Mailbox | None:
    if (kind := rows.get(Fact.MAILBOX)) is None:
        return None
    size, archive = rows.get(Fact.MAILBOX_SIZE), rows.get(Fact.ARCHIVE)
    has_archive = archive.value == "yes" if archive else None
    return Mailbox(MailboxKind(kind.value), int(size.value) if size else None, has_archive, kind.until)


def say(facts: Facts) -> Iterator[str]:
    """The same in sentences."""
    if (mailbox := facts.mailbox) is not None and mailbox.kind in TITLES:
        until = f", as of {to_text(mailbox.until)[:10]}" if mailbox.until is not None else ""
        yield f"The vendor's report calls the mailbox of the account {TITLES[mailbox.kind]}{until}."
