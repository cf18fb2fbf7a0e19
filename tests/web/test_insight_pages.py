"""Findings, prices, history and plans as pages: who is offered what, and that nothing typed in does anything."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, AuditEvent, Finding, FindingException, Price, ReclaimPlan, SeatHolder

from ..people import Tenant, read_tenant
from .conftest import SignedIn

HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.LICENSES)


@pytest.fixture
def tenant(browser: Client) -> Iterator[Tenant]:
    with read_tenant(people=80, threshold_days=10) as tenant:
        yield tenant


def read(browser: Client, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_who_may_only_look_is_offered_no_form(signed_in: SignedIn, tenant: Tenant) -> None:
    viewer, application = signed_in(Role.VIEWER), Application.objects.get()
    finding = Finding.objects.filter(state="open", key="blocked").first()
    assert finding is not None
    for path in (
        "/findings", f"/findings/{finding.pk}", f"/applications/{application.pk}/exceptions",
        f"/applications/{application.pk}/plans", "/prices", f"/applications/{application.pk}/what-if",
    ):  # fmt: skip
        html = read(viewer, path).partition("<main")[2]
        posts = [part for part in html.split("<form")[1:] if 'method="post"' in part.partition(">")[0]]
        assert all('action="/views' in part for part in posts), path


def test_a_form_leads_back_to_a_page_of_ours_only(browser: Client, tenant: Tenant) -> None:
    finding = Finding.objects.filter(state="open").first()
    assert finding is not None
    for wanted, leads in (
        ("/findings?state=open", "/findings?state=open"),
        ("//evil.example/", f"/findings/{finding.pk}"),
        ("https://evil.example/", f"/findings/{finding.pk}"),
        ("/\\evil.example/", f"/findings/{finding.pk}"),
        ("javascript:alert(1)", f"/findings/{finding.pk}"),
    ):
        Finding.objects.filter(pk=finding.pk).update(state="open")
        answer = browser.post(f"/findings/{finding.pk}/accept", {"back": wanted})
        assert (answer.status_code, answer["Location"]) == (302, leads)


def test_a_finding_without_a_person_is_excepted_by_its_sku(browser: Client, tenant: Tenant) -> None:
    finding = Finding.objects.filter(key="unassigned").first()
    assert finding is not None
    answer = browser.post(f"/findings/{finding.pk}/except", {"reason": "bought for the next team"})
    assert answer.status_code == 302
    assert Finding.objects.get(pk=finding.pk).state == "excepted"
    exception = FindingException.objects.get()
    assert (exception.scope, exception.value, exception.finding) == ("sku", finding.subject, "unassigned")


def test_a_price_list_is_looked_at_before_it_is_taken_and_the_file_is_gone_then(
    browser: Client, tenant: Tenant
) -> None:
    def send(data: bytes) -> str:
        answer = browser.post("/prices/import", {"file": SimpleUploadedFile("../../prices.csv", data)})
        return answer.headers.get("Location", "") or answer.content.decode()

    assert "has no column" in send(b"Name,Sum\nA,1\n")
    assert "is empty" in send(b"")
    wrong = send(f"SKU,Amount,Currency\n{HOSTILE},1,EUR\nB,=1+1,EUR\n".encode())
    html = read(browser, wrong)
    assert "0 valid prices, 2 errors" in html
    assert "<script>alert" not in html
    assert browser.post(wrong).status_code == 422
    right = send(b"SKU,Amount,Currency\nPROJECT_P1,10,EUR\n")
    assert not Price.objects.exists()
    assert browser.post(right).status_code == 302
    assert Price.objects.get().sku == "PROJECT_P1"
    assert browser.post(right).status_code == 404


def test_history_is_exported_as_it_is_shown(browser: Client, tenant: Tenant) -> None:
    roster = {row["User ID"] for row in tenant.roster()}
    SeatHolder.objects.all().delete()  # history does not look at what is drawn of today
    application = Application.objects.get().pk
    html = read(browser, f"/history?application={application}&day=2026-08-01")
    assert f"{len(roster)} rows" in html
    answer = browser.get(f"/history/roster/export.json?application={application}&day=2026-08-01")
    rows = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert {row["User ID"] for row in rows} == roster
    for path, status in (
        ("/history?day=yesterday", 422),
        ("/history?day=2020-01-01", 422),
        ("/history?application=999", 404),
        ("/history/nothing/export.csv", 404),
        ("/history/roster/export.pdf?day=2026-08-01", 404),
        (f"/applications/{application}/position/2020-01-01", 422),
    ):
        read(browser, path, status)
    assert "PROJECTPROFESSIONAL" in read(browser, f"/applications/{application}/position/2026-08-01")


def test_a_bundle_is_a_file_and_is_in_the_audit_trail(browser: Client, tenant: Tenant) -> None:
    answer = browser.get(f"/applications/{Application.objects.get().pk}/bundle")
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert "manifest.json" in bundle.namelist()
    assert AuditEvent.objects.filter(action="bundle.made").exists()


def test_scripts_and_mails_are_files_that_no_browser_runs(browser: Client, tenant: Tenant) -> None:
    application = Application.objects.get().pk
    assert browser.post(f"/applications/{application}/plans/propose", {"name": HOSTILE}).status_code == 422
    assert browser.post(f"/applications/{application}/plans/propose", {"name": "<b>May</b>"}).status_code == 302
    plan = ReclaimPlan.objects.get()
    assert "<b>May" not in read(browser, f"/plans/{plan.pk}")
    read(browser, f"/plans/{plan.pk}/script.az", 422)  # not approved yet
    keep = [str(pk) for pk in plan.items.values_list("pk", flat=True)[:2]]
    among = [str(pk) for pk in plan.items.values_list("pk", flat=True)]
    browser.post(f"/plans/{plan.pk}/review", {"keep": [*keep, "x", "9" * 30], "among": among, "then": "approve"})
    assert plan.items.filter(state="proposed").count() == 2
    for path in ("script.az", "script.powershell-undo", "mails"):
        answer = browser.get(f"/plans/{plan.pk}/{path}")
        assert answer["Content-Disposition"].startswith("attachment; filename=")
        assert answer["Content-Security-Policy"] == "sandbox"
    read(browser, f"/plans/{plan.pk}/script.exe", 422)


def test_each_page_of_a_plan_keeps_its_own_ticks(browser: Client, tenant: Tenant) -> None:
    browser.post(f"/applications/{Application.objects.get().pk}/plans/propose", {"name": "May"})
    plan = ReclaimPlan.objects.get()
    plan.items.all().delete()
    said = {"sku": "s", "title": "P3", "finding": "unused", "evidence": "none seen", "state": "proposed"}
    holder = SeatHolder.objects.all()[0]
    for number in range(120):
        plan.items.create(object_id=f"{number}", user_id=f"p{number:03}", **said)
        holder.pk, holder.account, holder.object_id, holder.skus = None, b"%d" % number, f"{number}", "s"
        holder.save(force_insert=True)
    address = f"/plans/{plan.pk}"

    def boxes(page: int) -> tuple[list[str], list[str]]:
        html = read(browser, f"{address}?page={page}")
        ticks = re.findall(r'name="keep" value="(\d+)"( checked)?', html)
        assert f"Page {page} of 3" in html
        return [pk for pk, _checked in ticks], [pk for pk, checked in ticks if checked]

    first, second = boxes(1)[0], boxes(2)[0]
    assert (len(first), len(second), len(boxes(3)[0])) == (50, 50, 20)
    answer = browser.post(f"{address}/review", {"among": first, "keep": first[1:], "page": "1", "then": "next"})
    assert answer["Location"] == f"{address}?page=2"
    answer = browser.post(f"{address}/review", {"among": second, "keep": second[:1], "page": "2", "then": "previous"})
    assert answer["Location"] == address
    assert (boxes(1)[1], boxes(2)[1]) == (first[1:], second[:1])
    browser.post(f"{address}/review", {"among": first, "keep": first[2:], "page": "1", "then": "approve"})
    assert plan.items.filter(state="proposed").count() == 48 + 1 + 20
    html = read(browser, f"{address}?page=3")
    assert 'rel="prev"' in html
    item = plan.items.get(user_id="p119").pk
    answer = browser.post(f"{address}/items/{item}/answer", {"answer": "needed", "page": "3"})
    assert answer["Location"] == f"{address}?page=3"


def test_what_if_says_what_is_wrong_beside_what_is_so_today(browser: Client, tenant: Tenant) -> None:
    address = f"/applications/{Application.objects.get().pk}/what-if"
    for query in ("threshold=0", "threshold=x", "threshold=-1", "threshold=30&department=Nowhere", "plan=NOTHING"):
        assert "Today and then" in read(browser, f"{address}?{query}", 422)
    assert browser.post(f"{address}/use", {"threshold": "30"}).status_code == 403  # another role's
