"""Thirty who edit one application at once, by forms, REST and commands: nothing that anybody saved is lost silently.

Whoever was refused looks again and tries again, so at the end every change is there, once.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from seatkeeper.services import applications, tasks, tokens
from seatkeeper.services.applications import Edit, NewApplication
from seatkeeper.services.members import Role, operator, who_is
from seatkeeper.store.models import Application, AuditEvent, Task
from tests.web.conftest import NewMember, SignedIn, empty_store, new_member, organization, signed_in  # noqa: F401 - fixtures
from tests.web.test_adding import CLIENT, SECRET, TENANT, typed

from .test_edit_at_once import secret_of

pytestmark = [pytest.mark.usefixtures("database", "made_up_credentials"), pytest.mark.both_engines]
START = 100


class Duel:
    """Each writer adds one to the same field, or sets a field of its own."""

    def __init__(self, application: Application) -> None:
        self.pk = application.pk
        self.refused: Counter[str] = Counter()
        self.failed: list[BaseException] = []

    def by_form(self, browser: Client) -> None:
        address = f"/applications/{self.pk}/edit"
        while True:
            page = browser.get(address).content.decode()
            (shown,) = re.findall(r'name="shown" value="([^"]+)"', page)
            (threshold,) = re.findall(r'name="threshold_days" value="(\d+)"', page)
            sent = typed(client_secret="", threshold_days=str(int(threshold) + 1), shown=shown, tenant_id=None)
            answer = browser.post(address, sent)
            if answer.status_code == 302:
                return
            assert answer.status_code == 409, answer.content[:500]
            self.refused["form"] += 1

    def by_rest(self, client: Client, token: str) -> None:
        address, headers = f"/api/v1/applications/{self.pk}", {"Authorization": f"Bearer {token}"}
        while True:
            seen = client.get(address, headers=headers)
            body = json.dumps({"threshold_days": seen.json()["threshold_days"] + 1})
            sent = headers | {"If-Match": seen["ETag"]}
            answer = client.patch(address, body, "application/json", headers=sent)
            if answer.status_code == 200:
                return
            assert answer.status_code == 412, answer.content[:500]
            self.refused["REST"] += 1

    def by_command(self, edit: Edit) -> None:
        applications.edit_application(operator(), self.pk, edit)

    def run(self, *writers: Callable[[], Any]) -> None:
        ready = threading.Barrier(len(writers))

        def write(writer: Callable[[], Any]) -> None:
            try:
                ready.wait(60)
                writer()
            except BaseException as error:  # noqa: BLE001 - it is told by the test
                self.failed.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=write, args=(writer,)) for writer in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)


@pytest.mark.deep
def test_thirty_writers_at_once_lose_nothing(
    signed_in: SignedIn,  # noqa: F811
    new_member: NewMember,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    browsers = [signed_in(Role.APPLICATIONS) for _ in range(10)]
    member = who_is(new_member(Role.APPLICATIONS).pk)
    token = tokens.make(member, "duel", Role.APPLICATIONS.value).text.reveal()
    new = NewApplication("microsoft-project", "Project", TENANT, CLIENT, secret=SECRET, threshold_days=START)
    duel = Duel(applications.add_application(operator(), new))
    secrets = [f"another~secret.number-{number}" for number in range(5)]
    begun = time.monotonic()
    duel.run(
        *(lambda browser=browser: duel.by_form(browser) for browser in browsers),
        *(lambda: duel.by_rest(Client(), token) for _ in range(10)),
        *(lambda secret=secret: duel.by_command(Edit(secret=secret)) for secret in secrets),
        *(lambda n=n: tasks.set_schedule(operator(), duel.pk, "roster", n) for n in range(2, 5)),
        lambda: tasks.pause(operator(), duel.pk, "access"),
        lambda: tasks.set_schedule(operator(), duel.pk, "licenses", 48),
    )
    assert duel.failed == []
    stored = Application.objects.select_related("connection").get()
    assert stored.threshold_days == START + 20
    assert secret_of(stored.connection) in secrets  # and not the first one, which every other edit had read
    trail = AuditEvent.objects.filter(action="application.edited").count()
    assert trail == 25
    schedule = {task.key: (task.every_hours, task.paused) for task in Task.objects.all()}
    assert schedule["roster"][0] in range(2, 5)
    assert (schedule["licenses"][0], schedule["access"][1]) == (48, True)
    with capsys.disabled():
        took, refused = time.monotonic() - begun, dict(duel.refused)
        sys.stdout.write(f"\n30 writers in {took:.0f} s: 0 lost, refused and tried again {refused}\n")
