"""Questions to a listing, saved by a member under a name."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services.members import Who
from seatkeeper.store.models import Membership, SavedView

LONGEST_NAME: Final = 80
LONGEST_QUERY: Final = 2000
MOST: Final = 50  # of a member in one listing


def rows(who: Who, listing: str) -> list[SavedView]:
    """The asker's views of a listing, by name."""
    mine = SavedView.objects.of(who).filter(membership__member_id=who.member_id, listing=listing)
    return list(mine.order_by("name"))


def keep(who: Who, listing: str, name: str, query: str) -> None:
    """Keep a question; one with the same name is replaced."""
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise BadInput("name", f"Give the view a name of up to {LONGEST_NAME} characters.")
    if not query.startswith("?") or len(query) > LONGEST_QUERY or not query.isprintable():
        raise BadInput("query", "This is not a question that can be kept.")
    if not listing.replace("-", "").replace("_", "").isalpha() or len(listing) > 40:
        raise BadInput("listing", "There is no such listing.")
    with transaction.atomic():
        membership = Membership.objects.of(who).select_for_update().filter(member_id=who.member_id).first()
        if membership is None:
            raise NotFound
        kept = SavedView.objects.filter(membership=membership, listing=listing)
        if kept.exclude(name=name).count() >= MOST:
            raise BadInput("name", f"You keep {MOST} views already. Delete one that you no longer need.")
        SavedView.objects.update_or_create(membership=membership, listing=listing, name=name, defaults={"query": query})


def delete(who: Who, view_id: int) -> None:
    """Delete a view of one's own. Raises NotFound."""
    deleted, _ = SavedView.objects.of(who).filter(pk=view_id, membership__member_id=who.member_id).delete()
    if not deleted:
        raise NotFound("This view")
