"""Where notices go. Addresses may hold passwords: they are sealed, and no page, answer or log shows them again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotFound, SeatkeeperError
from seatkeeper.model import Secret
from seatkeeper.notices import delivery
from seatkeeper.notices.delivery import Message
from seatkeeper.notices.kinds import KINDS
from seatkeeper.notices.targets import open_target, seal_target
from seatkeeper.services import audit
from seatkeeper.services.members import May, Who
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import NoticeTarget

__all__ = ["KINDS"]

WAYS: Final = ("apprise", "webhook")
MOST: Final = 20


class NewTarget(NamedTuple):
    """A target as it was typed in; no `conditions` means every kind."""

    name: str
    address: str
    kind: str = "apprise"
    conditions: Sequence[str] = ()


class Added(NamedTuple):
    """A new target; `secret` is what its webhook is signed with, shown this once."""

    target: NoticeTarget
    secret: Secret | None


def list_targets(who: Who) -> list[NoticeTarget]:
    who.require(May.MEMBERS)
    return list(NoticeTarget.objects.of(who).order_by("name"))


def add(who: Who, new: NewTarget) -> Added:
    """Save a target whose address may be sent to. Raises BadInput."""
    who.require(May.MEMBERS)
    name, address, known = " ".join(new.name.split()), new.address.strip(), {kind.key for kind in KINDS}
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise BadInput("name", "Give it a name of up to 80 characters.")
    if new.kind not in WAYS:
        raise BadInput("kind", f"Choose one of: {', '.join(WAYS)}.")
    if unknown := set(new.conditions) - known:
        raise BadInput("conditions", f"{min(unknown)[:40]!r} is none of {', '.join(sorted(known))}.")
    delivery.check(new.kind, address)
    secret = Secret(secrets.token_urlsafe(32)) if new.kind == "webhook" else None
    with transaction.atomic():
        mine = NoticeTarget.objects.of(who)
        if mine.filter(name=name).exists() or mine.count() >= MOST:
            raise BadInput("name", f"There is a target of this name already, or there are {MOST}.")
        target = NoticeTarget.objects.create(
            organization_id=who.organization_id,
            name=name,
            kind=new.kind,
            conditions=",".join(sorted(set(new.conditions))),
        )
        seal_target(target, address, secret)
        audit.record(who, "notice-target.added", name, new.kind)
    return Added(target, secret)


def test(who: Who, target_id: int) -> None:
    """Send a test now; what goes wrong is raised, and kept as the target's trouble."""
    with _changing(who, target_id, "notice-target.tested") as target:
        opened = open_target(target)
    now = system_clock()
    message = Message(
        id=f"test-{target.pk}-{now}", event="test", kind="test", condition="test",
        title="A test of Seatkeeper's notices",
        body=f"{who.name} asked for it. Notices will come this way.", level=0, at=now,
        link=f"{SEATKEEPER.address.url}/notices",
    )  # fmt: skip
    try:
        delivery.send(opened, message)
    except SeatkeeperError as error:
        NoticeTarget.objects.filter(pk=target.pk).update(trouble=str(error))
        raise
    NoticeTarget.objects.filter(pk=target.pk).update(trouble="")


def find_by_name(who: Who, name: str) -> NoticeTarget:
    for target in list_targets(who):
        if target.name == name:
            return target
    raise NotFound("The target")


def set_active(who: Who, target_id: int, *, active: bool) -> None:
    """A paused target hears nothing, and is not told later what happened meanwhile."""
    with _changing(who, target_id, f"notice-target.{'resumed' if active else 'paused'}") as target:
        target.active = active
        target.save(update_fields=["active"])


def delete(who: Who, target_id: int) -> None:
    with _changing(who, target_id, "notice-target.deleted") as target:
        target.delete()


@contextmanager
def _changing(who: Who, target_id: int, action: str) -> Iterator[NoticeTarget]:
    """A target of the asker's organization, with the line in the trail of what is done to it."""
    who.require(May.MEMBERS)
    with transaction.atomic():
        mine = NoticeTarget.objects.of(who).select_for_update().filter(pk=target_id)
        if (target := mine.first()) is None:
            raise NotFound("The target")
        audit.record(who, action, target.name)
        yield target
