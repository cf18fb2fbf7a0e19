"""The Integration tab and runs: what is shown, what may be done, and what it leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.test import Client

from seatkeeper.clock import system_clock
from seatkeeper.jobs import queue
from seatkeeper.model import RunStatus
from seatkeeper.services import tasks
from seatkeeper.services.members import Role, operator
from seatkeeper.store.models import Application, AuditEvent, Organization, Quarantine, Run, Task
from seatkeeper.web.frame import live

from ..people import Tenant, read_tenant
from .conftest import SignedIn


@pytest.fixture
def tenant(organization: Organization) -> Iterator[Tenant]:
    with read_tenant() as tenant:
        yield tenant


@pytest.fixture
def application(tenant: Tenant) -> Application:
    return Application.objects.get()


@pytest.fixture
def browser(signed_in: SignedIn, application: Application) -> Client:
    return signed_in(Role.APPLICATIONS)


def path(application: Application, word: str = "integration") -> str:
    return f"/applications/{application.pk}/{word}"


def task(key: str) -> Task:
    return Task.objects.get(key=key)


def test_the_tab_shows_every_task_with_its_last_run_and_the_coverage_as_bar_and_table(
    browser: Client, application: Application
) -> None:
    html = browser.get(path(application)).content.decode()
    for title in ("License Information", "Application Roster", "Application Access"):
        assert title in html
    assert html.count("complete</span>") >= 3
    assert '<svg class="chart"' in html
    assert "<td>complete</td>" in html
    assert "data-live" not in html


def test_run_now_makes_the_task_due_in_the_askers_name_and_the_page_follows_it(
    browser: Client, application: Application
) -> None:
    assert browser.post(path(application, "run"), {"task": "roster", "full": "yes"}).status_code == 302
    asked = task("roster")
    assert asked.due is not None
    assert asked.due <= system_clock()
    assert asked.asked_by.startswith("member")
    assert asked.asked_full
    html = browser.get(path(application)).content.decode()
    assert f'data-live="{path(application)}/events"' in html
    assert AuditEvent.objects.get(action="task.run_asked").subject.startswith("Application Roster")


def test_without_a_name_every_ticked_task_is_run(browser: Client, application: Application) -> None:
    Task.objects.filter(key="licenses").update(enabled=False)
    browser.post(path(application, "run"))
    assert {t.key for t in Task.objects.exclude(asked_by="")} == {"roster", "access"}


def test_a_run_that_was_asked_for_and_has_not_begun_is_taken_back_by_stop(
    browser: Client, application: Application
) -> None:
    browser.post(path(application, "run"), {"task": "roster"})
    browser.post(path(application, "stop"), {"task": "roster"})
    assert (task("roster").due, task("roster").asked_by, task("roster").stop_asked) == (None, "", False)
    assert browser.post(path(application, "stop"), {"task": "roster"}).status_code == 422


def test_pause_and_resume_and_the_schedule_are_kept(browser: Client, application: Application) -> None:
    browser.post(path(application, "pause"), {"task": "access"})
    assert task("access").paused
    assert "paused" in browser.get(path(application)).content.decode()
    browser.post(path(application, "resume"), {"task": "access"})
    assert not task("access").paused
    browser.post(path(application, "schedule"), {"task": "access", "every_hours": "8"})
    assert task("access").every_hours == 8


@pytest.mark.parametrize("hours", ["", "0", "169", "-1", "1.5", "٣", "9" * 50])
def test_a_schedule_that_cannot_be_is_refused(browser: Client, application: Application, hours: str) -> None:
    assert browser.post(path(application, "schedule"), {"task": "access", "every_hours": hours}).status_code == 422
    assert task("access").every_hours == 24


@pytest.mark.parametrize("word", ["run", "stop", "pause", "resume", "schedule"])
def test_only_those_who_may_can_change_anything_and_strangers_see_nothing(
    signed_in: SignedIn, other_organization: Organization, application: Application, word: str
) -> None:
    fields = {"task": "roster", "every_hours": "4"}
    before = list(Task.objects.values())
    assert signed_in(Role.VIEWER).post(path(application, word), fields).status_code == 403
    assert signed_in(Role.LICENSES).post(path(application, word), fields).status_code == 403
    assert signed_in(Role.ADMINISTER, other_organization).post(path(application, word), fields).status_code == 404
    assert Client().post(path(application, word), fields).status_code == 302
    assert list(Task.objects.values()) == before


def test_an_unknown_task_is_not_found(browser: Client, application: Application) -> None:
    for word in ("run", "stop", "pause"):
        assert browser.post(path(application, word), {"task": "nonsense"}).status_code == 404


def test_a_deactivated_application_is_not_run(browser: Client, application: Application) -> None:
    Application.objects.update(active=False)
    assert browser.post(path(application, "run"), {"task": "roster"}).status_code == 422
    assert queue.list_waiting(system_clock()) == []


def test_runs_and_quarantine_are_listed_and_exported_and_hostile_rows_are_harmless(
    browser: Client, application: Application
) -> None:
    Quarantine.objects.create(
        connection=application.connection, task="roster", run=Run.objects.all()[0], raw=b"=cmd()<script>\xff\x00",
        reason="<b>what?", digest=b"1" * 32, first_seen=1, last_seen=2,
    )  # fmt: skip
    html = browser.get(path(application, "quarantine")).content.decode()
    assert "<script>" not in html.split("</head>")[1]
    assert "&lt;b&gt;what?" in html
    lines = b"".join(browser.get(path(application, "quarantine/export.csv"))).decode("utf-8-sig")
    assert "'=cmd()" in lines
    assert browser.get(path(application, "runs?word=complete&sort=-rows")).status_code == 200
    assert browser.get(path(application, "runs?word=nonsense")).status_code == 422


def test_events_end_when_nothing_is_under_way_and_give_their_place_back(
    browser: Client, application: Application
) -> None:
    for _ in range(live.MOST_STREAMS + 2):
        answer = browser.get(path(application, "integration/events"))
        text = b"".join(answer).decode()
        answer.close()
        assert text.rstrip().endswith("event: end\ndata:")


def test_a_stream_that_nobody_reads_gives_its_place_back(
    browser: Client, signed_in: SignedIn, application: Application
) -> None:
    answers = [browser.get(path(application, "integration/events")) for _ in range(live.MOST_OF_ONE)]
    assert browser.get(path(application, "integration/events")).status_code == 503
    other = signed_in(Role.APPLICATIONS)  # a member has only some of the places
    answers += [other.get(path(application, "integration/events")) for _ in range(live.MOST_STREAMS - live.MOST_OF_ONE)]
    assert {answer.status_code for answer in answers} == {200}
    assert signed_in(Role.APPLICATIONS).get(path(application, "integration/events")).status_code == 503
    for answer in answers:
        answer.close()
    browser.get(path(application, "integration/events")).close()


def test_a_stream_ends_with_the_server(browser: Client, application: Application) -> None:
    browser.post(path(application, "run"), {"task": "roster"})
    threading.Timer(0.3, live.closing.set).start()
    try:
        answer = browser.get(path(application, "integration/events"))
        assert "event: end" not in b"".join(answer).decode()
        answer.close()
    finally:
        live.closing.clear()


def test_a_held_task_is_left_alone_until_somebody_decides(application: Application) -> None:
    Run.objects.filter(task__key="roster").update(status=RunStatus.HELD)
    states = tasks.list_tasks(operator(), application.pk)
    assert [state.run.status for state in states if state.run and state.task.key == "roster"] == [RunStatus.HELD]
