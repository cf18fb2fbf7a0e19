"""schemathesis against Microsoft's trimmed schema: what is asked, and how an answer is judged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from seatkeeper.sandbox.serve import Sandbox

from .client import EXAMPLES

SCHEMA = json.loads((EXAMPLES.parent / "graph-openapi-mini.json").read_text())
CHECKS = [
    response_schema_conformance,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
]
# What a generator will not find by itself: filters that mean something.
FILTERS = {
    "/users": (
        "accountEnabled eq true",
        "startsWith(displayName,'a')",
        "userType eq 'Guest' and accountEnabled eq true",
        "assignedLicenses/$count ne 0",
        "signInActivity/lastSignInDateTime ge 2026-07-01T00:00:00Z",
    ),
    "/auditLogs/signIns": (
        "createdDateTime ge 2026-07-20T00:00:00Z",
        "status/errorCode eq 0",
        "appDisplayName eq 'OfficeHome' or clientAppUsed eq 'Browser'",
    ),
    "/auditLogs/directoryAudits": ("category eq 'UserManagement'", "activityDateTime ge 2026-07-20T00:00:00Z"),
}
ORDERS = {
    "/users": ("displayName", "userPrincipalName desc", "createdDateTime"),
    "/auditLogs/signIns": ("createdDateTime", "createdDateTime desc"),
    "/auditLogs/directoryAudits": ("activityDateTime desc",),
}
TRACKED = (
    "id", "mail", "surname", "givenName", "displayName", "userPrincipalName", "accountEnabled", "assignedLicenses",
    "assignedPlans", "createdDateTime", "userType", "department", "usageLocation", "licenseAssignmentStates",
)  # fmt: skip
UNDOCUMENTED = 501  # Microsoft's schema names 200 and 4XX; its documentation also names this one for some properties


def schema() -> Any:
    """Microsoft's schema, and 501 where the documentation of users names it."""
    shape = json.loads(json.dumps(SCHEMA))
    shape["paths"]["/users"]["get"]["responses"][str(UNDOCUMENTED)] = {"$ref": "#/components/responses/error"}
    return schemathesis.openapi.from_dict(shape)


class Run:
    """Cases against one sandbox: how many, and how each was answered."""

    def __init__(self, sandbox: Sandbox, token: str, spoil: Callable[[Any], None] | None = None) -> None:
        self.sandbox, self.token, self.spoil = sandbox, token, spoil
        self.session = requests.Session()
        self.session.trust_env = False
        self.statuses: dict[str, Counter[int]] = {}
        self.keys = {"/users/{id}": self._ids("/users"), "/auditLogs/signIns/{id_1}": self._ids("/auditLogs/signIns")}

    def _ids(self, path: str) -> list[str]:
        answer = self.session.get(
            f"{self.sandbox.graph_url}/v1.0{path}?$top=9",
            headers={"Authorization": f"Bearer {self.token}"},
            verify=self.sandbox.ca_file,
        )
        return [row["id"] for row in answer.json()["value"]]

    @property
    def cases(self) -> int:
        return sum(sum(counts.values()) for counts in self.statuses.values())

    def every_operation(self, each: int) -> None:
        """`each` cases an operation; a third of them break the schema on purpose."""
        for result in schema().get_all_operations():
            operation = result.ok()
            self._one(operation, GenerationMode.POSITIVE, each - each // 3)
            if operation.path != "/users/delta":  # it declares no parameters, so nothing can be wrong with them
                self._one(operation, GenerationMode.NEGATIVE, each // 3)

    def _one(self, operation: Any, mode: GenerationMode, most: int) -> None:
        @seed(1)
        @settings(
            max_examples=most, deadline=None, database=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def run(case: Any, data: st.DataObject) -> None:
            if mode is GenerationMode.POSITIVE:
                self._tame(case, data)
            self._ask(case)

        run()

    def _tame(self, case: Any, data: st.DataObject) -> None:
        """Make most cases sensible: few options at once, real ids, filters and orders that exist."""
        path = case.operation.path
        query = dict(case.query or {})
        keep = data.draw(st.integers(0, 3))
        order = data.draw(st.permutations(sorted(query)))
        query = {name: query[name] for name in order[:keep] if name not in {"$skip", "$filter"}}
        if path in FILTERS and data.draw(st.booleans()):
            query["$filter"] = data.draw(st.sampled_from(FILTERS[path]))
        if "$orderby" in query and path in ORDERS:
            query["$orderby"] = [data.draw(st.sampled_from(ORDERS[path]))]
        if "$top" in query:
            query["$top"] = data.draw(st.integers(1, 1000))
        if path == "/users" and data.draw(st.booleans()):
            query["$count"] = "true"
            case.headers["ConsistencyLevel"] = "eventual"
        if path == "/users/delta":  # it declares no parameters at all
            query["$select"] = ",".join(data.draw(st.lists(st.sampled_from(TRACKED), unique=True)))
            query["$deltatoken"] = data.draw(st.sampled_from(["", "latest"]))
        case.query = query
        if path in self.keys and data.draw(st.integers(0, 9)):
            name = next(iter(case.path_parameters))
            case.path_parameters[name] = data.draw(st.sampled_from(self.keys[path]))

    def _ask(self, case: Any) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = case.call(
            base_url=f"{self.sandbox.graph_url}/v1.0",
            session=self.session,
            headers=headers,
            verify=self.sandbox.ca_file,
        )
        self.statuses.setdefault(case.operation.path, Counter())[answer.status_code] += 1
        if self.spoil is not None:
            self.spoil(answer)
        assert answer.status_code < 500 or answer.status_code == UNDOCUMENTED, answer.text
        case.validate_response(answer, checks=CHECKS, headers=headers)
        sent = answer.headers
        assert {"request-id", "client-request-id", "x-ms-resource-unit", "x-ms-ags-diagnostic"} <= set(sent)
