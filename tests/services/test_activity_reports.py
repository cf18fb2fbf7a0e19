"""The uploaded activity report: confirmed use on its days, refused whole for one wrong row, no proof of absence."""

from __future__ import annotations

import pytest

from seatkeeper.clock import Clock, fixed_clock
from seatkeeper.errors import BadInput, NotAllowed
from seatkeeper.model import to_instant, to_text
from seatkeeper.services import activity_reports
from seatkeeper.services.listings import users
from seatkeeper.services.members import ROLES, Role
from seatkeeper.store.models import Application, AuditEvent, ProductActivity
from tests.people import NAME, NOW, Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

HEAD = (
    "Report refresh date,User name,Display name,Last activity date (UTC),Projects visited (Desktop),"
    "Projects visited (Web),Tasks created (Web),Tasks edited (Web),Other,Report period\n"
)
TODAY: Clock = fixed_clock(to_instant(NOW))


def line(user_id: str, last: str = "2026-07-25", rest: str = "3,1,2,0,Yes") -> str:
    return f"2026-07-30,{user_id},Somebody,{last},{rest},90\n"


def read(tenant: Tenant, text: str, **told: object) -> activity_reports.Report:
    return activity_reports.import_report(
        tenant.who,
        NAME,
        text.encode(),
        "report.csv",
        clock=tenant.clock,
        **told,  # type: ignore[arg-type]
    )


def status_of(tenant: Tenant, user_id: str) -> tuple[str, str, str | None]:
    (row,) = users.rows(tenant.who, Application.objects.get().pk).filter(user_id=user_id)
    return row.evidence, row.status, to_text(row.last_reported)[:10] if row.last_reported else None


def test_it_is_confirmed_use_on_its_day_and_absence_from_it_changes_nothing() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        bo = tenant.person("Bo")["User ID"]
        before = {
            row.user_id: (row.evidence, row.status) for row in users.rows(tenant.who, Application.objects.get().pk)
        }
        assert before[bo] == ("none seen", "never seen")
        report = read(tenant, HEAD + line(bo.upper()) + line("nobody@example.com", "", "0,0,0,0,No"))
        assert (len(report.rows), report.unknown, report.period_days) == (2, ["nobody@example.com"], 90)
        assert status_of(tenant, bo) == ("confirmed", "active", "2026-07-25")
        after = {
            row.user_id: (row.evidence, row.status) for row in users.rows(tenant.who, Application.objects.get().pk)
        }
        assert {name for name in before if before[name] != after[name]} == {bo}
        assert AuditEvent.objects.filter(action="activity-report.imported").count() == 1
        assert not [
            row for row in tenant.findings() if row["User ID"] == bo and row["Finding"] in ("unused", "never-seen")
        ]


def test_another_report_takes_the_place_of_the_one_before() -> None:
    with open_tenant() as tenant:
        tenant.sync()
        bo = tenant.person("Bo")["User ID"]
        read(tenant, HEAD + line(bo))
        read(tenant, HEAD + line("ada@example.com"))
        assert list(ProductActivity.objects.values_list("user_id", flat=True)) == ["ada@example.com"]
        assert status_of(tenant, bo) == ("none seen", "never seen", None)


def test_headers_may_vary_and_what_the_file_does_not_say_is_asked_for() -> None:
    with open_tenant() as tenant:
        head = "user  NAME;last activity date;projects visited (desktop);Projects Visited (Web)\n"
        text = head + "ada@example.com;2026-07-20;1;0\n"
        with pytest.raises(BadInput, match="how many days"):
            read(tenant, text)
        with pytest.raises(BadInput, match="up to which day"):
            read(tenant, text, period=30)
        report = read(tenant, text, period=30, until="2026-07-31")
        assert (report.rows[0].desktop, report.rows[0].web, to_text(report.until)[:10]) == (1, 0, "2026-07-31")
        kept = activity_reports.kept(tenant.who, Application.objects.get().pk)
        assert kept is not None
        assert (kept.people, kept.with_use, kept.period_days) == (1, 1, 30)


WRONG = {
    "a number": line("ada@example.com", rest="many,0,0,0,No"),
    "a negative number": line("ada@example.com", rest="-1,0,0,0,No"),
    "a day": line("ada@example.com", "20.07.2026"),
    "a day that is none": line("ada@example.com", "2026-02-30"),
    "a day before 1970": line("ada@example.com", "0001-01-01"),
    "a day after the report": line("ada@example.com", "2026-07-31"),
    "use without a day": line("ada@example.com", ""),
    "no name": line(""),
    "another word": line("ada@example.com", rest="1,0,0,0,perhaps"),
}


@pytest.mark.parametrize("what", WRONG)
def test_one_wrong_row_is_named_and_nothing_is_imported(what: str) -> None:
    with open_tenant() as tenant:
        read(tenant, HEAD + line("bo@example.com"))
        text = HEAD + line("cy@example.com") + WRONG[what]
        found = activity_reports.preview(tenant.who, NAME, text.encode(), "report.csv", clock=tenant.clock)
        assert [error.number for error in found.errors] == [3]
        with pytest.raises(BadInput, match=r"row 3, .*Nothing was imported"):
            read(tenant, text)
        assert list(ProductActivity.objects.values_list("user_id", flat=True)) == ["bo@example.com"]


REFUSED = {
    "concealed names": (HEAD + line("A1B2C3D4E5F60718293A4B5C6D7E8F90") * 1 + line("0" * 32), "by codes"),
    "another report": ("User name,Display name\nada@example.com,Ada\n", "has no column 'Last activity date'"),
    "no rows": (HEAD, "holds no people"),
    "a period that there is not": (HEAD + line("a@example.com").replace(",90\n", ",45\n"), "how many days"),
    "two refresh dates": (
        HEAD + line("a@example.com") + line("b@example.com").replace("07-30", "07-29"),
        "up to which",
    ),
    "tomorrow": (HEAD + line("a@example.com").replace("07-30", "08-02"), "still to come"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_no_such_report_is_refused_with_the_way_out(what: str) -> None:
    text, reason = REFUSED[what]
    with open_tenant() as tenant:
        with pytest.raises(BadInput, match=reason):
            read(tenant, text)
        assert not ProductActivity.objects.exists()


def test_the_same_person_twice_is_named() -> None:
    with open_tenant() as tenant, pytest.raises(BadInput, match="row 3, User name"):
        read(tenant, HEAD + line("ada@example.com") + line("ADA@example.com"))


def test_a_viewer_may_not() -> None:
    with open_tenant() as tenant:
        viewer = tenant.who._replace(may=ROLES[Role.VIEWER])
        with pytest.raises(NotAllowed):
            activity_reports.import_report(viewer, NAME, (HEAD + line("a@example.com")).encode(), "report.csv")
