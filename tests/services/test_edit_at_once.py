"""Two people who change one application at once: each change is kept, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from seatkeeper.connectors.microsoft import form
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.errors import BadInput, ChangedMeanwhile, WrongUse
from seatkeeper.graph.token import ClientSecret
from seatkeeper.model import Secret
from seatkeeper.services import applications
from seatkeeper.services.applications import Edit, NewApplication
from seatkeeper.services.members import Who, operator
from seatkeeper.store.models import Application, Connection, Organization
from seatkeeper.sync.connecting import open_connector, save_details, to_details

TENANT = "8f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11"
CLIENT = "1b6a6d0e-58a5-4b53-8a4f-3f0f6d9c2a22"
NEW_SECRET = "another~secret.of-the-same-application"

pytestmark = [pytest.mark.usefixtures("database", "made_up_credentials"), pytest.mark.both_engines]


@pytest.fixture
def who() -> Who:
    who = operator()
    applications.add_application(
        who, NewApplication("microsoft-project", "Project", TENANT, CLIENT, secret="a~very.secret-Value_0123456789")
    )
    return who


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run each in a thread with a connection of its own, all from one moment on; what each ended with."""
    ended: list[object] = [None] * len(actions)
    ready = threading.Barrier(len(actions))

    def run(place: int, action: Callable[[], object]) -> None:
        ready.wait(20)
        try:
            ended[place] = action()
        except (WrongUse, DatabaseError) as error:
            ended[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ended


def test_a_new_certificate_is_opened_once_and_while_nobody_waits_for_it(
    who: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = []

    def open_it(*_: Any, **__: Any) -> tuple[str, Secret, None]:
        inside.append(connection.in_atomic_block)
        return "certificate", Secret("pem"), None

    monkeypatch.setattr(form, "to_credential", open_it)
    applications.edit_application(who, "Project", Edit(certificate="pem", name="Plan"))
    assert inside == [False]
    assert Connection.objects.get().credential_kind == "certificate"


def get_in_or_fail() -> None:
    """Begin a change as somebody else would, without waiting for anybody."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 0")
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True, nowait=True).get()


def secret_of(connection: Connection) -> str:
    with open_connector(connection) as connector:
        assert isinstance(connector, MicrosoftConnector)
        credential = connector.client.tokens._credential
    assert isinstance(credential, ClientSecret)
    return credential.secret.reveal()


def test_nobody_else_can_begin_a_change_between_reading_and_saving(who: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    check, ended = applications._check_edit, list[object]()

    def meanwhile(*given: Any) -> Any:
        ended.extend(at_once(get_in_or_fail))
        return check(*given)

    monkeypatch.setattr(applications, "_check_edit", meanwhile)
    applications.edit_application(who, "Project", Edit(threshold_days=15))
    before, while_it_is_saved = ended  # what was typed in is looked at before anybody has to wait, and then once more
    assert before is None
    assert isinstance(while_it_is_saved, OperationalError)
    assert at_once(get_in_or_fail) == [None]


def test_a_threshold_edit_beside_a_new_secret_keeps_both(who: Who) -> None:
    ended = at_once(
        lambda: applications.edit_application(who, "Project", Edit(threshold_days=15)),
        lambda: applications.edit_application(who, "Project", Edit(secret=NEW_SECRET)),
    )
    assert {type(each) for each in ended} == {Application}, ended
    stored = Application.objects.select_related("connection").get()
    assert stored.threshold_days == 15
    assert secret_of(stored.connection) == NEW_SECRET


def test_of_two_edits_of_one_version_one_is_refused(who: Who) -> None:
    version = applications.version_of(applications.find_application(who, "Project"))
    ended = at_once(
        lambda: applications.edit_application(who, "Project", Edit(threshold_days=15), version),
        lambda: applications.edit_application(who, "Project", Edit(tags="seats"), version),
    )
    assert sum(isinstance(each, ChangedMeanwhile) for each in ended) == 1, ended
    stored = Application.objects.get()
    assert (stored.threshold_days == 15) != (stored.tags == "seats")
    assert stored.version == 1


def test_a_change_of_the_shared_connection_makes_the_version_another(who: Who) -> None:
    version = applications.version_of(applications.find_application(who, "Project"))
    applications.edit_application(who, "Project", Edit(tasks=["roster"]))
    with pytest.raises(ChangedMeanwhile, match="'Project' was changed after you had opened it"):
        applications.edit_application(who, "Project", Edit(threshold_days=15), version)


def test_an_edit_without_a_version_changes_what_is_given_and_nothing_else(who: Who) -> None:
    mine = applications.find_application(who, "Project")
    applications.edit_application(who, "Project", Edit(threshold_days=15, secret=NEW_SECRET))
    assert save_details(mine.connection, to_details(mine.connection)) == []
    assert mine.save_changes({"tags": "seats"}) == ["tags"]  # saved by somebody who has read what was there before
    stored = Application.objects.select_related("connection").get()
    assert (stored.threshold_days, stored.tags) == (15, "seats")
    assert secret_of(stored.connection) == NEW_SECRET


def test_the_same_application_added_twice_at_once_is_there_once(who: Who) -> None:
    applications.delete_application(who, "Project")

    def add(name: str) -> Application:
        new = NewApplication("microsoft-project", name, TENANT, CLIENT, secret=NEW_SECRET)
        return applications.add_application(who, new)

    ended = at_once(lambda: add("A"), lambda: add("B"))
    assert {type(each) for each in ended} == {Application, BadInput}, ended
    assert Application.objects.count() == 1
