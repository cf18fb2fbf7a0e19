"""The whole product in its simplest form: read everything again each time, keep dicts, know no database.

It shares no line with ours. What it is too simple for is left out: delta, windows, checkpoints, generations.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from tests.property.source import HOST, Source

Row = dict[str, Any]
PRODUCT: Row = json.loads(files("seatkeeper.data").joinpath("microsoft_products.json").read_text("utf-8"))["products"][
    0
]
SKUS = {sku["id"]: set(sku["plans"]) for sku in PRODUCT["skus"] if sku["kind"] == "seat"}
PLANS = {plan["id"] for plan in PRODUCT["plans"] if plan["seat"]}
GRADES = {app["id"]: app["grade"] for app in PRODUCT["apps"]}
FIELDS = "id,userPrincipalName,mail,givenName,surname,accountEnabled,assignedLicenses,assignedPlans"


class NaiveModel:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.people: dict[str, Row] = {}
        self.events: dict[str, Row] = {}

    def read(self, path: str) -> list[Row]:
        token, rows, link = self.source.token(), [], f"https://{HOST}/v1.0/{path}"
        while link:
            page = self.source.get(link, token)
            rows += page["value"]
            link = page.get("@odata.nextLink", "")
        return rows

    def sync(self) -> None:
        self.people = {row["id"]: row for row in self.read(f"users?$select={FIELDS}&$top=999")}
        for row in self.read("auditLogs/signIns?$top=1000"):
            if row["appId"] in GRADES:
                self.events[row["id"]] = row

    def holds(self, person: Row) -> bool:
        states: dict[str, set[str]] = {}
        for plan in person["assignedPlans"]:
            states.setdefault(plan["servicePlanId"], set()).add(plan["capabilityStatus"])
        for held in person["assignedLicenses"]:
            for plan in SKUS.get(held["skuId"], set()) & PLANS - set(held["disabledPlans"]):
                if states.get(plan, {"Enabled"}) & {"Enabled", "Warning"}:
                    return True
        return False

    def roster(self) -> dict[str, tuple[str, str, str, str, bool]]:
        return {
            key: (p["userPrincipalName"], p["mail"] or "", p["givenName"] or "", p["surname"] or "",
                  p["accountEnabled"] is False)
            for key, p in self.people.items() if self.holds(p)
        }  # fmt: skip

    def logins(self, grade: str) -> dict[str, str]:
        """The newest success of each account at the applications of a grade, as text that sorts as time does."""
        newest: dict[str, str] = {}
        for e in self.events.values():
            if e["status"]["errorCode"] == 0 and GRADES[e["appId"]] == grade:
                newest[e["userId"]] = max(newest.get(e["userId"], ""), padded(e["createdDateTime"]))
        return newest

    def suspicious(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for e in self.events.values():
            if e["status"]["errorCode"] == 0 and GRADES[e["appId"]] == "direct":
                counts[e["userId"]] = counts.get(e["userId"], 0) + 1
        return {key: count for key, count in counts.items() if key not in self.roster()}


def padded(text: str) -> str:
    whole, _, fraction = text.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<7}Z"
