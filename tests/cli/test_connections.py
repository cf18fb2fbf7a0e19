"""The commands for tenants: the list, one of them, and more products for it."""

from __future__ import annotations

import json

from .conftest import Shell


def managed(shell: Shell) -> list[str]:
    return sorted(row["Product"] for row in json.loads(shell.run("apps", "list", "--format", "json").out))


def test_without_a_tenant_the_list_says_the_next_step(shell: Shell) -> None:
    done = shell.run("connections")
    assert (done.code, done.out) == (0, "")
    assert "seatkeeper apps add" in done.err


def test_the_list_and_the_tenant_say_what_is_managed_and_what_could_be(shell: Shell) -> None:
    shell.add()
    tenant = shell.sandbox.tenant_id
    assert tenant in shell.run("connections").out
    (row,) = json.loads(shell.run("connections", "list", "--format", "json").out)
    assert (row["Tenant"], row["Products"], row["Health"]) == (tenant, "Microsoft Project", "never run")
    shown = shell.run("connections", "show", tenant.upper())
    assert shown.code == 0
    for words in (
        "Project (microsoft-project)",
        "Sign-ins to the product: never run",
        "Reports.Read.All: not known yet; without it nobody can say who used Microsoft 365 Copilot",
        "power-bi: owned: not known until the licences were read",
    ):
        assert words in shown.out
    assert shell.sandbox.client_secret not in shown.out


def test_a_dry_run_says_what_changes_and_adding_does_it(shell: Shell) -> None:
    shell.add()
    asked = ("connections", "add", shell.sandbox.tenant_id, "power-bi", "microsoft-visio")
    dry = shell.run(*asked, "--dry-run")
    assert (dry.code, managed(shell)) == (0, ["microsoft-project"])
    assert "No figure of “Project” changes." in dry.out
    assert "Nothing was changed." in dry.err
    done = shell.run(*asked)
    assert (done.code, done.out) == (0, dry.out)
    assert "Added 'Microsoft Visio'." in done.err
    assert managed(shell) == ["microsoft-project", "microsoft-visio", "power-bi"]


def test_an_unknown_tenant_or_product_is_refused(shell: Shell) -> None:
    shell.add()
    for asked in (("show", "fabrikam.example"), ("add", "fabrikam.example", "power-bi")):
        done = shell.run("connections", *asked)
        assert done.code == 2
        assert "The tenant 'fabrikam.example' does not exist" in done.err
    done = shell.run("connections", "add", shell.sandbox.tenant_id, "microsoft-word")
    assert done.code == 2
    assert "'microsoft-word' is not a product of this vendor" in done.err
    assert managed(shell) == ["microsoft-project"]


def test_people_of_a_tenant_are_listed_once_with_what_they_cost(shell: Shell) -> None:
    shell.add()
    tenant = shell.sandbox.tenant_id
    before = shell.run("connections", "people", tenant)
    assert (before.code, before.out) == (0, "")
    assert "Nobody is on a roster yet" in before.err
    shell.run("connections", "add", tenant, "microsoft-visio")
    shell.sync()
    rows = json.loads(shell.run("connections", "people", tenant, "--format", "json").out)
    (ada,) = [row for row in rows if row["First Name"] == "Ada"]
    assert ada["Products"] == "Microsoft Project, Microsoft Visio"
    assert len({row["Object ID"] for row in rows}) == len(rows)
    assert shell.run("connections", "people", "fabrikam.example").code == 2


def test_the_licence_position_of_a_tenant_counts_each_sku_once(shell: Shell) -> None:
    shell.add()
    tenant = shell.sandbox.tenant_id
    assert "No licence was read yet" in shell.run("connections", "position", tenant).err
    shell.sync()
    told = shell.run("connections", "position", tenant, "--format", "json")
    rows = json.loads(told.out)
    bought = sum(row["Bought"] for row in rows if row["Counted At"] == row["Application"])
    assert f"Each SKU once: {bought:,} bought" in told.err


def test_the_true_up_of_a_tenant_names_the_days_that_were_read(shell: Shell) -> None:
    shell.add()
    told = shell.run("connections", "true-up", shell.sandbox.tenant_id, "2026-01-01", "2026-01-31")
    assert (told.code, told.out) == (0, "")
    assert "Licences were read on 0 of 31 days." in told.err
    assert shell.run("connections", "true-up", shell.sandbox.tenant_id, "2026-01-31", "2026-01-01").code == 2
