"""Sign-ins that look like use of a seat, and are none: as a guest of another tenant, or while there still was one."""

from __future__ import annotations

import pytest

from seatkeeper.reporting import people
from seatkeeper.services import suspicious
from seatkeeper.services.listings import person
from seatkeeper.store.models import Application, SeatHolder, UnlicensedUser
from tests.people import open_tenant, rows
from tests.spoiled import Row, spoiled

pytestmark = pytest.mark.usefixtures("database")

ELSEWHERE = "99999999-1111-4111-8111-111111111111"
YESTERDAY = "2026-07-31T06:00:00Z"


def test_use_as_a_guest_of_another_tenant_is_possible_use_and_makes_nobody_suspicious() -> None:
    def lead_away(row: Row) -> None:
        row["resourceTenantId"] = ELSEWHERE.upper()

    with open_tenant(people=60) as tenant, spoiled(lead_away, "/auditlogs/signins"):
        tenant.sync()
        assert not UnlicensedUser.objects.exists()
        evidence = set(SeatHolder.objects.values_list("evidence", flat=True))
        assert "confirmed" not in evidence
        assert "possible" in evidence
        used = SeatHolder.objects.filter(evidence="possible").latest("last_possible")
        told = person.read(tenant.who, Application.objects.get().pk, used.object_id, tenant.clock)
        assert {use.app.endswith("in another tenant") for use in told.sign_ins} == {True}


def test_a_sign_in_to_this_tenant_is_what_it_was() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync()
        assert SeatHolder.objects.filter(evidence="confirmed").exists()


def test_whose_plans_were_taken_away_yesterday_is_a_former_holder_and_is_told_since_when() -> None:
    """Nobody ever was on our roster: what the directory keeps of plans that ended is all there is."""

    def take_away(row: Row) -> None:
        row["assignedLicenses"] = row["licenseAssignmentStates"] = []
        for plan in row.get("assignedPlans") or ():
            plan |= {"capabilityStatus": "Deleted", "assignedDateTime": YESTERDAY}

    with open_tenant(people=120) as tenant, spoiled(take_away, "/users", "/users/delta"):
        tenant.sync()
        assert not SeatHolder.objects.exists()
        former = UnlicensedUser.objects.filter(state="former holder")
        assert former.count() > 10
        assert not former.filter(last_seen__gt=former[0].held_until).exists()
        assert {row["State"] for row in rows(suspicious.suspicious(tenant.who, tenant.name))} >= {"former holder"}
        told = person.read(tenant.who, Application.objects.get().pk, former[0].object_id, tenant.clock)
        assert "all of it while holding a seat, which was gone on 2026-07-31." in " ".join(told.why)
        later = UnlicensedUser.objects.filter(last_seen__gt=former[0].held_until)
        assert set(later.values_list("state", flat=True)) <= {"open", "other licence"}


@pytest.mark.parametrize(
    "address", ["jos\u00e9@contoso.example", "jose\u0301@contoso.example", "JOSE\u0301@contoso.example"]
)
def test_an_employee_is_found_in_whatever_form_the_directory_writes_a_letter_with_its_sign(address: str) -> None:
    told = people.Told(active=True, cost_center="7")
    assert people.find_employee({"jos\u00e9@contoso.example": told}, None, address) is told
