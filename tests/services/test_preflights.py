"""Authorize for pages and REST: nobody waits long or with many, and a member does not learn what is inside."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import stamina

from seatkeeper.errors import TooOften
from seatkeeper.graph.egress import Egress
from seatkeeper.jobs import tenant_checks
from seatkeeper.services import applications, preflights, waiting
from seatkeeper.services.applications import Check
from seatkeeper.services.members import Role, Who, operator, who_is
from seatkeeper.store.models import Application, Connection, Organization
from tests.web.conftest import NewMember, empty_store, new_member, organization  # noqa: F401 - fixtures
from tests.web.sockets import until
from tests.web.world import APPLICATION


@pytest.fixture
def member(organization: Organization, new_member: NewMember) -> Who:  # noqa: F811
    """Who may authorize, with an application."""
    who = who_is(new_member(Role.ADMINISTER).pk)
    applications.add_application(who, applications.NewApplication(**APPLICATION))
    return who


def test_of_twenty_calls_to_a_silent_vendor_two_wait_and_not_for_long(
    member: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()

    def silent(*_: object) -> Iterator[Check]:
        answer.wait(30)
        yield Check("Credential accepted", True, "")

    monkeypatch.setattr(tenant_checks, "list_checks", silent)
    pk = Application.objects.get().pk

    assert not preflights.wait(member, pk, 0.01).told, "it goes on without whoever asked"
    callers = [threading.Thread(target=preflights.wait, args=(member, pk, 20.0)) for _ in range(2)]
    for caller in callers:
        caller.start()
    assert until(lambda: waiting._waiting[member.organization_id] == 2)
    for _ in range(18):
        with pytest.raises(TooOften):
            preflights.wait(member, pk, 5.0)
    answer.set()
    for caller in callers:
        caller.join()
    assert preflights.wait(member, pk, 20.0).told
    assert not waiting._waiting.total()


def serve(server: socket.socket, greeting: bytes) -> None:
    """Say this to whoever comes, and nothing more."""
    with suppress(OSError):  # it is closed at the end
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(greeting)
                while connection.recv(4096):
                    pass


@pytest.mark.parametrize("greeting", [None, b"", b"220 mail.inside.example ESMTP\r\n"])
def test_what_a_member_is_told_of_an_address_inside_is_the_same_whatever_is_there(
    member: Who, greeting: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Egress.__init__, "__kwdefaults__", {"deadline": 0.5, "cap": 2**20})
    with socket.create_server(("127.0.0.1", 0)) as server, stamina.set_testing(True, attempts=1):
        port = server.getsockname()[1]
        if greeting is None:
            server.close()
        else:
            threading.Thread(target=serve, args=(server, greeting), daemon=True).start()
        Connection.objects.update(login_url=f"https://127.0.0.1:{port}", graph_url=f"https://127.0.0.1:{port}")
        (told,) = applications.authorize(member, Application.objects.get().pk)
        (truth,) = applications.authorize(operator(), Application.objects.get().pk)
    assert told.passed is False
    assert told.message.replace(str(port), "PORT") == (
        "Nothing answers as the vendor does at Login URL https://127.0.0.1:PORT, Graph URL https://127.0.0.1:PORT. "
        "`seatkeeper apps authorize` says why, to whoever runs this machine."
    )
    assert truth.message != told.message
