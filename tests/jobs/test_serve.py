"""`seatkeeper serve` as a process: it runs what is due, shows it as it goes, and ends politely."""

from __future__ import annotations

import json
import signal
import threading
import urllib.request
from collections.abc import Callable

import pytest

from seatkeeper.clock import system_clock
from seatkeeper.model import RunStatus
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services import runs, tasks
from seatkeeper.services.members import operator
from seatkeeper.store.models import Run, Task

from .conftest import Server, add, added, wait_for

Start = Callable[..., Server]


def complete(key: str) -> bool:
    return Run.objects.filter(task__key=key, status=RunStatus.COMPLETE).exists()


def test_what_is_added_is_read_at_once_and_then_daily(start: Start) -> None:
    server = start()
    with added("licenses", "roster", "access") as application:
        wait_for(lambda: all(complete(key) for key in ("licenses", "roster", "access")), "the first reading")
        assert {run.asked_by for run in Run.objects.all()} == {"scheduler"}
        tasks = Task.objects.filter(connection=application.connection, enabled=True)
        wait_for(lambda: all(task.due for task in tasks.all()), "the next runs are planned")
        runs = sorted(Run.objects.values_list("task__key", "status"))
        assert runs == [(key, RunStatus.COMPLETE) for key in ("access", "licenses", "roster")]
        assert server.stop() == 0


def test_run_now_is_shown_live_until_it_ends(start: Start) -> None:
    with added("access", sign_ins=9000) as application:
        tasks.pause(operator(), application.pk, "access")
        server = start()
        answer = server.ask(f"/applications/{application.pk}/run", task="access")
        assert (answer.status, answer.headers["Location"]) == (302, f"/applications/{application.pk}/integration")
        seen: list[tuple[str, str]] = []
        while not seen or seen[-1][0] != "end":
            seen += server.events(f"/applications/{application.pk}/integration/events")
        parts = [data for name, data in seen if name == "part"]
        assert any("waiting" in part or "starting" in part for part in parts) or "<progress" in parts[0]
        assert any("<progress" in part for part in parts)
        run = Run.objects.get()
        assert (run.status, run.asked_by) == (RunStatus.COMPLETE, "a@example.com")
        assert server.events(f"/runs/{run.pk}/events")[-1][0] == "end"
        page = server.ask(f"/runs/{run.pk}").text
        assert "a@example.com" in page
        assert "data-live" not in page


def test_a_signal_ends_the_process_in_time_and_the_next_start_goes_on(start: Start) -> None:
    with added("access", sign_ins=9000) as application:
        server = start()
        wait_for(lambda: Run.objects.filter(rows__gt=0).exists(), "the first page")
        assert server.stop(signal.SIGTERM) == 0
        first = Run.objects.get()
        assert (first.status, first.rows > 0) == (RunStatus.INTERRUPTED, True)
        assert Task.objects.get(connection=application.connection, key="access").due is not None
        again = start()
        wait_for(lambda: complete("access"), "the same task to its end")
        assert Run.objects.count() == 2
        assert again.stop(signal.SIGINT) == 0


@pytest.mark.deep
def test_a_killed_process_leaves_a_run_that_the_next_one_takes_up(start: Start) -> None:
    with added("access", sign_ins=9000):
        server = start()
        wait_for(lambda: Run.objects.filter(rows__gt=0).exists(), "the first page")
        server.stop(signal.SIGKILL)
        assert Run.objects.get().status == RunStatus.RUNNING
        start()
        wait_for(lambda: complete("access"), "the same task to its end")
        assert sorted(Run.objects.values_list("status", flat=True)) == [RunStatus.COMPLETE, RunStatus.INTERRUPTED]


@pytest.mark.deep
def test_a_run_is_stopped_from_any_process_and_does_not_begin_again(start: Start) -> None:
    server = start()
    with Sandbox(settings=Settings(people=60, days=10, sign_ins=20_000)) as sandbox:
        application = add(sandbox, "access")
        wait_for(lambda: Run.objects.filter(rows__gt=0).exists(), "the first page")
        with sandbox.tenant.lock:  # which then gives no further page
            assert server.ask(f"/applications/{application.pk}/stop", task="access").status == 302
        wait_for(lambda: Run.objects.get().status == RunStatus.INTERRUPTED, "the end of the page")
        tomorrow = Task.objects.filter(connection=application.connection, key="access", due__gt=system_clock())
        wait_for(lambda: tomorrow.filter(stop_asked=False).exists(), "the next run is planned")
        assert Run.objects.count() == 1


@pytest.mark.deep
def test_fifty_starts_at_once_from_pages_and_commands_are_one_run(start: Start) -> None:
    with added("access", sign_ins=20_000) as application:
        tasks.pause(operator(), application.pk, "access")
        servers = [start(), start("worker")]
        path = f"/applications/{application.pk}/run"
        presses = [threading.Thread(target=servers[0].ask, args=(path,), kwargs={"task": "access"}) for _ in range(47)]
        commands = [Server("sync", "Project", "--task", "access") for _ in range(3)]
        for thread in presses:
            thread.start()
        for thread in presses:
            thread.join()
        codes = {command.process.wait(120) for command in commands}
        for command in commands:
            command.end()
        wait_for(lambda: complete("access"), "the one run")
        wait_for(lambda: not Task.objects.exclude(lease_owner="").exists(), "nobody is at it")
        assert codes <= {0, 5}, [command.said for command in commands]
        assert Run.objects.count() == 1
        assert [server.stop() for server in servers] == [0, 0]


@pytest.mark.deep
def test_only_four_pages_of_a_member_are_kept_up_to_date_at_once_and_the_others_stay_quick(start: Start) -> None:
    server = start()
    with added("access", sign_ins=100_000) as application:
        wait_for(lambda: Run.objects.filter(rows__gt=0).exists(), "the first page")
        path = f"/applications/{application.pk}/integration/events"
        streams = [server.open(path) for _ in range(4)]
        assert [stream.status for stream in streams] == [200] * 4
        assert server.ask(path).status == 503
        assert server.ask("/healthz").status == 200
        assert server.stop() == 0  # streams do not hold it up
        for stream in streams:
            stream.close()


@pytest.mark.deep
@pytest.mark.usefixtures("database")
def test_nonsense_is_refused_before_anything_listens(start: Start) -> None:
    server = start()
    port = server.url.rpartition(":")[2]
    for words, reason in (
        (("--port", "70000"), "65535"),
        (("--port", port), "in use"),
        (("--host", "no such host"), "cannot listen on"),
    ):
        other = Server("serve", *words)
        assert other.process.wait(60) == 2
        other.end()
        assert reason in "".join(other.said)


def test_machines_are_told_whether_it_works(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATKEEPER_METRICS", "local")
    server = start("serve", "--port", "0", "--no-scheduler")
    assert server.ask("/healthz").text == "ok\n"
    with urllib.request.urlopen(server.url + "/readyz") as answer:
        ready = json.load(answer)
    assert all(ready.values())
    assert set(ready) == {"database", "schema", "disk", "scheduler", "look", "refresh"}
    passed_on = urllib.request.Request(server.url + "/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert "seatkeeper_queue" in server.ask("/metrics").text
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        urllib.request.urlopen(passed_on)
    refused.value.close()


@pytest.mark.deep
def test_without_a_scheduler_nothing_is_read(start: Start) -> None:
    server = start("serve", "--port", "0", "--no-scheduler")
    with added():
        server.ask("/healthz")
        assert not Run.objects.exists()
        worker = start("worker")
        wait_for(lambda: complete("licenses"), "the worker reads instead")
        assert worker.stop() == 0


def test_the_first_start_says_how_to_become_its_first_member(start: Start, database: object) -> None:
    server = Server("serve", "--port", "0")
    server.ready()
    wait_for(lambda: "with this token" in "".join(server.said), "the token")
    assert server.stop() == 0
    server.end()
    assert runs.list_runs(operator()) == []
