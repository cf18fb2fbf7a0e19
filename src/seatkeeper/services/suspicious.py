"""Saying that somebody may use an application without a seat or without being an employee, and taking it back."""

from __future__ import annotations

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.model import Instant, to_key
from seatkeeper.services import applications, audit, redrawing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Recognition, Stranger

LONGEST_REASON = 500


def find(who: Who, application_id: int, object_id: str) -> Stranger:
    """Somebody who stands out in an application. Raises NotFound."""
    who.require(May.SEE)
    application = applications.find(who, application_id)
    found = Stranger.objects.select_related("application").filter(application=application, object_id=object_id)
    if (stranger := found.first()) is None:
        raise NotFound("This activity")
    return stranger


def find_recognition(who: Who, application_id: int, object_id: str) -> Recognition | None:
    """The word that was given for somebody, if one was."""
    stranger = find(who, application_id, object_id)
    return Recognition.objects.filter(
        application_id=stranger.application_id, account=to_key(stranger.object_id)
    ).first()


def recognize(who: Who, application_id: int, object_id: str, reason: str, until: Instant | None = None) -> None:
    """Say why it is right, and for how long; a word that was given before is replaced."""
    who.require(May.USERS)
    reason, now = reason.strip(), system_clock()
    if not reason:
        raise BadInput("reason", "Say why this is right: somebody will ask.")
    if len(reason) > LONGEST_REASON or "\0" in reason:
        raise BadInput("reason", f"At most {LONGEST_REASON} characters that can be shown.")
    if until is not None and until <= now:
        raise BadInput("until", "This day is over. Choose a later one, or none.")
    with transaction.atomic():
        stranger = find(who, application_id, object_id)
        Recognition.objects.update_or_create(
            application_id=stranger.application_id,
            account=to_key(stranger.object_id),
            defaults={"reason": reason, "until": until, "by": who.name, "at": now},
        )
        audit.record(who, "suspicious.recognized", _subject(stranger), reason)
        redrawing.want(who, [stranger.application])


def unrecognize(who: Who, application_id: int, object_id: str) -> None:
    """Take the word back: the activity is open again."""
    who.require(May.USERS)
    with transaction.atomic():
        stranger = find(who, application_id, object_id)
        mine = Recognition.objects.filter(application_id=stranger.application_id, account=to_key(stranger.object_id))
        if not mine.delete()[0]:
            raise NotFound("The recognition")
        audit.record(who, "suspicious.unrecognized", _subject(stranger))
        redrawing.want(who, [stranger.application])


def _subject(stranger: Stranger) -> str:
    return f"{stranger.user_id} in {stranger.application.name}"
