"""Software that is on no computer, and apps that are used in the browser alone: by the rows of reports that say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from seatkeeper.sandbox.graph import reports_office
from seatkeeper.services import additions
from seatkeeper.store.models import AccountFact, Connection, Finding, SeatHolder, Task
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

OFFICE, VISIO = "office-365", "microsoft-visio"
ALL = ("licenses", "roster", "usage-reports", "activations")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with open_tenant(60, everything=True, more_people=True, product=OFFICE, name="Office", tasks=ALL) as found:
        found.name = "Office"
        found.sandbox.tenant.permissions.add("Reports.Read.All")
        additions.add_products(found.who, Connection.objects.get().pk, [VISIO])
        yield found


def found(key: str, state: str = "open") -> set[str]:
    return set(Finding.objects.filter(key=key, state=state).values_list("object_id", flat=True))


def id_of(name: str) -> str:
    return str(SeatHolder.objects.filter(first_name=name)[0].object_id)


def rewrite(monkeypatch: pytest.MonkeyPatch, report: str, name: str, **changes: Any) -> None:
    """From now on the row of somebody comes changed; without changes it is missing."""
    plain = getattr(reports_office, report)

    def row_of(*given: Any) -> dict[str, Any]:
        row: dict[str, Any] = plain(*given)
        if row["userPrincipalName"].startswith(f"{name.lower()}."):
            row |= changes or {"userPrincipalName": "nobody@northwind.example"}
        return row

    monkeypatch.setattr(reports_office, report, row_of)


def test_una_needs_no_desktop_apps_and_vic_no_desktop_visio(tenant: Tenant) -> None:
    tenant.sync()
    assert id_of("Una") in found("browser-only")
    assert id_of("Hal") not in found("browser-only")  # uses them on Windows
    assert id_of("Vic") in found("not-activated")
    told = {row["object_id"]: row for row in tenant.sandbox.truth()["products"][OFFICE]["reported"]}
    for one in found("browser-only"):
        assert "web" in told[one]["platforms"]
        assert not {"windows", "mac"} & set(told[one]["platforms"])
    activated = {row["object_id"] for row in tenant.sandbox.truth()["products"][OFFICE]["activated"]
                 if VISIO in row["products"]}  # fmt: skip
    assert not found("not-activated") & activated


def test_a_row_that_is_missing_says_nothing_and_what_was_said_waits(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.sync()
    una, vic = id_of("Una"), id_of("Vic")
    rewrite(monkeypatch, "apps_row", "Una")
    rewrite(monkeypatch, "activation_row", "Vic")
    tenant.move(days=1)
    tenant.sync()
    assert una in found("browser-only", "unproven")
    assert vic in found("not-activated", "unproven")


def test_an_activation_ends_both(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.sync()
    una, vic = id_of("Una"), id_of("Vic")
    for name, kind in (("Una", "Microsoft 365 Apps"), ("Vic", "Visio")):
        rewrite(
            monkeypatch, "activation_row", name,
            userActivationCounts=[{"productType": kind, "lastActivatedDate": None, "windows": 1, "mac": 0}],
        )  # fmt: skip
    tenant.move(days=1)
    tenant.sync()
    assert una in found("browser-only", "resolved")
    assert vic in found("not-activated", "resolved")


def test_a_platform_of_which_the_row_says_nothing_makes_no_fact(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(monkeypatch, "apps_row", "Una", details=[{"windows": None, "mac": False, "mobile": False, "web": True}])
    tenant.sync()
    assert id_of("Una") not in found("browser-only")
    assert AccountFact.objects.filter(name="platforms").exists()


def test_concealed_names_store_no_facts(tenant: Tenant) -> None:
    tenant.sandbox.tenant.conceal_reports = True
    tenant.sync()
    assert not AccountFact.objects.exists()
    assert Task.objects.get(key="activations").full_read_at is None
