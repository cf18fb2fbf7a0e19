"""What the reports of Office 365 tell is on the person's page, in REST and in exports, workload by workload."""

from __future__ import annotations

import pytest

from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, SeatHolder

from ..people import open_tenant
from .conftest import SignedIn

OFFICE = "office-365"


@pytest.mark.usefixtures("organization")
def test_a_person_s_page_rest_and_exports_tell_the_newest_use_and_its_workloads(signed_in: SignedIn) -> None:
    with open_tenant(product=OFFICE, name="Office", tasks=("licenses", "roster", "usage-reports")) as tenant:
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        tenant.name = "Office"
        tenant.sync()
        application, kim = Application.objects.get(), SeatHolder.objects.get(first_name="Kim")
        (row,) = [
            row for row in tenant.sandbox.truth()["products"][OFFICE]["reported"] if row["object_id"] == kim.object_id
        ]
        browser = signed_in(Role.ADMINISTER)
        page = browser.get(f"/applications/{application.pk}/users/{kim.object_id}").content.decode()
        for shown in ("Usage Reports", "Viva Engage", row["last_activity"], row["used"]["Viva Engage"]):
            assert shown in page
        assert "Apps on" not in page  # on two platforms
        answer = browser.get(f"/api/v1/applications/{application.pk}/users/{kim.object_id}").json()
        told = next(signal for signal in answer["signals"] if signal["key"] == "usage-reports")
        assert told["until"].startswith("2026-07-29T23:59:59")
        assert {part["used"]: part["last"][:10] for part in told["parts"]} == row["used"]
        rows = browser.get(f"/api/v1/applications/{application.pk}/users?columns=user_id,usage-reports").json()
        assert rows
        assert "Last Office Use" in browser.get(f"/applications/{application.pk}/users").content.decode()
