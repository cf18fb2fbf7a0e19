"""Commands work in one organization: the only one, or the one that is named."""

from __future__ import annotations

import pytest

from .conftest import Shell


@pytest.fixture
def both(shell: Shell) -> Shell:
    """With Default and Contoso."""
    assert shell.run("organizations", "add", "Contoso").code == 0
    return shell


def test_where_there_are_several_a_command_says_which_there_are(both: Shell) -> None:
    done = both.run("prices", "list")
    assert done.code == 2
    assert "Contoso, Default" in done.err
    assert both.run("--organization", "Contoso", "prices", "list").code == 0
    wrong = both.run("--organization", "Fabrikam", "prices", "list")
    assert wrong.code == 2
    assert "no organization is called 'Fabrikam'" in wrong.err


def test_the_environment_names_the_organization_for_all_commands(both: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATKEEPER_ORGANIZATION", "Contoso")
    assert both.run("prices", "list").code == 0
    assert both.run("--organization", "Default", "prices", "list").code == 0


def test_organizations_are_made_renamed_archived_and_reactivated(both: Shell) -> None:
    made = both.run("organizations", "add", "Fabrikam", "--administrator", "ada@example.com")
    assert "/invitations/" in made.out
    assert both.run("organizations", "rename", "Fabrikam", "Northwind").code == 0
    assert both.run("organizations", "archive", "Northwind").code == 0
    assert both.run("--organization", "Northwind", "prices", "list").code == 2
    listed = both.run("organizations", "list", "--format", "csv").out
    assert [line.split(",")[:2] for line in listed.splitlines()[1:]] == [
        ["Contoso", "active"], ["Default", "active"], ["Northwind", "archived"],
    ]  # fmt: skip
    assert both.run("organizations", "reactivate", "Northwind").code == 0
    assert both.run("organizations", "rename", "Fabrikam", "x").code == 2


def test_operators_are_made_at_the_machine(shell: Shell) -> None:
    assert "no operator yet" in shell.run("operators", "list").err
    assert "/invitations/" in shell.run("operators", "add", "otto@example.com").out
    assert shell.run("operators", "list").out == "otto@example.com\n"
    assert shell.run("operators", "remove", "otto@example.com").code == 0
    assert shell.run("operators", "remove", "otto@example.com").code == 2
