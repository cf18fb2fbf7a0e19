"""The uploaded activity report: confirmed use on its days, refused whole for one wrong row, no proof of absence."""

from __future__ import annotations

from typing import Any

import pytest

from seatkeeper.clock import Clock, fixed_clock
from seatkeeper.errors import BadInput, NotAllowed
from seatkeeper.model import to_instant, to_text
from seatkeeper.services import activity_reports
from seatkeeper.services.listings import users
from seatkeeper.services.members import ROLES, Role
from seatkeeper.store.models import Application, AuditEvent, ProductActivity
from tests.people import NAME, NOW, Tenant, open_tenant, read_tenant
from tests.spoiled import spoiled
from tests.thorough import in_turn

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
    with read_tenant() as tenant:
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
    with read_tenant() as tenant:
        bo = tenant.person("Bo")["User ID"]
        read(tenant, HEAD + line(bo))
        with pytest.raises(BadInput, match=r"knows 0 of .* replace knows 1, 1 of them with use.*--anyway"):
            read(tenant, HEAD + line("ada@example.com"))
        assert status_of(tenant, bo) == ("confirmed", "active", "2026-07-25")
        read(tenant, HEAD + line("ada@example.com"), anyway=True)
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
    "a day": line("ada@example.com", "20/07/26"),
    "a day that is none": line("ada@example.com", "2026-02-30"),
    "a day before 1970": line("ada@example.com", "0001-01-01"),
    "a day after the report": line("ada@example.com", "2026-07-31"),
    "use without a day": line("ada@example.com", ""),
    "more cells than columns": line("ada@example.com", rest="1,250,0,0,0,No"),
    "a count of two meanings": line("ada@example.com", rest='"1,250",0,0,0,No'),
    "a user name of two lines": line('"ada\n@example.com"'),
    "another word": line("ada@example.com", rest="1,0,0,0,perhaps"),
}


@pytest.mark.parametrize("what", in_turn(list(WRONG), 3))
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
    "names in brackets": (HEAD + "".join(line(f"<PII:H{n}(x={n})>@contoso.example") for n in range(3)), "by codes"),
    "short hexadecimal names": (HEAD + line("0123456789abcdef@contoso.example"), "by codes"),
    "base64 names": (HEAD + line("dGhpcyBpcyBh+w==@contoso.example"), "by codes"),
    "ids": (HEAD + line("6f9619ff-8b86-d011-b42d-00c04fc964ff@contoso.example"), "by codes"),
    "nobody at all": (HEAD + line("(Unknown)") + line(""), "names nobody"),
    "another report": ("User name,Display name\nada@example.com,Ada\n", "has no column 'Last activity date'"),
    "a column in two writings": (
        HEAD.replace("Other", "last ACTIVITY date") + line("a@example.com"),
        "two columns that",
    ),
    "a refresh date that is a number": (
        (HEAD + line("a@example.com")).replace("2026-07-30", "46233"),
        "the refresh date in the file is not a day",
    ),
    "no rows": (HEAD, "holds no people"),
    "a period that there is not": (HEAD + line("a@example.com").replace(",90\n", ",45\n"), "how many days"),
    "two refresh dates": (
        HEAD + line("a@example.com") + line("b@example.com").replace("07-30", "07-29"),
        "up to which",
    ),
    "tomorrow": (HEAD + line("a@example.com").replace("07-30", "08-02"), "still to come"),
}


@pytest.mark.parametrize("what", in_turn(list(REFUSED), 3))
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


def test_rows_that_name_nobody_cost_themselves_and_are_told() -> None:
    with open_tenant() as tenant:
        people = "".join(line(f"p{number}@example.com") for number in range(18))
        report = read(tenant, HEAD + people + line("(Unknown)") + line("", "", "0,0,0,0,No"))
        assert report.taken == "18 of 20 rows were taken."
        assert [str(note) for note in report.notes] == [
            "row 20, User name: it names nobody ((Unknown)), so the row was left out.",
            "row 21, User name: it names nobody, so the row was left out.",
        ]


def test_names_of_one_shape_of_which_the_roster_has_none_are_refused_with_the_figures() -> None:
    with read_tenant() as tenant:
        strangers = HEAD + "".join(line(f"user{number:04}@reports.example") for number in range(5))
        with pytest.raises(BadInput, match=r"not one of its 5 names is on the roster of \d+ people"):
            read(tenant, strangers)
        assert not ProductActivity.objects.exists()


def test_one_name_that_looks_like_a_code_costs_no_report() -> None:
    with read_tenant() as tenant:
        names = [row["User ID"] for row in tenant.roster()][:3]
        read(tenant, HEAD + "".join(map(line, [*names, "d41d8cd98f00b204e9800998ecf8427e"])), anyway=True)
        assert ProductActivity.objects.exclude(account=None).count() == 3


def test_a_report_with_less_use_or_of_an_earlier_day_takes_no_evidence_away_unseen() -> None:
    with read_tenant() as tenant:
        names = [row["User ID"] for row in tenant.roster()][:6]
        read(tenant, HEAD + "".join(map(line, names)))
        for worse, said in (
            (HEAD + "".join(map(line, names[:2])), "knows 2 of the people on the roster, 2 of them"),
            (HEAD + "".join(line(name, "", "0,0,0,0,No") for name in names), "knows 6 .* 0 of them with use"),
            (
                (HEAD + "".join(map(line, names))).replace("2026-07-30", "2026-07-29"),
                "ends on 2026-07-29; ",
            ),
        ):
            with pytest.raises(BadInput, match=said):
                read(tenant, worse)
            assert ProductActivity.objects.exclude(last=None).count() == 6
        read(tenant, HEAD + "".join(map(line, names[:5])))  # some come and go


def test_use_stays_confirmed_when_everybody_is_renamed_and_goes_to_nobody_who_gets_an_old_name() -> None:
    with read_tenant() as tenant:
        bo = tenant.person("Bo")["User ID"]
        other = next(row["User ID"] for row in tenant.roster() if row["User ID"] != bo)
        read(tenant, HEAD + line(bo))
        before = status_of(tenant, other)

        def rename(row: dict[str, Any]) -> None:
            name = row["userPrincipalName"]
            row["userPrincipalName"] = bo if name == other else f"new.{name}"

        with spoiled(rename, "/users"):
            tenant.sync("roster", full=True)
        assert status_of(tenant, f"new.{bo}") == ("confirmed", "active", "2026-07-25")
        assert status_of(tenant, bo) == before


def test_days_are_read_as_the_file_writes_them() -> None:
    with open_tenant() as tenant:
        text = (HEAD + line("ada@example.com", "25/07/2026") + line("bo@example.com", "04/03/2026")).replace(
            "2026-07-30", "30/07/2026"
        )
        days = [to_text(row.last)[:10] for row in read(tenant, text).rows if row.last]
        assert days == ["2026-07-25", "2026-03-04"]
        unclear = (HEAD + line("bo@example.com", "04/03/2026")).replace("2026-07-30", "2026-07-30")
        with pytest.raises(BadInput, match=r"row 2, Last activity date: '04/03/2026' can be read in two ways"):
            read(tenant, unclear)
