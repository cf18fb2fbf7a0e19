"""Prices, exceptions and plans at the command line: the same services, said in rows and sentences."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Shell


def rows(shell: Shell, *words: str) -> list[dict[str, Any]]:
    done = shell.run(*words, "--format", "json")
    assert (done.code, done.err) == (0, ""), done
    return json.loads(done.out)  # type: ignore[no-any-return]


def test_prices_exceptions_and_a_plan_from_the_first_to_its_script(shell: Shell) -> None:
    shell.add("--threshold", "10")
    shell.sync()
    assert shell.run("prices", "set", "projectprofessional", "28,10", "eur").code == 0
    (price,) = rows(shell, "prices", "list")
    assert (price["SKU"], price["Amount"], price["Currency"]) == ("PROJECTPROFESSIONAL", "28.10", "EUR")
    costs = {
        row["User ID"]: row["Monthly Cost"]
        for row in rows(shell, "findings", "Project")
        if row["Finding"] == "never-seen"
    }
    someone = "bo.dahl@northwind.example"
    assert costs[someone] == "28.10 EUR"
    assert costs["cy.ek@northwind.example"] is None  # whose plan has no price
    made = shell.run("exceptions", "add", "Project", "person", someone, "--reason", "agreed", "--until", "2099-12-31")
    assert (made.code, made.out) == (0, "")
    (exception,) = rows(shell, "exceptions", "list", "Project")
    assert (exception["Which"], exception["Until"][:10]) == (someone, "2100-01-01")
    about = [row["State"] for row in rows(shell, "findings", "Project") if row["User ID"] == someone]
    assert set(about) == {"excepted"}
    assert shell.run("exceptions", "end", str(exception["Exception"])).code == 0
    assert rows(shell, "exceptions", "list", "Project") == []

    assert shell.run("plans", "propose", "Project", "--name", "May").code == 0
    (plan,) = rows(shell, "plans", "list", "Project")
    number = str(plan["Plan"])
    items = rows(shell, "plans", "show", number)
    assert len(items) == plan["To Take"] > 1
    assert shell.run("plans", "script", number).code == 2
    stays = items[0]["User ID"]
    assert shell.run("plans", "approve", number, "--except", "nobody@nowhere.example").code == 2
    assert shell.run("plans", "approve", number, "--except", stays).code == 0
    done = shell.run("plans", "script", number, "--kind", "az")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("#!/bin/sh\n")
    assert items[0]["Object ID"] not in done.out
    assert items[-1]["Object ID"] in done.out


def test_a_bundle_that_was_written_verifies(shell: Shell) -> None:
    shell.add()
    shell.sync()
    target = shell.home.parent / "bundle.zip"
    assert shell.run("bundle", "Project", "--output", str(target)).code == 0
    done = shell.run("verify", str(target))
    assert done.code == 0
    assert "follow from its inputs" in done.err


def test_what_cannot_be_is_refused_with_its_name(shell: Shell) -> None:
    shell.add()
    for words, said in (
        (("prices", "set", "PROJECT_P1", "1.234,50", "EUR"), "Amount"),
        (("prices", "import", "nowhere.csv"), "File"),
        (("exceptions", "add", "Project", "planet", "Mars", "--reason", "far away"), "Scope"),
        (("exceptions", "add", "Project", "sku", "A", "--reason", "agreed", "--until", "tomorrow"), "Until"),
        (("exceptions", "end", "7"), "does not exist"),
        (("plans", "show", "7"), "does not exist"),
        (("plans", "propose", "Project", "--name", "May"), "no finding says"),
    ):
        done = shell.run(*words)
        assert (done.code, done.out) == (2, ""), words
        assert said in done.err, words


def test_a_member_who_cannot_sign_in_gets_a_link_on_stdout(shell: Shell) -> None:
    refused = shell.run("members", "link", "ada@example.com")
    assert (refused.code, refused.out) == (2, "")
    assert "nobody yet" in refused.err
