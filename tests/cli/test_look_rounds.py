"""A look round at the command line: a code for any device, and what becomes of what was read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from seatkeeper.cli import look_rounds
from seatkeeper.connectors.microsoft.signing_in import Desk
from seatkeeper.errors import Throttled, Unavailable
from tests.signing_in import press

from .conftest import Shell


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the command would have waited."""
    waited: list[float] = []
    monkeypatch.setattr(look_rounds, "sleep", waited.append)
    return waited


def begin(shell: Shell, *more: str) -> Any:
    s = shell.sandbox
    own = ("--login-url", s.login_url, "--graph-url", s.graph_url, "--ca-file", s.ca_file)
    return shell.run("look-round", "begin", s.tenant_id, "--client-id", s.client_id, *own, *more)


def type_in(shell: Shell, monkeypatch: pytest.MonkeyPatch, waits: list[float], who: int | None = 0) -> None:
    """Somebody types the code in while the command waits for the third time."""

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            (device,) = shell.sandbox.tenant.devices.values()
            place = f"{shell.sandbox.login_url}/{shell.sandbox.tenant_id}/oauth2/deviceauth"
            press(shell.sandbox, place, who, device.form["user_code"])

    monkeypatch.setattr(look_rounds, "sleep", sleep)


def test_somebody_types_the_code_in_reads_and_keeps(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    type_in(shell, monkeypatch, waits)
    done = begin(shell, "--product", "microsoft-project", "--product", "microsoft-visio")
    assert (done.code, done.out) == (0, ""), done.err
    assert re.search(r"open\n\n +https://\S+/oauth2/deviceauth\n\nand enter the code [0-9A-F]{9}\.", done.err)
    assert "- User.Read.All\n" in done.err
    assert waits == [5, 5, 5]
    listed = json.loads(shell.run("apps", "list", "--format", "json").out)
    assert [row["Product"] for row in listed] == ["microsoft-project", "microsoft-visio"]
    assert shell.run("sync").code == 0
    tenant = shell.sandbox.tenant_id
    assert "delegated, sealed, deleted on" in shell.run("connections", "show", tenant).out
    assert shell.run("look-round", "keep", tenant).code == 0
    assert "deleted on" not in shell.run("connections", "show", tenant).out
    refused = shell.run("look-round", "forget", tenant)
    assert (refused.code, "read regularly" in refused.err) == (2, True)


def test_it_can_be_forgotten_and_signed_in_to_again(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    type_in(shell, monkeypatch, waits)
    begin(shell, "--product", "microsoft-project")
    waits.clear()
    shell.sandbox.tenant.devices.clear()
    again = shell.run("look-round", "again", shell.sandbox.tenant_id)
    assert (again.code, "signed in again" in again.err) == (0, True), again.err
    assert shell.run("look-round", "forget", shell.sandbox.tenant_id).code == 0
    assert json.loads(shell.run("apps", "list", "--format", "json").out) == []


def test_who_declines_ends_it_with_nothing_saved(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    type_in(shell, monkeypatch, waits, None)
    done = begin(shell)
    assert (done.code, "declined" in done.err) == (3, True)
    assert json.loads(shell.run("apps", "list", "--format", "json").out) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--product", "microsoft-word"), "not a product of this vendor"),
        (("--task", "nonsense"), "is not a task"),
        (("--cloud", "moon"), "Cloud"),
    ],
)
def test_what_is_wrong_is_said_before_a_code_is_asked_for(shell: Shell, more: tuple[str, ...], told: str) -> None:
    done = begin(shell, *more)
    assert (done.code, told in done.err) == (2, True), done.err
    assert not shell.sandbox.tenant.devices


def test_a_tenant_with_a_credential_of_its_own_is_left_alone(shell: Shell) -> None:
    shell.add()
    assert begin(shell).code == 2
    done = shell.run("look-round", "again", shell.sandbox.tenant_id)
    assert (done.code, "credential of its own" in done.err) == (2, True)


@pytest.mark.parametrize("error", [Unavailable("away"), Throttled("slow down", until=0)])
def test_who_types_the_code_in_while_the_vendor_is_away_is_signed_in_nonetheless(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, waits: list[float], error: Exception
) -> None:
    type_in(shell, monkeypatch, waits)
    look = Desk.look

    def once(self: Any, flow: Any) -> Any:
        if len(waits) == 1:
            raise error
        return look(self, flow)

    monkeypatch.setattr(Desk, "look", once)
    done = begin(shell, "--product", "microsoft-project")
    assert done.code == 0, done.err
    assert waits == [5, 10, 10]
