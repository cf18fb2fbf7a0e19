"""People decide about findings; only a roster resolves them, and what an exception covers comes back when it ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatkeeper.clock import days
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.services import decisions, drawing
from seatkeeper.services.applications import find_application
from seatkeeper.services.decisions import NewExemption
from seatkeeper.services.members import ROLES, Role, Who, operator
from seatkeeper.store.models import AuditEvent, Exemption, Finding, Organization, Standing
from tests.people import NAME, Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def tenant(database: object) -> Iterator[Tenant]:
    with open_tenant(people=120) as tenant:
        tenant.sync()
        draw(tenant)
        yield tenant


def draw(tenant: Tenant) -> None:
    drawing.draw(find_application(tenant.who, NAME), tenant.clock)


def a_finding(key: str = "blocked") -> Finding:
    found = Finding.objects.filter(key=key, resolved=None).order_by("user_id").first()
    assert found is not None
    return found


def states(finding: Finding) -> list[str]:
    return [event.state for event in decisions.list_events(operator(), finding.pk)]


def except_person(tenant: Tenant, about: Finding, **more: object) -> Exemption:
    new = NewExemption("person", about.user_id.upper(), "on parental leave", **more)  # type: ignore[arg-type]
    return decisions.exempt(tenant.who, NAME, new, tenant.clock)


def test_a_finding_is_accepted_and_taken_back_with_each_step_kept(tenant: Tenant) -> None:
    finding = a_finding()
    before = Standing.objects.get().findings
    decisions.accept(tenant.who, finding.pk, "asked  her manager", tenant.clock)
    assert Standing.objects.get().findings == before - 1
    assert Finding.objects.get(pk=finding.pk).state == "accepted"
    with pytest.raises(BadInput, match="it is accepted"):
        decisions.accept(tenant.who, finding.pk, clock=tenant.clock)
    decisions.reopen(tenant.who, finding.pk, clock=tenant.clock)
    assert Standing.objects.get().findings == before
    assert states(finding) == ["open", "accepted", "open"]
    assert [event.note for event in decisions.list_events(tenant.who, finding.pk)][1] == "asked her manager"
    assert AuditEvent.objects.filter(action__in=("finding.accepted", "finding.open")).count() == 2


def test_what_was_accepted_stays_accepted_when_the_roster_shows_it_again(tenant: Tenant) -> None:
    finding = a_finding()
    decisions.accept(tenant.who, finding.pk, clock=tenant.clock)
    tenant.move(days=1)
    tenant.sync()
    draw(tenant)
    assert Finding.objects.get(pk=finding.pk).state == "accepted"
    rows = [row for row in tenant.findings() if row["User ID"] == finding.user_id and row["Finding"] == finding.key]
    assert [row["State"] for row in rows] == ["accepted"]


def test_an_exception_covers_all_findings_of_a_person_until_it_lapses(tenant: Tenant) -> None:
    finding = a_finding()
    mine = Finding.objects.filter(object_id=finding.object_id, resolved=None)
    exemption = except_person(tenant, finding, until=tenant.clock() + days(3))
    assert (exemption.value, exemption.label) == (finding.object_id, finding.user_id)
    assert set(mine.values_list("state", flat=True)) == {"excepted"}
    assert Standing.objects.get().findings == Finding.objects.filter(state="open").count()
    tenant.move(days=2)
    draw(tenant)
    assert states(finding) == ["open", "excepted"]
    tenant.move(days=1)
    draw(tenant)
    assert states(finding) == ["open", "excepted", "open"]
    assert set(mine.values_list("state", flat=True)) == {"open"}


def test_an_exception_that_is_ended_opens_at_once_what_it_covered(tenant: Tenant) -> None:
    finding = a_finding()
    exemption = except_person(tenant, finding)
    decisions.end_exemption(tenant.who, exemption.pk, tenant.clock)
    assert states(finding) == ["open", "excepted", "open"]
    assert AuditEvent.objects.filter(action__in=("exemption.made", "exemption.ended")).count() == 2


def test_an_exception_may_be_about_one_insight_a_department_or_a_sku(tenant: Tenant) -> None:
    finding = a_finding("never-seen")
    except_person(tenant, finding, finding="blocked")
    assert Finding.objects.get(pk=finding.pk).state == "open"

    department = next(row["Department"] for row in tenant.roster() if row["Department"])
    people = {row["User ID"] for row in tenant.roster() if row["Department"] == department}
    decisions.exempt(tenant.who, NAME, NewExemption("department", department, "moving"), tenant.clock)
    excepted = Finding.objects.filter(state="excepted").exclude(key="other-product")
    found = Finding.objects.filter(resolved=None, user_id__in=people)
    assert set(excepted.values_list("pk")) == set(found.values_list("pk")) != set()

    decisions.exempt(tenant.who, NAME, NewExemption("sku", "PROJECTPROFESSIONAL", "agreed", "unassigned"), tenant.clock)
    spoken_of = Finding.objects.filter(key="unassigned", subject="PROJECTPROFESSIONAL")
    assert all(finding.state == "excepted" for finding in spoken_of)
    assert not excepted.filter(key="unassigned").exclude(subject="PROJECTPROFESSIONAL").exists()


@pytest.mark.parametrize(
    ("field", "new"),
    [
        ("Person", NewExemption("person", "nobody@nowhere.example", "reason")),
        ("Scope", NewExemption("planet", "Mars", "reason")),
        ("Department", NewExemption("department", "  ", "reason")),
        ("Reason", NewExemption("department", "Sales", " no ")),
        ("Reason", NewExemption("department", "Sales", "x" * 501)),
        ("Reason", NewExemption("department", "Sales", "a\u202eb c")),
        ("Finding", NewExemption("department", "Sales", "reason", "unusual")),
        ("Until", NewExemption("department", "Sales", "reason", until=1)),
    ],
)
def test_an_exception_that_cannot_be_meant_is_refused_by_the_name_of_its_field(
    tenant: Tenant, field: str, new: NewExemption
) -> None:
    with pytest.raises(BadInput) as refused:
        decisions.exempt(tenant.who, NAME, new, tenant.clock)
    assert refused.value.field == field
    assert not Exemption.objects.exists()


def test_strangers_see_and_decide_nothing_and_viewers_only_look(tenant: Tenant) -> None:
    finding = a_finding()
    exemption = except_person(tenant, finding)
    stranger = Who(Organization.objects.create(name="Other", created=0).pk, "eve", ROLES[Role.ADMINISTER])
    for call in (
        lambda: decisions.list_events(stranger, finding.pk),
        lambda: decisions.accept(stranger, finding.pk),
        lambda: decisions.end_exemption(stranger, exemption.pk),
    ):
        with pytest.raises(NotFound):
            call()
    viewer = tenant.who._replace(may=ROLES[Role.VIEWER])
    assert decisions.list_exemptions(viewer, NAME) == [exemption]
    with pytest.raises(NotAllowed, match="Manage SaaS licenses"):
        except_person(Tenant(tenant.sandbox, viewer), finding)
    with pytest.raises(NotAllowed):
        decisions.accept(viewer, finding.pk)


def test_a_finding_about_a_purchase_that_saves_nothing_can_be_excepted_by_its_sku(tenant: Tenant) -> None:
    finding = a_finding("renewal")
    assert finding.object_id == ""
    new = NewExemption("sku", finding.subject.partition(" ")[0], "decided already", "renewal")
    decisions.exempt(tenant.who, NAME, new, tenant.clock)
    assert Finding.objects.get(pk=finding.pk).state == "excepted"
