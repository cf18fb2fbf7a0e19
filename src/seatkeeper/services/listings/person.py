"""Everything that is known of one person at one application, and why we say what we say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from seatkeeper.app_uses import INTERACTIVE, NON_INTERACTIVE, to_app_use
from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.errors import NotFound
from seatkeeper.insights.evidence import Activity
from seatkeeper.model import FOREVER, Evidence, Grade, Instant, Key, SeatKind, to_id, to_key, to_text
from seatkeeper.reporting import daily_summary, facts
from seatkeeper.reporting.seats import Skus
from seatkeeper.reporting.signals import NOT_OBSERVABLE, SIGNALS, is_observable
from seatkeeper.services import applications, audit
from seatkeeper.services.listings import users
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import (
    Application,
    DailySummary,
    Finding,
    LastUse,
    SeatHolder,
    Subscription,
    UnlicensedUser,
)
from seatkeeper.store.queries import usage
from seatkeeper.sync.vendors import find_product

DAY: Final = days(1)
SPAN: Final = 90  # days that are shown
MOST: Final = 50  # sign-ins that are shown one by one
MOST_READ: Final = 3  # days whose sign-ins are read for it: there is no index by person

# What a status means, with the day on which the threshold begins and its length.
RULES: Final = {
    Activity.ACTIVE: "the product itself was used since {since}, within {days} days",
    Activity.POSSIBLY_ACTIVE: "what may have been a use was seen since {since}, within {days} days",
    Activity.INACTIVE: "it was used once, or may have been, but not since {since}, and all of that time is known",
    Activity.NEVER_SEEN: "no use was seen in all the time that we could see",
    Activity.NOT_OBSERVABLE: "we could not see enough of the time that the seat is held to say anything",
}
# What the type of an unlicensed user means.
UNLICENSED: Final = {
    "Unknown": "holds no seat of the product",
    "Unrecognized": "is not on the list of employees",
    "Unauthorized": "is on the list of employees as inactive",
    "Recognized": "was recognized by an operator",
}


class SeatTerm(NamedTuple):
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


class Part(NamedTuple):
    """The newest use of what a signal tells apart, in the vendor's words."""

    used: str
    last: Instant


class Said(NamedTuple):
    """What one signal says of the person; `until` is up to when it knows, `proves` what can follow from it."""

    key: str
    title: str
    last: Instant | None
    until: Instant | None
    proves: str
    of_days: bool  # whether it knows only the day
    parts: Sequence[Part]  # newest first


class UsedDay(NamedTuple):
    """A day with sign-ins, in days since 1970-01-01."""

    day: int
    sign_ins: int  # to the product itself
    possible: int  # to applications that several products share
    silent: bool = False  # whether there were any without a prompt, which the vendor groups: they have no number


@dataclass(frozen=True, slots=True)
class Person:
    """A holder, an unlicensed user, or somebody who was one of them."""

    application: Application
    object_id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    holder: SeatHolder | None
    unlicensed_user: UnlicensedUser | None
    timeline: Sequence[SeatTerm]
    signals: Sequence[Said]
    used: Sequence[UsedDay]
    sign_ins: Sequence[Use]
    findings: Sequence[Finding]
    why: Sequence[str]


def to_account(object_id: str) -> Key:
    """The key of an account by the vendor's id as it stands in an address. Raises NotFound for what is no id."""
    try:
        return to_key(object_id)
    except ValueError:
        raise NotFound("The person") from None


def read(who: Who, application_id: int, object_id: str, clock: Clock = system_clock) -> Person:
    """The person of this id. Raises NotFound for one of whom nothing is known; that a page was read is noted."""
    who.require(May.SEE)
    application = applications.find(who, application_id)
    key = to_account(object_id)
    holder = users.rows(who, application_id).filter(account=key).first()  # with a column for each signal
    unlicensed_user = UnlicensedUser.objects.filter(application=application, account=key).first()
    name = None if holder else usage.newest_names(application.connection_id, [key]).get(key)
    last = clock() // DAY
    days_used = usage.list_days_of(application.connection_id, key, last - SPAN + 1, last)
    if not (holder or unlicensed_user or name or days_used):
        raise NotFound("The person")
    shown = holder or unlicensed_user
    user_id = shown.user_id if shown else (name.upn if name and name.upn else to_id(key))
    audit.record(who, "person.read", user_id, application.name)
    timeline = _timeline(application, key)
    findings = Finding.objects.filter(application=application, object_id=to_id(key))
    return Person(
        application=application,
        object_id=to_id(key),
        user_id=user_id,
        email=holder.email if holder else (name.mail or "" if name else ""),
        first_name=shown.first_name if shown else (name.given_name or "" if name else ""),
        last_name=shown.last_name if shown else (name.surname or "" if name else ""),
        holder=holder,
        unlicensed_user=unlicensed_user,
        timeline=timeline,
        signals=_signals(application, holder) if holder else (),
        used=_to_days(application, days_used),
        sign_ins=_newest(application, key, days_used),
        findings=list(findings.order_by("-last_seen", "pk")),
        why=list(_why(application, holder, unlicensed_user, timeline)),
    )


def _signals(application: Application, holder: SeatHolder) -> list[Said]:
    """Of every signal that can speak of the product, also when it says nothing of this person."""
    product = find_product(application.product)
    signals = [signal for signal in SIGNALS if signal.speaks_of(product)]
    tasks = [signal.task for signal in signals if signal.task]
    uses = LastUse.objects.filter(connection_id=application.connection_id, signal__in=tasks, account=holder.account)
    parts: dict[str, list[Part]] = {}
    for row in uses.exclude(used="").order_by("-last", "used"):
        parts.setdefault(row.signal, []).append(Part(row.used, row.last))
    found = []
    for signal in signals:
        told = holder.signals.get(signal.key, {})
        apart = parts.get(signal.task, ()) if told and not signal.by_product else ()
        found.append(
            Said(signal.key, signal.title, told.get("last"), told.get("until"), signal.proves, signal.of_days, apart)
        )
    return found


def _timeline(application: Application, key: Key) -> list[SeatTerm]:
    """The versions of the person's seats, each with the runs that showed its begin and its end."""
    product = find_product(application.product)
    rows = usage.list_held(application.connection_id, product.key, key)
    owned: Iterable[Subscription] = ()
    if {to_id(row.sku) for row in rows} - product.sku_titles().keys():  # one that only the tenant can name
        owned = Subscription.objects.filter(connection_id=application.connection_id, until=FOREVER)
    skus = Skus(product, owned)
    return [SeatTerm(skus.of(r.sku).title, r.kind, r.since, r.until, r.active, r.assigned_by) for r in rows]


def _to_days(application: Application, rows: Sequence[usage.PersonDay]) -> list[UsedDay]:
    product, names = find_product(application.product), {row.app for row in rows}
    direct, shared = (set(product.uses_of(grade, names)) for grade in (Grade.DIRECT, Grade.AMBIGUOUS))
    silent = set(product.uses_of(Grade.DIRECT, names, NON_INTERACTIVE))
    found: dict[int, UsedDay] = {}
    for row in reversed(rows):
        before = found.get(row.day, UsedDay(row.day, 0, 0))
        found[row.day] = UsedDay(
            row.day,
            before.sign_ins + row.sign_ins * (row.app in direct),
            before.possible + row.sign_ins * (row.app in shared),
            before.silent or row.app in silent,
        )
    return list(found.values())


def _newest(application: Application, key: Key, rows: Sequence[usage.PersonDay]) -> list[Use]:
    """The newest sign-ins with a prompt, newest first; those without are grouped by the vendor.

    The first and the last of a day are known from its count; only of the newest days are those between read, too.
    """
    rows = [row for row in rows if to_app_use(row.app).kind == INTERACTIVE]
    found = {(moment, row.app) for row in rows for moment in (row.oldest, row.newest)}
    busy = sorted({row.day for row in rows if row.sign_ins > 2}, reverse=True)[:MOST_READ]
    spans = [
        (min(row.oldest for row in rows if row.day == day), max(row.newest for row in rows if row.day == day))
        for day in busy
    ]
    found |= set(usage.list_successes(application.connection_id, key, spans))
    product = find_product(application.product)
    prompted = ((moment, name) for moment, name in sorted(found, reverse=True) if to_app_use(name).kind == INTERACTIVE)
    mine = [(moment, app) for moment, name in prompted if (app := product.find_app(name))]
    return [Use(moment, app.title, app.grade is Grade.DIRECT) for moment, app in mine[:MOST]]


def _why(
    application: Application,
    holder: SeatHolder | None,
    user: UnlicensedUser | None,
    timeline: Sequence[SeatTerm],
) -> Iterator[str]:
    """What we say, with what it stands on, in sentences."""
    summary = daily_summary.newest(application)
    if not is_observable(find_product(application.product)):
        yield NOT_OBSERVABLE
    elif summary and summary.observed_from is not None and summary.observed_until is not None:
        yield (
            f"Sign-ins are complete from {_day(summary.observed_from)} to {_day(summary.observed_until)}; "
            "nothing is said of any other time."
        )
    else:
        yield "No stretch of sign-ins is complete yet, so nobody is called unused."
    if holder:
        yield from _why_holder(application, holder, summary)
    elif any(held.kind != SeatKind.OTHER_PRODUCT for held in timeline):
        ends = [held.until for held in timeline if held.until is not None]
        yield f"Not on the roster any more{f' since {_day(max(ends))}' if ends else ''}."
    else:
        yield "Not on the roster: no seat of the product was seen in any reading."
    if user:
        gone = f", which was gone on {_day(user.held_until)}" if user.held_until is not None else ""
        held = {
            "former holder": f", all of it while holding a seat{gone}",
            "other licence": ", which another licence of theirs allows",
        }.get(user.state, "")
        seen = f"signed in {user.sign_ins} times from {_day(user.first_seen)} to {_day(user.last_seen)}"
        yield f"This account {UNLICENSED[user.type]}, and {seen}{held}."


def _why_holder(application: Application, holder: SeatHolder, summary: DailySummary | None) -> Iterator[str]:
    if holder.active_date is not None:
        yield f"Active Date {_day(holder.active_date)}, by the vendor's date “{holder.active_date_source}”."
    for signal in SIGNALS:
        if (last := holder.signals.get(signal.key, {}).get("last")) is not None:
            yield signal.says.format(day=_day(last))
    if holder.last_login is None and holder.evidence == Evidence.NONE_SEEN and holder.observed_since is not None:
        yield f"No sign-in to the product itself since {_day(holder.observed_since)}."
    end = summary.observed_until if summary else None
    if end is not None:
        since, rule = end - days(application.threshold_days), RULES[Activity(holder.status)]
        yield f"“{holder.status}” as of {_day(end)}: {rule.format(since=_day(since), days=application.threshold_days)}."
    if end is not None and holder.active_date is not None and end - holder.active_date < days(application.grace_days):
        yield f"The seat is new: nobody is judged in the first {application.grace_days} days."
    yield from facts.say(facts.read_facts_of(application, bytes(holder.account)))
    if holder.blocked:
        yield "The account may not sign in: it is blocked."
    if holder.guest:
        yield "A guest of the tenant: the vendor calls the account so, or its name does."


def _day(instant: Instant) -> str:
    return to_text(instant)[:10]
