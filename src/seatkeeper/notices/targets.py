"""Addresses of notice targets, which may hold passwords: sealed in the database, opened only to send."""

from __future__ import annotations

from typing import Final

from seatkeeper.model import Secret
from seatkeeper.notices.delivery import Target
from seatkeeper.store import seal
from seatkeeper.store.models import NoticeTarget

_PLACE: Final = "notice target"


def seal_target(target: NoticeTarget, address: str, secret: Secret | None) -> None:
    """Save the address, and what a webhook's messages are signed with; both open only for this row."""
    where = target.organization_id, target.pk
    target.address = seal.seal(address, *where, f"{_PLACE} address")
    if secret is not None:
        target.secret = seal.seal(secret.reveal(), *where, f"{_PLACE} secret")
    target.save()


def open_target(target: NoticeTarget) -> Target:
    """With its address unsealed in memory."""
    where = target.organization_id, target.pk
    address = seal.open_sealed(bytes(target.address), *where, f"{_PLACE} address")
    secret = seal.open_sealed(bytes(target.secret), *where, f"{_PLACE} secret") if target.secret else None
    return Target(target.kind, address, secret)
