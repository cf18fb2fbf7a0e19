"""Everything that is known of one person at one application, and why we say what we say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.connectors.catalog import find_product
from seatkeeper.errors import NotFound
from seatkeeper.insights.evidence import Activity
from seatkeeper.model import FOREVER, Evidence, Grade, Instant, Key, SeatKind, to_id, to_key, to_text
from seatkeeper.services import applications, audit
from seatkeeper.services.drawing import standing
from seatkeeper.services.held_seats import Plans
from seatkeeper.services.members import May, Who
from seatkeeper.store import uses
from seatkeeper.store.models import Application, Finding, Holding, Standing, Stranger, Subscription

DAY: Final = days(1)
SPAN: Final = 90  # days that are shown
MOST: Final = 50  # sign-ins that are shown one by one
MOST_READ: Final = 3  # days whose sign-ins are read for it: there is no index by person


class Held(NamedTuple):
    """A stretch in which the person held a plan, from the run that first showed it to the one that no longer did."""

    plan: str
    kind: str
    since: Instant | None
    until: Instant | None  # None while it is held
    active: Instant | None
    assigned_by: str


class Use(NamedTuple):
    """One successful sign-in; `direct` is whether it was to the product itself."""

    when: Instant
    app: str
    direct: bool


class UsedDay(NamedTuple):
    """A day with sign-ins, in days since 1970-01-01."""

    day: int
    sign_ins: int  # to the product itself
    possible: int  # to applications that several products share


@dataclass(frozen=True, slots=True)
class Person:
    """A holder, a stranger, or somebody who was one of them."""

    application: Application
    object_id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    holding: Holding | None
    stranger: Stranger | None
    timeline: Sequence[Held]
    used: Sequence[UsedDay]
    sign_ins: Sequence[Use]
    findings: Sequence[Finding]
    why: Sequence[str]


def read(who: Who, application_id: int, object_id: str, clock: Clock = system_clock) -> Person:
    """The person of this id. Raises NotFound for one of whom nothing is known; that a page was read is noted."""
    who.require(May.SEE)
    application = applications.find(who, application_id)
    key = _to_key(object_id)
    holding = Holding.objects.filter(application=application, account=key).first()
    stranger = Stranger.objects.filter(application=application, account=key).first()
    name = None if holding else uses.newest_names(application.connection_id, [key]).get(key)
    last = clock() // DAY
    days_used = uses.list_days_of(application.connection_id, key, last - SPAN + 1, last)
    if not (holding or stranger or name or days_used):
        raise NotFound("The person")
    shown = holding or stranger
    user_id = shown.user_id if shown else (name.upn if name and name.upn else to_id(key))
    audit.record(who, "person.read", user_id, application.name)
    timeline = _timeline(application, key)
    return Person(
        application=application,
        object_id=to_id(key),
        user_id=user_id,
        email=holding.email if holding else (name.mail or "" if name else ""),
        first_name=shown.first_name if shown else (name.given_name or "" if name else ""),
        last_name=shown.last_name if shown else (name.surname or "" if name else ""),
        holding=holding,
        stranger=stranger,
        timeline=timeline,
        used=_to_days(application, days_used),
        sign_ins=_newest(application, key, days_used),
        findings=_findings(application, key),
        why=list(_why(application, holding, stranger, timeline)),
    )


def _findings(application: Application, key: Key) -> list[Finding]:
    mine = Finding.objects.filter(application=application, object_id=to_id(key))
    return list(mine.order_by("-last_seen", "pk"))


def _to_key(object_id: str) -> Key:
    try:
        return to_key(object_id)
    except ValueError:
        raise NotFound("The person") from None


def _timeline(application: Application, key: Key) -> list[Held]:
    """The versions of the person's seats, each with the runs that showed its begin and its end."""
    product = find_product(application.product)
    rows = uses.list_held(application.connection_id, product.key, key)
    owned: Iterable[Subscription] = ()
    if {to_id(row.sku) for row in rows} - product.sku_titles().keys():  # one that only the tenant can name
        owned = Subscription.objects.filter(connection_id=application.connection_id, until=FOREVER)
    plans = Plans(product, owned)
    return [Held(plans.of(r.sku).title, r.kind, r.since, r.until, r.active, r.assigned_by) for r in rows]


def _to_days(application: Application, rows: Sequence[uses.PersonDay]) -> list[UsedDay]:
    direct = set(find_product(application.product).apps_of(Grade.DIRECT))
    shared = set(find_product(application.product).apps_of(Grade.AMBIGUOUS))
    found: dict[int, UsedDay] = {}
    for row in reversed(rows):
        before = found.get(row.day, UsedDay(row.day, 0, 0))
        found[row.day] = UsedDay(
            row.day,
            before.sign_ins + row.sign_ins * (row.app in direct),
            before.possible + row.sign_ins * (row.app in shared),
        )
    return list(found.values())


def _newest(application: Application, key: Key, rows: Sequence[uses.PersonDay]) -> list[Use]:
    """The newest sign-ins, newest first.

    The first and the last of a day are known from its count; only of the newest days are those between read, too.
    """
    found = {(moment, row.app) for row in rows for moment in (row.oldest, row.newest)}
    busy = sorted({row.day for row in rows if row.sign_ins > 2}, reverse=True)[:MOST_READ]
    spans = [
        (min(row.oldest for row in rows if row.day == day), max(row.newest for row in rows if row.day == day))
        for day in busy
    ]
    found |= set(uses.list_successes(application.connection_id, key, spans))
    apps = {app.id: app for app in find_product(application.product).apps}
    mine = [(moment, apps[app]) for moment, app in sorted(found, reverse=True) if app in apps]
    return [Use(moment, app.title, app.grade is Grade.DIRECT) for moment, app in mine[:MOST]]


def _why(
    application: Application, holding: Holding | None, stranger: Stranger | None, timeline: Sequence[Held]
) -> Iterator[str]:
    """What we say, with what it stands on, in sentences."""
    drawn = standing.newest(application)
    if drawn and drawn.observed_from is not None and drawn.observed_until is not None:
        yield (
            f"Sign-ins are complete from {_day(drawn.observed_from)} to {_day(drawn.observed_until)}; "
            "nothing is said of any other time."
        )
    else:
        yield "No stretch of sign-ins is complete yet, so nobody is called unused."
    if holding:
        yield from _why_holder(application, holding, drawn)
    elif any(held.kind != SeatKind.OTHER_PRODUCT for held in timeline):
        ends = [held.until for held in timeline if held.until is not None]
        yield f"Not on the roster any more{f' since {_day(max(ends))}' if ends else ''}."
    else:
        yield "Not on the roster: no seat of the product was seen in any reading."
    if stranger:
        yield _why_stranger(stranger)


def _why_holder(application: Application, holding: Holding, drawn: Standing | None) -> Iterator[str]:
    if holding.active_date is not None:
        yield f"Active Date {_day(holding.active_date)}, by the vendor's date “{holding.active_date_source}”."
    if holding.last_login is not None:
        yield f"Last sign-in to the product itself on {_day(holding.last_login)}."
    if holding.last_reported is not None:
        yield f"Microsoft's activity report says that the product was used last on {_day(holding.last_reported)}."
    if holding.last_login is None and holding.evidence == Evidence.NONE_SEEN and holding.observed_since is not None:
        yield f"No sign-in to the product itself since {_day(holding.observed_since)}."
    if holding.last_possible is not None:
        yield (
            f"Last sign-in to an application that several products share on {_day(holding.last_possible)}: "
            "it may have been this product."
        )
    if holding.last_in_tenant is not None:
        yield f"The account last got in anywhere in the tenant on {_day(holding.last_in_tenant)}, by the directory."
    end = drawn.observed_until if drawn else None
    if end is not None:
        since = end - days(application.threshold_days)
        yield f"“{holding.status}” as of {_day(end)}: {_rule(holding.status, application.threshold_days, _day(since))}."
    if holding.blocked:
        yield "The account may not sign in: it is blocked."
    if holding.guest:
        yield "A guest of the tenant: the vendor calls the account so, or its name does."


def _rule(status: str, threshold: int, since: str) -> str:
    return {
        Activity.ACTIVE: f"the product itself was used since {since}, within {threshold} days",
        Activity.POSSIBLY_ACTIVE: f"what may have been a use was seen since {since}, within {threshold} days",
        Activity.INACTIVE: f"it was used once, or may have been, but not since {since}, and all of that time is known",
        Activity.NEVER_SEEN: "no use was seen in all the time that we could see",
        Activity.NOT_OBSERVABLE: "we could not see enough of the time to say anything",
    }[Activity(status)]


def _why_stranger(stranger: Stranger) -> str:
    what = {
        "Unknown": "holds no seat of the product",
        "Unrecognized": "is not on the list of employees",
        "Unauthorized": "is on the list of employees as inactive",
        "Recognized": "was recognized by an operator",
    }[stranger.type]
    seen = f"signed in {stranger.sign_ins} times from {_day(stranger.first_seen)} to {_day(stranger.last_seen)}"
    held = ", all of it while holding a seat" if stranger.state == "former holder" else ""
    return f"This account {what}, and {seen}{held}."


def _day(instant: Instant) -> str:
    return to_text(instant)[:10]
