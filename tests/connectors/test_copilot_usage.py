"""On which day somebody used Copilot last, as Microsoft's report tells it: what counts, and what says nothing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from seatkeeper.connectors.microsoft.copilot_usage import Use, read_again, to_last_use
from seatkeeper.model import LastUse, to_instant

# A row as Microsoft's page of the function shows it, with a name that is not concealed.
ROW: dict[str, Any] = {
    "reportRefreshDate": "2026-07-29",
    "userPrincipalName": "ada@northwind.example",
    "displayName": "Ada",
    "lastActivityDate": "2026-07-28",
    "copilotChatLastActivityDate": "2026-07-16",
    "microsoftTeamsCopilotLastActivityDate": "2026-07-28",
    "wordCopilotLastActivityDate": "2026-07-06",
    "excelCopilotLastActivityDate": "",
    "powerPointCopilotLastActivityDate": None,
    "outlookCopilotLastActivityDate": "",
    "oneNoteCopilotLastActivityDate": "",
    "loopCopilotLastActivityDate": "",
    "copilotActivityUserDetailsByPeriod": [{"reportPeriod": 180}],
}
DATES = [name for name in ROW if name.endswith("ActivityDate")]


def day(text: str) -> int:
    return to_instant(f"{text}T00:00:00Z")


def told(**changes: Any) -> LastUse | None:
    return to_last_use(msgspec.json.decode(json.dumps(ROW | changes), type=Use))


def test_a_row_tells_the_last_day_in_all_and_by_application_up_to_the_end_of_the_day_of_the_report() -> None:
    parts = (("Teams", day("2026-07-28")), ("Word", day("2026-07-06")), ("Copilot Chat", day("2026-07-16")))
    assert told() == LastUse("ada@northwind.example", day("2026-07-28"), day("2026-07-30") - 1, parts)


def test_the_newest_day_of_any_application_is_a_use_though_the_row_has_none_for_the_whole() -> None:
    found = told(lastActivityDate="")
    assert found is not None
    assert found.last == day("2026-07-28")


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_row_without_a_day_says_nothing(nothing: str | None) -> None:
    assert told(**dict.fromkeys(DATES, nothing)) is None


def test_a_row_with_the_whole_alone_is_understood() -> None:
    whole = told(**dict.fromkeys(DATES, "") | {"lastActivityDate": "2026-07-01"})
    assert whole == LastUse("ada@northwind.example", day("2026-07-01"), day("2026-07-30") - 1)


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize(
    "bad", ["yesterday", "2026-02-30", "28.07.2026", "2026-07-28T10:00:00Z", "0000-00-00", "٢٠٢٦-07-28"]
)
def test_a_day_that_is_none_is_refused_with_its_reason(name: str, bad: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        told(**{name: bad})


@pytest.mark.parametrize("changes", [
    {"reportRefreshDate": ""}, {"reportRefreshDate": "soon"}, {"userPrincipalName": ""}, {"userPrincipalName": "  "},
    {"userPrincipalName": "\ufffd@x.example"}, {"userPrincipalName": "a" * 2000},
])  # fmt: skip
def test_a_row_that_names_nobody_or_no_day_of_the_report_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"name|day|date"):
        told(**changes)


def test_a_row_that_was_set_aside_is_understood_once_it_can_be() -> None:
    assert read_again(json.dumps(ROW).encode()) == told()
    with pytest.raises(ValueError, match=r"\w"):
        read_again(json.dumps(ROW | {"userPrincipalName": None}).encode())
