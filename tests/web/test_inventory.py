"""An application's pages with real readings behind them: list, overview, users, findings, exports, hostile names."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from seatkeeper.reporting import refresh
from seatkeeper.services.members import Role
from seatkeeper.store.models import (
    Application,
    AuditEvent,
    Connection,
    Finding,
    Organization,
    SeatHolder,
    UnlicensedUser,
)
from seatkeeper.tabular.sheets import read_sheet

from ..people import Tenant, open_tenant, read_tenant
from .conftest import SignedIn

HOSTILE = ("<script>alert(1)</script>", "=cmd|' /C calc'!A0", "turned \u202e around", "x" * 1_000_000, '"><img src=x>')
TABS = ("users", "licenses", "findings", "suspicious", "activity")


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.VIEWER)


@pytest.fixture
def tenant(browser: Client) -> Iterator[Tenant]:
    """A tenant that was read, and drawn."""
    with read_tenant(tags="finance, emea") as tenant:
        refresh.refresh_application(Application.objects.get(), tenant.clock)
        yield tenant


def page(browser: Client, path: str = "") -> str:
    answer = browser.get(f"/applications/{Application.objects.get().pk}{path}")
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_csv_is_opened_rightly_by_a_spreadsheet_and_by_our_own_import(signed_in: SignedIn) -> None:
    browser = signed_in(Role.ADMINISTER)
    answer = browser.get("/prices/export.csv")
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert body.startswith(b"\xef\xbb\xbfSKU,")
    assert "\ufeff" not in read_sheet(body, "prices.csv").columns[0]
    for form in ("json", "jsonl"):
        assert not b"".join(browser.get(f"/prices/export.{form}").streaming_content).startswith(b"\xef")  # type: ignore[attr-defined]


def export(browser: Client, path: str) -> Any:
    answer = browser.get(path)
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return json.loads(body) if ".json" in path else list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_an_empty_list_says_the_next_step_to_whom_may_take_it(signed_in: SignedIn, browser: Client) -> None:
    manager = signed_in(Role.APPLICATIONS).get("/applications").content.decode()
    assert 'href="/applications/add"' in manager
    assert 'href="/applications/add"' not in browser.get("/applications").content.decode()


def test_an_application_that_was_never_read_says_the_next_step(signed_in: SignedIn) -> None:
    with open_tenant():
        shown = page(signed_in(Role.APPLICATIONS))
    assert "Nothing has been read yet" in shown
    assert "/authorize" in shown


def test_the_list_leads_to_the_first_finding_in_three_clicks(browser: Client, tenant: Tenant) -> None:
    number = Application.objects.get().pk
    steps = [
        "/applications",
        rf"/applications/{number}",
        rf"/applications/{number}/findings\?key=[a-z-]+&amp;state=open",
    ]
    path = steps[0]
    for step in [*steps[1:], r"/findings/\d+"]:
        found = re.search(rf'href="({step})"', browser.get(path).content.decode())
        assert found, (path, step)
        path = found[1].replace("&amp;", "&")
    assert 'id="history"' in browser.get(path).content.decode()


def test_tags_are_shown_and_can_be_filtered_by(browser: Client, tenant: Tenant) -> None:
    assert "<bdi>emea</bdi>" in page(browser)
    assert tenant.name in browser.get("/applications?tag=emea").content.decode()
    assert browser.get("/applications?tag=nobody").status_code == 422


def test_the_overview_counts_what_the_rows_count_and_links_to_them(browser: Client, tenant: Tenant) -> None:
    shown = page(browser)
    for status in ("active", "never seen"):
        number = SeatHolder.objects.filter(status=status).count()
        address = re.escape(f"/users?status={status.replace(' ', '+')}")
        assert re.search(rf'{address}">[^/]*</a> <strong>{number}</strong>', shown)
    assert shown.count("As a table") == 5
    assert "style=" not in shown


def test_an_export_holds_exactly_what_was_filtered(browser: Client, tenant: Tenant) -> None:
    number = Application.objects.get().pk
    wanted = {h.object_id for h in SeatHolder.objects.filter(status="never seen")}
    for form in ("csv", "json"):
        rows = export(browser, f"/applications/{number}/users/export.{form}?status=never+seen")
        assert {row["Object ID"] for row in rows} == wanted
    assert [row["Application"] for row in export(browser, "/applications/export.csv")] == [tenant.name]
    assert browser.get(f"/applications/{number}/users/export.xlsx").status_code == 200
    assert browser.get(f"/applications/{number}/users/export.exe").status_code == 404


def test_findings_show_their_states(browser: Client, tenant: Tenant) -> None:
    Finding.objects.filter(key="never-seen").update(state="accepted")
    assert "accepted" in page(browser, "/findings?state=accepted")
    assert "never-seen" not in page(browser, "/findings?state=open").split("<tbody>")[1]


@pytest.mark.parametrize("tab", TABS)
def test_hostile_names_are_only_text_on_every_page(browser: Client, tenant: Tenant, tab: str) -> None:
    for hostile in HOSTILE:
        SeatHolder.objects.update(first_name=hostile, department=hostile, plans=hostile, words=hostile)
        UnlicensedUser.objects.update(first_name=hostile, last_name=hostile)
        Finding.objects.update(plan=hostile, advice=hostile[:500])
        if hostile.isprintable():  # nothing else can be typed in
            Application.objects.update(name=hostile[:120], tags=hostile[:40])
        for shown in (page(browser, f"/{tab}"), page(browser), browser.get("/applications").content.decode()):
            body = shown.split("</head>")[1]
            assert "<script" not in body
            assert "<img src=x" not in body
            assert "\u202e" not in body
            assert len(shown) < 3_000_000


def test_hostile_questions_are_answered_with_a_page(browser: Client, tenant: Tenant) -> None:
    for question in (
        "q=%00",
        "q=" + "x" * 5000,
        "sort=password",
        "page=0",
        "size=99999999",
        "status=<script>",
        "q=%ff",
    ):
        answer = browser.get(f"/applications/{Application.objects.get().pk}/users?{question}")
        assert answer.status_code in (200, 422), question
        assert b"<script>alert" not in answer.content


@pytest.mark.usefixtures("database")
def test_every_tab_answers_on_both_databases_with_few_questions(browser: Client, tenant: Tenant) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    number = Application.objects.get().pk
    browser.get("/applications")  # a session is renewed once in a while
    for tab in ("", *(f"/{tab}" for tab in TABS)):
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(f"/applications/{number}{tab}").status_code == 200
        assert len(asked) <= 15, (tab, [query["sql"] for query in asked])


def test_pages_of_another_organization_are_not_found(
    tenant: Tenant, signed_in: SignedIn, other_organization: Organization
) -> None:
    stranger, number = signed_in(Role.ADMINISTER, other_organization), Application.objects.get().pk
    for end in ("", *(f"/{tab}" for tab in TABS), "/users/export.csv", "/delete"):
        assert stranger.get(f"/applications/{number}{end}").status_code == 404
    for end in ("deactivate", "reactivate", "delete"):
        assert stranger.post(f"/applications/{number}/{end}", {"typed": tenant.name}).status_code == 404
    assert Application.objects.get().active


def test_deactivate_and_reactivate(signed_in: SignedIn, tenant: Tenant) -> None:
    manager, number = signed_in(Role.APPLICATIONS), Application.objects.get().pk
    manager.post(f"/applications/{number}/deactivate")
    assert not Application.objects.get().active
    assert "deactivated" in page(manager)
    manager.post(f"/applications/{number}/reactivate")
    assert Application.objects.get().active
    actions = list(AuditEvent.objects.filter(subject=tenant.name).values_list("action", flat=True))
    assert {"application.deactivated", "application.reactivated"} <= set(actions)


def test_delete_says_what_goes_and_wants_the_name_typed(signed_in: SignedIn, tenant: Tenant) -> None:
    manager, number = signed_in(Role.APPLICATIONS), Application.objects.get().pk
    shown = page(manager, "/delete")
    assert f"the roster of {SeatHolder.objects.count()} people" in shown
    refused = manager.post(f"/applications/{number}/delete", {"typed": "something else"})
    assert refused.status_code == 422
    assert Application.objects.exists()
    assert manager.post(f"/applications/{number}/delete", {"typed": f" {tenant.name} "})["Location"] == "/applications"
    assert not Application.objects.exists()
    assert not Connection.objects.exists()
    assert not SeatHolder.objects.exists()
    assert AuditEvent.objects.filter(action="application.deleted").exists()


@pytest.mark.parametrize("deed", ["deactivate", "reactivate", "delete"])
def test_a_viewer_can_do_none_of_it(browser: Client, tenant: Tenant, deed: str) -> None:
    answer = browser.post(f"/applications/{Application.objects.get().pk}/{deed}", {"typed": tenant.name})
    assert answer.status_code == 403
    assert Application.objects.get().active
