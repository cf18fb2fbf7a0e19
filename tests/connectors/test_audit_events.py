"""What a record of the audit log says of the use of a product, and whose records say nothing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from seatkeeper.connectors.microsoft.audit_events import PRODUCTS, Record, list_types, read_again, to_use
from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.model import LastUse, to_instant

# A record as Microsoft's page of auditLogRecord shows it.
RECORD: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.security.auditLogRecord",
    "id": "40706737-7eca-f9a1-97a5-dedd3260e24a",
    "createdDateTime": "2026-07-28T10:11:12Z",
    "auditLogRecordType": "powerBIAudit",
    "operation": "ViewReport",
    "organizationId": "0785ef7c-2d7a-4542-b048-95bcab406e0b",
    "userType": "regular",
    "userId": "hal@northwind.example",
    "service": "PowerBI",
    "objectId": None,
    "userPrincipalName": "hal@northwind.example",
    "clientIp": "203.0.113.7",
    "administrativeUnits": [""],
    "auditData": {"@odata.type": "microsoft.graph.security.defaultAuditData", "Id": "x", "UserType": 0},
}
MOMENT = to_instant("2026-07-28T10:11:12Z")


def use(**changes: Any) -> LastUse | None:
    return to_use(msgspec.json.decode(json.dumps(RECORD | changes), type=Record))


def test_a_record_confirms_the_use_of_its_product_at_its_moment() -> None:
    assert use() == LastUse("hal@northwind.example", MOMENT, None, (("power-bi", MOMENT), ("power-bi viewed", MOMENT)))
    for kind, product in PRODUCTS.items():
        told = use(auditLogRecordType=kind)
        assert told is not None
        assert told.parts[0] == (product, MOMENT)
        assert len(told.parts) == (2 if product == "power-bi" else 1)
    assert use(auditLogRecordType="PowerBIAudit", userType="Admin") == use()  # as the list of types writes it


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        ("ViewReport", "viewed"), ("VIEWDASHBOARD", "viewed"), ("ViewTile", "viewed"), ("PrintReport", "viewed"),
        ("CreateReport", "made"), ("ShareReport", "made"), ("ExportReport", "made"), ("ViewReportAndMore", "made"),
        ("SomethingNew", "made"), ("", "made"), (None, "made"),
    ],
)  # fmt: skip
def test_only_what_is_known_as_a_look_is_one(operation: str | None, word: str) -> None:
    told = use(operation=operation)
    assert told is not None
    assert [used for used, _moment in told.parts] == ["power-bi", f"power-bi {word}"]


def test_a_product_is_told_by_its_types_alone_and_is_one_of_ours() -> None:
    assert set(PRODUCTS.values()) <= {product.key for product in load_products().products}
    assert list_types({"power-bi"}) == ("powerBIAudit",)
    assert list_types({"microsoft-visio"}) == ()
    assert len(list_types(set(PRODUCTS.values()))) == len(PRODUCTS)


@pytest.mark.parametrize(
    "user_type", ["system", "application", "dcAdmin", "servicePrincipal", "customPolicy", "", None]
)
def test_a_record_of_no_person_of_the_tenant_says_nothing(user_type: str | None) -> None:
    assert use(userType=user_type) is None
    assert use(userType=user_type, userPrincipalName=None) is None


@pytest.mark.parametrize("kind", ["microsoftFlow", "projectForTheWebProjectSettings", "copilotInteraction", ""])
def test_a_record_of_another_type_says_nothing(kind: str) -> None:
    assert use(auditLogRecordType=kind) is None


def test_dynamics_tells_the_name_beside_an_id_of_its_own() -> None:
    own = {"userPrincipalName": "7f0c2b1e-7a44-4c1d-9b6e-2d1f0a9c7e10", "auditData": {"UserUpn": "kim@x.example"}}
    told = use(auditLogRecordType="crm", **own)
    assert told is not None
    assert told.account == "kim@x.example"


@pytest.mark.parametrize("changes", [
    {"userPrincipalName": None}, {"userPrincipalName": " "}, {"userPrincipalName": "a" * 2000},
    {"userPrincipalName": "\ufffd@x.example"}, {"userPrincipalName": 7}, {"createdDateTime": "2026-07-28T10:11:12"},
    {"createdDateTime": "soon"}, {"createdDateTime": None}, {"createdDateTime": "0001-01-01"}, {"id": None},
    {"auditLogRecordType": 20}, {"operation": 3}, {"auditData": "none"}, {"auditData": {"UserUpn": 7}},
])  # fmt: skip
def test_a_record_that_cannot_be_right_is_refused_with_its_reason(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError), match=r"\w"):
        use(**changes)
    with pytest.raises(ValueError, match=r"\w"):
        read_again(json.dumps(RECORD | changes).encode())


def test_a_record_that_was_set_aside_is_read_again() -> None:
    assert read_again(json.dumps(RECORD).encode()) == use()
    assert read_again(json.dumps(RECORD | {"userType": "system"}).encode()) is None
