"""Notices: one is open for each condition, ends when the condition does, and reaches every target that wants its kind.

`look_and_send` is called once a minute and after runs, in a thread of its own: what a receiver does never holds up a
run. What could not be sent is tried again, each time after a longer wait, and a target says why.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import F, Q

from seatkeeper.clock import Clock, days, seconds, system_clock
from seatkeeper.errors import SeatkeeperError
from seatkeeper.model import Instant
from seatkeeper.notices import delivery
from seatkeeper.notices.conditions import digest, list_conditions
from seatkeeper.notices.delivery import Message
from seatkeeper.notices.kinds import KINDS, Condition
from seatkeeper.notices.targets import open_target
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Notice, NoticeDelivery, NoticeTarget, Organization

FIRST_RETRY: Final = seconds(60)
LONGEST_RETRY: Final = seconds(6 * 3600)
MOST_TRIES: Final = 30  # about a week; later nobody wants to hear of it
PORTION: Final = 20  # deliveries at one look: the next look goes on
SETTLED: Final = seconds(900)  # findings are dated when their refresh begins: by then all of that moment are there
OPENED, CLOSER, CLOSED = "opened", "closer", "closed"
ENDINGS: Final = {kind.key: kind.ending for kind in KINDS}


def look_and_send(clock: Clock = system_clock) -> None:
    """Bring the notices of all organizations to what is the matter now, and send what is due."""
    for organization_id in Organization.objects.filter(archived=None).values_list("pk", flat=True):
        look(organization_id, clock())
    send_due(clock)


def look(organization_id: int, now: Instant) -> None:
    """Open, raise and close notices; deliveries are noted in the same transaction."""
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization_id)  # of two processes that look, one at a time
        conditions = {condition.key: condition for condition in list_conditions(organization_id, now)}
        living = {n.condition: n for n in Notice.objects.filter(organization_id=organization_id, closed=None)}
        for key, condition in conditions.items():
            if (notice := living.get(key)) is None:
                _open(organization_id, condition, now)
                continue
            # It says what is true now; only a nearer date is told once more.
            closer = condition.level > notice.level
            if (notice.title, notice.body, notice.level) != (condition.title, condition.body, condition.level):
                notice.title, notice.body, notice.level = condition.title, condition.body, condition.level
                notice.save(update_fields=["title", "body", "level"])
            if closer:
                _deliver(notice, f"{CLOSER} {condition.level}", now)
        for key in living.keys() - conditions.keys():
            notice = living[key]
            notice.closed = now
            notice.save(update_fields=["closed"])
            # What was not sent yet need not be; whoever was told hears that it is over.
            NoticeDelivery.objects.filter(notice=notice, sent=None).delete()
            if ENDINGS.get(notice.kind):
                told = NoticeDelivery.objects.filter(notice=notice).values_list("target_id", flat=True)
                _deliver(notice, CLOSED, now, Q(pk__in=set(told)))
        # Of new findings at most one a day (UTC), and none without anything new.
        last = Notice.objects.filter(organization_id=organization_id, kind="findings").order_by("-pk").first()
        if last is None or last.opened // days(1) != now // days(1):  # one of a later day was dated by a wrong clock
            since = min(last.opened, now) - SETTLED if last else 0
            if (news := digest(organization_id, since, now - SETTLED)) is not None:
                _open(organization_id, news, now, closed=now)


def _open(organization_id: int, condition: Condition, now: Instant, closed: Instant | None = None) -> None:
    notice = Notice.objects.create(
        organization_id=organization_id, condition=condition.key, kind=condition.kind, title=condition.title,
        body=condition.body, level=condition.level, opened=now, closed=closed,
    )  # fmt: skip
    _deliver(notice, OPENED, now)


def _deliver(notice: Notice, event: str, now: Instant, which: Q | None = None) -> None:
    """Note that the notice is to be sent to the targets that want it."""
    targets = NoticeTarget.objects.filter(which or Q(), organization_id=notice.organization_id, active=True)
    wanted = [target for target in targets if wants(target, notice.kind)]
    NoticeDelivery.objects.bulk_create(
        [NoticeDelivery(notice=notice, target=target, event=event, due=now) for target in wanted],
        ignore_conflicts=True,
    )


def wants(target: NoticeTarget, kind: str) -> bool:
    return not target.conditions or kind in target.conditions.split(",")


def send_due(clock: Clock = system_clock) -> None:
    """Send what is due, each once whichever process is at it: it is put off before it is tried."""
    now = clock()
    due_now = Q(due__lte=now) | Q(due__gt=now + 2 * LONGEST_RETRY)  # no wait is so long: a wrong clock has noted that
    due = NoticeDelivery.objects.filter(due_now, sent=None, tries__lt=MOST_TRIES, target__active=True)
    due = due.filter(target__organization__archived=None)
    for each in due.select_related("notice__organization", "target").order_by("due", "pk")[:PORTION]:
        later = clock() + min(FIRST_RETRY << min(each.tries, 16), LONGEST_RETRY)
        mine = NoticeDelivery.objects.filter(pk=each.pk, due=each.due, sent=None)
        if mine.update(due=later, tries=F("tries") + 1):
            try:
                delivery.send(open_target(each.target), to_message(each.notice, each.event))
            except SeatkeeperError as error:
                NoticeTarget.objects.filter(pk=each.target_id).update(trouble=str(error))
                continue
            now = clock()
            with transaction.atomic():
                NoticeDelivery.objects.filter(pk=each.pk).update(sent=now)
                Notice.objects.filter(pk=each.notice_id, told=None).update(told=now)
                NoticeTarget.objects.filter(pk=each.target_id).update(trouble="")


def to_message(notice: Notice, event: str) -> Message:
    """With the name of the organization where there are several."""
    over = event == CLOSED
    several = Organization.objects.filter(archived=None).exclude(pk=notice.organization_id).exists()
    title = f"{notice.organization}: {notice.title}" if several else notice.title
    return Message(
        id=f"{notice.pk}-{event.replace(' ', '-')}",
        event=event.partition(" ")[0],
        kind=notice.kind,
        condition=notice.condition,
        title=f"Over: {title}" if over else title,
        body=ENDINGS[notice.kind] if over else notice.body,
        level=notice.level,
        at=(notice.closed or notice.opened) if over else notice.opened,
        link=f"{SEATKEEPER.address.url}/notices",
    )
