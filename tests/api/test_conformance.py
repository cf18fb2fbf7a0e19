"""Answers are what the description says, whatever is sent, and never a fault. CONFORMANCE_CASES=5400 runs long."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import Any, cast

import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from seatkeeper.reporting import refresh
from seatkeeper.services.applications import find_application
from tests.people import NAME, read_tenant
from tests.thorough import THOROUGH, in_turn

from .conftest import Calls
from .test_rest import described

CASES = int(os.environ.get("CONFORMANCE_CASES", "420" if THOROUGH else "40"))  # of a third of the operations a day
CHECKS = [
    response_schema_conformance,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
]
# Calls that reach out or start something: whether they conform is tested with a tenant that answers.
LEFT_OUT = ("/authorize",)


def test_no_call_breaks_the_description(calls: Calls) -> None:
    statuses: Counter[int] = Counter()
    with read_tenant(people=40) as tenant:
        application = find_application(tenant.who, NAME)
        refresh.refresh_application(application, tenant.clock)
        headers = calls().headers
        schema = schemathesis.openapi.from_dict(described())
        schema.app = get_wsgi_application()
        some = [cast("Any", found).ok() for found in schema.get_all_operations()]
        today = in_turn([operation for operation in some if not operation.path.endswith(LEFT_OUT)], 3)
        for operation in today:
            for mode, share in ((GenerationMode.POSITIVE, 0.7), (GenerationMode.NEGATIVE, 0.3)):
                _ask(operation, mode, max(2, int(CASES / len(today) * share)), headers, application.pk, statuses)
    sys.stdout.write(f"{statuses.total():,} calls: {dict(sorted(statuses.items()))}\n")
    assert statuses.total() >= CASES * 0.7
    assert statuses[200] > statuses.total() * 0.1, f"too few good answers to prove anything: {statuses}"


def _ask(
    operation: Any, mode: GenerationMode, most: int, headers: dict[str, str], ours: int, statuses: Counter[int]
) -> None:
    @seed(1)
    @settings(
        max_examples=most, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        deletes = case.operation.method.upper() == "DELETE"
        if "application_id" in (case.path_parameters or {}) and mode is GenerationMode.POSITIVE and not deletes:
            case.path_parameters["application_id"] = ours
        answer = case.call(headers=headers)
        statuses[answer.status_code] += 1
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        case.validate_response(answer, checks=CHECKS, headers=headers)

    run()
