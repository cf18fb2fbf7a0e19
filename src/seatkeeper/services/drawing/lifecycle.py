"""The life of a finding: it opens when a reading shows it and is resolved when a newer one no longer does.

Never by a click: after a threshold was moved, or somebody was excepted, what was open stays until something newer was
read. What people decided on a finding stays as long as it lives; one that comes back is a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from seatkeeper.insights.base import Finding
from seatkeeper.model import Instant, to_id
from seatkeeper.services.drawing.people import shorten, to_words
from seatkeeper.services.drawing.worth import Worth
from seatkeeper.store.bulk import drawn
from seatkeeper.store.bulk.drawn import FindingRow

EXCEPTED: Final = "excepted"

# About a person and all the seats: another plan makes no other finding.
OF_A_PERSON: Final = frozenset({"unused", "never-seen", "blocked", "guest", "other-product"})


def to_rows(findings: Iterable[Finding], worth: Worth) -> list[FindingRow]:
    met: Counter[tuple[str, str]] = Counter()
    rows = []
    for finding in findings:
        object_id = to_id(finding.account) if finding.account else ""
        subject = shorten(_subject(finding, object_id))
        met[finding.key, subject] += 1
        if (number := met[finding.key, subject]) > 1:
            subject = f"{subject} #{number}"  # such as two subscriptions of one SKU
        rows.append(
            FindingRow(
                finding.key, subject, object_id, finding.user_id, finding.plan, str(finding.evidence),
                finding.observed_since, finding.last_login, worth.of(finding.skus), finding.advice,
                to_words(finding.user_id, finding.plan, object_id),
            )
        )  # fmt: skip
    return rows


def _subject(finding: Finding, object_id: str) -> str:
    if finding.key in OF_A_PERSON:
        return object_id
    skus = " ".join(sorted(set(finding.skus))) or finding.sku or finding.plan
    return f"{object_id} {skus}".strip()


class Step(NamedTuple):
    """A drawing as a step in the life of findings; `newer` is whether anything newer was read than they stand on."""

    application_id: int
    now: Instant
    run: int
    newer: bool


def live_on(step: Step, rows: Iterable[FindingRow], why: Callable[[str, str], str]) -> None:
    """Bring the findings that live to what was found; `why` says of a key and a subject why it ends."""
    found = {(row.key, row.subject): row for row in rows}
    living = drawn.list_unresolved(step.application_id)
    now, by = step.now, f"run {step.run}"
    ended = [(living[name][0], why(*name)) for name in living.keys() - found.keys()] if step.newer else []
    drawn.resolve_findings(ended, now, by)
    both = [(*living[key], found[key]) for key in living.keys() & found.keys()]
    drawn.rewrite_findings([(row_id, new) for row_id, old, new in both if old != hash(new)])
    drawn.see_findings([row_id for row_id, _old, _new in both], now)
    drawn.insert_findings(step.application_id, [row for key, row in found.items() if key not in living], now, by)


def except_some(step: Step, rows: Iterable[FindingRow], covered: AbstractSet[tuple[str, str]]) -> None:
    """What an exception covers is excepted while it lasts, and open again when it lapses or is ended."""
    living = drawn.list_states(step.application_id)
    found = [((row.key, row.subject), *living[row.key, row.subject]) for row in rows]
    newly = [row_id for name, row_id, state in found if name in covered and state != EXCEPTED]
    again = [row_id for name, row_id, state in found if name not in covered and state == EXCEPTED]
    drawn.move_findings(newly, EXCEPTED, step.now, "an exception")
    drawn.move_findings(again, "open", step.now, "the end of the exception")
