"""The life of a finding: it opens when a reading shows it and is resolved when a newer one shows that it is over.

Never by a click: after a threshold was moved, or somebody was excepted, what was open stays until something newer was
read. One that is not found any more and is not over either, because what it stands on is not known at present, is
unproven: it counts for nothing, keeps what people decided on it, and goes on living once it is found again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from seatkeeper.insights.base import About, Ending, Finding, Snapshot
from seatkeeper.insights.catalog import BY_KEY
from seatkeeper.insights.money import Freed
from seatkeeper.model import Instant, to_id
from seatkeeper.reporting.costs import Worth
from seatkeeper.reporting.people import shorten, to_words
from seatkeeper.store.bulk import reporting as stored
from seatkeeper.store.bulk.reporting import FindingRow

EXCEPTED: Final = "excepted"


def to_rows(findings: Sequence[Finding], snapshot: Snapshot, freed: Sequence[Freed], worth: Worth) -> list[FindingRow]:
    """The findings as they are stored: with what each costs and gives back, and the newest use of the person."""
    uses = {holder.account: holder.newest_use for holder in snapshot.holders}
    met: Counter[tuple[str, str]] = Counter()
    rows = []
    for finding, back in zip(findings, freed, strict=True):
        object_id = to_id(finding.account) if finding.account else ""
        subject = object_id
        if BY_KEY[finding.key].about is not About.PERSON:
            subject = " ".join(filter(None, (object_id, *sorted(set(finding.part_numbers)), finding.part)))
        subject = shorten(subject)
        met[finding.key, subject] += 1
        if (number := met[finding.key, subject]) > 1:
            subject = f"{subject} #{number}"  # such as two SKUs that share a part number
        rows.append(
            FindingRow(
                finding.key, subject, object_id, finding.user_id, finding.plan, str(finding.evidence),
                finding.observed_since, finding.last_login, uses.get(finding.account or b""),
                worth.of(finding.skus, finding.units), " ".join(to_id(sku.key) for sku in back.skus), back.seats,
                back.money.write(),
                f"{finding.advice} {_say(back)}".rstrip(), to_words(finding.user_id, finding.plan, object_id),
                finding.certainty,
                float(sum(amount for _currency, amount in back.money.amounts)),
            )
        )  # fmt: skip
    return rows


def _say(back: Freed) -> str:
    return f"It could save {back.perhaps.a_month} a month." if back.perhaps else ""


# What became of a finding that was not found, by its key, its subject, and the newest use that it knew of.
EndOf = Callable[[str, str, Instant | None], Ending]


class Step(NamedTuple):
    """A refresh as a step in the life of findings; `newer` is whether anything newer was read than they stand on."""

    application_id: int
    now: Instant
    run: int
    newer: bool


def live_on(step: Step, rows: Iterable[FindingRow], end_of: EndOf) -> None:
    """Bring the findings that are alive up to date with what was found."""
    found = {(row.key, row.subject): row for row in rows}
    living = stored.list_unresolved(step.application_id)
    now, by = step.now, f"run {step.run}"
    if step.newer:
        ends = [(old, end_of(*name, old.last_use)) for name, old in living.items() if name not in found]
        stored.resolve_findings([(old.id, end.why) for old, end in ends if end.over], now, by)
        doubtful = [(old.id, end.why) for old, end in ends if not end.over and not old.returns_to]
        stored.suspend_findings(doubtful, now, by)
    stored.forget_savings([old.id for name, old in living.items() if name not in found])
    both = [(living[name], found[name]) for name in living.keys() & found.keys()]
    stored.rewrite_findings([(old.id, new) for old, new in both if old.hash != hash(new)])
    stored.see_findings([old.id for old, _new in both], now)
    for state in {old.returns_to for old, _new in both} - {""}:
        stored.move_findings([old.id for old, _new in both if old.returns_to == state], state, now, by)
    stored.insert_findings(step.application_id, [row for key, row in found.items() if key not in living], now, by)


def except_some(step: Step, rows: Iterable[FindingRow], covered: AbstractSet[tuple[str, str]]) -> None:
    """What an exception covers is excepted while it lasts, and open again when it lapses or is ended."""
    living = stored.list_states(step.application_id)
    found = [((row.key, row.subject), *living[row.key, row.subject]) for row in rows]
    newly = [row_id for name, row_id, state in found if name in covered and state != EXCEPTED]
    again = [row_id for name, row_id, state in found if name not in covered and state == EXCEPTED]
    stored.move_findings(newly, EXCEPTED, step.now, "an exception")
    stored.move_findings(again, "open", step.now, "the end of the exception")
