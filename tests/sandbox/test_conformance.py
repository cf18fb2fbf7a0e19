"""Every answer is what Microsoft's own schema says. CONFORMANCE_CASES=5400 makes the long run of it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from schemathesis.core.failures import FailureGroup

from tests.thorough import THOROUGH, in_turn

from .client import Client
from .conformance import SCHEMA, Run
from .conftest import Make

CASES = int(os.environ.get("CONFORMANCE_CASES", "360" if THOROUGH else "160"))


def test_no_answer_breaks_the_schema(make: Make) -> None:
    client = make(people=300)
    run = Run(client.sandbox, client.token)
    run.every_operation(CASES // len(SCHEMA["paths"]))
    assert run.cases >= CASES * 0.9
    assert set(run.statuses) == set(SCHEMA["paths"])
    for path, counts in run.statuses.items():
        assert counts[200] >= sum(counts.values()) * 0.15, f"{path}: too few good answers to prove anything: {counts}"


@pytest.mark.parametrize(
    ("old", "new"),
    in_turn(
        [
            (b'"accountEnabled":true', b'"accountEnabled":"true"'),
            (b'"errorCode":0', b'"errorCode":"0"'),
            (b'"consumedUnits":', b'"consumedUnits":0.5,"ignored":'),
            (b'"verifiedDomains":[{', b'"verifiedDomains":[7,{'),
            (b'"activityDateTime":"2', b'"activityDateTime":"the year 2'),
            (b'"code":"', b'"kode":"'),
        ],
        6,
    ),
)
def test_a_wrong_type_planted_on_purpose_is_caught(shared: Client, old: bytes, new: bytes) -> None:
    def spoil(answer: Any) -> None:
        answer.content = answer.content.replace(old, new)

    run = Run(shared.sandbox, shared.token, spoil)
    with pytest.raises(FailureGroup, match="violates schema"):
        run.every_operation(60)


def test_the_schema_is_microsofts() -> None:
    assert SCHEMA["servers"] == [{"url": "https://graph.microsoft.com/v1.0"}]
    assert len(SCHEMA["paths"]) == 8
    assert "microsoft.graph.signIn" in SCHEMA["components"]["schemas"]
