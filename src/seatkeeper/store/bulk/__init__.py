"""Bulk writes: what a run saves, a page at a time, inside the caller's transaction.

The caller decides what is new, changed or gone; these functions only write. Each does the same on SQLite and
PostgreSQL, and holds no more than its page in memory. To commit several pages together costs less: an index of
a million random keys is written a database page at a time, and pages of rows share those.
"""

from __future__ import annotations

from seatkeeper.store.bulk import accounts, seats, versions
from seatkeeper.store.bulk.accounts import (
    close_accounts,
    close_unseen,
    count_unseen,
    insert_accounts,
    insert_unknown_accounts,
    list_current_accounts,
    list_unseen,
    mark_seen,
    rewrite_accounts,
)
from seatkeeper.store.bulk.counts import Published, count_loss, count_missing, count_published, list_lost_holders
from seatkeeper.store.bulk.facts import save_facts
from seatkeeper.store.bulk.groups import forget_groups, save_groups
from seatkeeper.store.bulk.last_uses import list_newer, save_last_uses
from seatkeeper.store.bulk.quarantine import (
    list_set_aside,
    note_tried,
    resolve_quarantine,
    resolve_unmet,
    save_quarantine,
)
from seatkeeper.store.bulk.renewals import save_renewals
from seatkeeper.store.bulk.seats import (
    close_seats,
    close_seats_of_closed_accounts,
    count_current_seats,
    insert_seats,
    list_current_seats,
)
from seatkeeper.store.bulk.sign_ins import app_ids, forget_restamped, is_kept, list_unknown, save_sign_ins
from seatkeeper.store.bulk.subscriptions import discard_subscriptions, save_subscriptions
from seatkeeper.store.bulk.use_days import Watched, count_days

__all__ = [
    "Published",
    "Watched",
    "app_ids",
    "close_accounts",
    "close_seats",
    "close_seats_of_closed_accounts",
    "close_unseen",
    "count_current_seats",
    "count_days",
    "count_loss",
    "count_missing",
    "count_published",
    "count_unseen",
    "discard_generation",
    "discard_subscriptions",
    "forget_groups",
    "forget_restamped",
    "insert_accounts",
    "insert_seats",
    "insert_unknown_accounts",
    "is_kept",
    "list_current_accounts",
    "list_current_seats",
    "list_lost_holders",
    "list_newer",
    "list_set_aside",
    "list_unknown",
    "list_unseen",
    "mark_seen",
    "note_tried",
    "resolve_quarantine",
    "resolve_unmet",
    "rewrite_accounts",
    "save_facts",
    "save_groups",
    "save_last_uses",
    "save_quarantine",
    "save_renewals",
    "save_sign_ins",
    "save_subscriptions",
]


def discard_generation(connection_id: int, generation: int) -> None:
    """Take back all that an unpublished generation of the roster wrote: accounts and seats."""
    versions.discard(accounts.TABLE, connection_id, generation)
    versions.discard(seats.TABLE, connection_id, generation)
