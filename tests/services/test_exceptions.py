"""What an exception covers is left alone, and comes back when it ends."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.services import exceptions
from seatkeeper.services.exceptions import NewException
from seatkeeper.services.members import ROLES, Role, Who
from seatkeeper.store.models import AuditEvent, DailySummary, Finding, FindingException, Organization
from tests.people import NAME, Tenant
from tests.services.found import a_finding, refresh_now, states

pytestmark = pytest.mark.usefixtures("database")


def except_person(tenant: Tenant, about: Finding, **more: object) -> FindingException:
    new = NewException("person", about.user_id.upper(), "on parental leave", **more)  # type: ignore[arg-type]
    return exceptions.exempt(tenant.who, NAME, new, tenant.clock)


def test_an_exception_covers_all_findings_of_a_person_until_it_lapses(tenant: Tenant) -> None:
    finding = a_finding()
    mine = Finding.objects.filter(object_id=finding.object_id, resolved=None)
    exception = except_person(tenant, finding, until=tenant.clock() + days(3))
    assert (exception.value, exception.label) == (finding.object_id, finding.user_id)
    assert set(mine.values_list("state", flat=True)) == {"excepted"}
    assert DailySummary.objects.get().findings == Finding.objects.filter(state="open").count()
    tenant.move(days=2)
    refresh_now(tenant)
    assert states(finding) == ["open", "excepted"]
    tenant.move(days=1)
    refresh_now(tenant)
    assert states(finding) == ["open", "excepted", "open"]
    assert set(mine.values_list("state", flat=True)) == {"open"}


def test_an_exception_that_is_ended_opens_at_once_what_it_covered(tenant: Tenant) -> None:
    finding = a_finding()
    exception = except_person(tenant, finding)
    exceptions.end_exception(tenant.who, exception.pk, tenant.clock)
    assert states(finding) == ["open", "excepted", "open"]
    assert AuditEvent.objects.filter(action__in=("exemption.made", "exemption.ended")).count() == 2


def test_an_exception_may_be_about_one_insight_a_department_or_a_sku(tenant: Tenant) -> None:
    finding = a_finding("never-seen")
    except_person(tenant, finding, finding="blocked")
    assert Finding.objects.get(pk=finding.pk).state == "open"

    department = next(row["Department"] for row in tenant.roster() if row["Department"])
    people = {row["User ID"] for row in tenant.roster() if row["Department"] == department}
    exceptions.exempt(tenant.who, NAME, NewException("department", department, "moving"), tenant.clock)
    excepted = Finding.objects.filter(state="excepted").exclude(key="other-product")
    found = Finding.objects.filter(resolved=None, user_id__in=people)
    assert set(excepted.values_list("pk")) == set(found.values_list("pk")) != set()

    exceptions.exempt(
        tenant.who, NAME, NewException("sku", "PROJECTPROFESSIONAL", "agreed", "unassigned"), tenant.clock
    )
    spoken_of = Finding.objects.filter(key="unassigned", subject="PROJECTPROFESSIONAL")
    assert all(finding.state == "excepted" for finding in spoken_of)
    assert not excepted.filter(key="unassigned").exclude(subject="PROJECTPROFESSIONAL").exists()


@pytest.mark.parametrize(
    ("field", "new"),
    [
        ("person", NewException("person", "nobody@nowhere.example", "reason")),
        ("scope", NewException("planet", "Mars", "reason")),
        ("person", NewException("person", "a\0b", "reason")),
        ("department", NewException("department", "  ", "reason")),
        ("reason", NewException("department", "Sales", " no ")),
        ("reason", NewException("department", "Sales", "x" * 501)),
        ("reason", NewException("department", "Sales", "a\u202eb c")),
        ("finding", NewException("department", "Sales", "reason", "unusual")),
        ("until", NewException("department", "Sales", "reason", until=1)),
    ],
)
def test_an_exception_that_cannot_be_meant_is_refused_by_the_name_of_its_field(
    tenant: Tenant, field: str, new: NewException
) -> None:
    with pytest.raises(BadInput) as refused:
        exceptions.exempt(tenant.who, NAME, new, tenant.clock)
    assert refused.value.first.field == field
    assert not FindingException.objects.exists()


def test_a_finding_about_a_purchase_that_saves_nothing_can_be_excepted_by_its_sku(tenant: Tenant) -> None:
    finding = a_finding("renewal")
    assert finding.object_id == ""
    new = NewException("sku", finding.subject.partition(" ")[0], "decided already", "renewal")
    exceptions.exempt(tenant.who, NAME, new, tenant.clock)
    assert Finding.objects.get(pk=finding.pk).state == "excepted"


def test_another_organization_ends_no_exception_and_viewers_only_look(tenant: Tenant) -> None:
    finding = a_finding()
    exception = except_person(tenant, finding)
    other = Who(Organization.objects.create(name="Other", created=0).pk, "eve", ROLES[Role.ADMINISTER])
    with pytest.raises(NotFound):
        exceptions.end_exception(other, exception.pk)
    viewer = tenant.who._replace(may=ROLES[Role.VIEWER])
    assert exceptions.list_exceptions(viewer, NAME) == [exception]
    with pytest.raises(NotAllowed, match="Manage SaaS licenses"):
        except_person(Tenant(tenant.sandbox, viewer), finding)
    with pytest.raises(NotAllowed):
        exceptions.end_exception(viewer, exception.pk)
