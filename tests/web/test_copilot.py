"""What a report of use tells is on the person's page and in REST, with the applications that it names."""

from __future__ import annotations

import pytest

from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, SeatHolder

from ..people import open_tenant
from .conftest import SignedIn

COPILOT = "microsoft-365-copilot"


@pytest.mark.usefixtures("organization")
def test_a_person_s_page_and_rest_list_the_signal_with_its_applications(signed_in: SignedIn) -> None:
    with open_tenant(copilot=True, product=COPILOT, name="Copilot", tasks=("roster", "copilot-usage")) as tenant:
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        tenant.name = "Copilot"
        tenant.sync()
        application, ada = Application.objects.get(), SeatHolder.objects.get(first_name="Ada")
        browser = signed_in(Role.ADMINISTER)
        page = browser.get(f"/applications/{application.pk}/users/{ada.object_id}").content.decode()
        assert "Copilot Usage" in page
        assert "PowerPoint" in page
        assert "2026-07-29" in page
        answer = browser.get(f"/api/v1/applications/{application.pk}/users/{ada.object_id}").json()
        signals = {signal["key"]: signal for signal in answer["signals"]}
        assert list(signals) == ["copilot-usage", "shared-sign-ins", "account-activity"]
        told = signals["copilot-usage"]
        assert told["until"].startswith("2026-07-29T23:59:59")
        assert [part["used"] for part in told["parts"]] == ["Teams", "Word", "Excel", "PowerPoint", "Outlook"]
        assert signals["account-activity"]["parts"] == []
        rows = browser.get(f"/api/v1/applications/{application.pk}/users?columns=user_id,copilot-usage").json()
        assert rows
