"""Who uses an application without a seat, or without being an employee; saying that it is right, and taking it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.model import Instant, to_key
from seatkeeper.services import applications, audit, readings, refreshes
from seatkeeper.services.applications import Which
from seatkeeper.services.listings.base import to_table
from seatkeeper.services.listings.suspicious import LISTING
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Recognition, UnlicensedUser
from seatkeeper.tabular.tables import Table

LONGEST_REASON = 500
COLUMNS: Final = {
    "User ID": "user_id",
    "Type": "type",
    "Sign-ins": "sign_ins",
    "First Seen": "first_seen",
    "Last Seen": "last_seen",
    "State": "state",
}


def suspicious(who: Who, which: Which) -> Table:
    """Suspicious SaaS Activities: successful sign-ins to the product by accounts that hold no seat of it.

    With an HR list also those by holders whom it does not know, or no longer. By name.
    """
    application = applications.find_refreshed(who, which)
    rows = UnlicensedUser.objects.filter(application=application).order_by("account")
    readings.note(who, LISTING, "exported", application.pk)
    table = to_table(rows, COLUMNS, ("First Seen", "Last Seen"))
    # Databases differ in their order of names.
    return replace(table, rows=sorted(table.rows, key=lambda row: str(row[0]).casefold()))


def find(who: Who, application_id: int, object_id: str) -> UnlicensedUser:
    """Somebody who stands out in an application. Raises NotFound."""
    who.require(May.SEE)
    application = applications.find(who, application_id)
    found = UnlicensedUser.objects.select_related("application").filter(application=application, object_id=object_id)
    if (user := found.first()) is None:
        raise NotFound("This activity")
    return user


def find_recognition(who: Who, application_id: int, object_id: str) -> Recognition | None:
    """The recognition of somebody, if there is one."""
    user = find(who, application_id, object_id)
    return Recognition.objects.filter(application_id=user.application_id, account=to_key(user.object_id)).first()


def recognize(who: Who, application_id: int, object_id: str, reason: str, until: Instant | None = None) -> None:
    """Say why it is right, and for how long; this replaces what was said before."""
    who.require(May.USERS)
    reason, now = reason.strip(), system_clock()
    if not reason:
        raise BadInput("reason", "Say why this is right: somebody will ask.")
    if len(reason) > LONGEST_REASON or "\0" in reason:
        raise BadInput("reason", f"At most {LONGEST_REASON} characters that can be shown.")
    if until is not None and until <= now:
        raise BadInput("until", "This day is over. Choose a later one, or none.")
    with transaction.atomic():
        user = find(who, application_id, object_id)
        Recognition.objects.update_or_create(
            application_id=user.application_id,
            account=to_key(user.object_id),
            defaults={"reason": reason, "until": until, "by": who.name, "at": now},
        )
        audit.record(who, "suspicious.recognized", _subject(user), reason)
        refreshes.request(who, [user.application])


def unrecognize(who: Who, application_id: int, object_id: str) -> None:
    """Take the recognition back: the activity is open again."""
    who.require(May.USERS)
    with transaction.atomic():
        user = find(who, application_id, object_id)
        mine = Recognition.objects.filter(application_id=user.application_id, account=to_key(user.object_id))
        if not mine.delete()[0]:
            raise NotFound("The recognition")
        audit.record(who, "suspicious.unrecognized", _subject(user))
        refreshes.request(who, [user.application])


def _subject(user: UnlicensedUser) -> str:
    return f"{user.user_id} in {user.application.name}"
