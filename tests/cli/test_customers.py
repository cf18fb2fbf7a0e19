"""Many tenants at the command line: a list is tried, added and checked; links; one new secret for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatkeeper.sandbox.serve import More, Sandbox
from tests.signing_in import consent

from .conftest import Shell

SECRET = "Sk8~this-must-be-seen-nowhere-at-all"


@pytest.fixture
def others(shell: Shell) -> Iterator[Sandbox]:
    """Three tenants with one app registration, in the place of the shell's one."""
    with Sandbox(people=20, days=5, seed=7, more=More(tenants=3)) as sandbox:
        shell.sandbox = sandbox
        shell.write_secret(sandbox.client_secret)
        yield sandbox


def write_list(folder: Path, sandbox: Sandbox, *more: str) -> Path:
    (folder / "ca.pem").write_text(Path(sandbox.ca_file).read_text())
    authorities = Path(sandbox.ca_file).read_text()
    rows = [
        f"Customer {number},{tenant.tenant_id},{sandbox.client_id},{sandbox.client_secret},microsoft-project,"
        f'{sandbox.login_url},{sandbox.graph_url},"{authorities}"'
        for number, tenant in enumerate(sandbox.tenants, start=1)
    ]
    file = folder / "customers.csv"
    file.write_text("\n".join(["Name,Tenant,Client ID,Secret,Products,Login URL,Graph URL,CA File", *rows, *more]))
    return file


def test_a_list_is_tried_then_added_and_every_tenant_is_checked(shell: Shell, others: Sandbox, tmp_path: Path) -> None:
    wrong = f"Wrong,nowhere,{SECRET},{others.client_secret},microsoft-project,,,"
    file = write_list(tmp_path, others, wrong)
    tried = shell.run("apps", "import", str(file), "--dry-run")
    assert (tried.code, tried.out) == (2, "")
    assert ", Tenant: It is neither a GUID nor a domain" in tried.err
    assert "3 of 4 rows are right. This was a dry run: nothing was added." in tried.err
    refused = shell.run("apps", "import", str(file))
    assert refused.code == 2
    assert "1 of 4 rows are wrong, so nothing was added." in refused.err
    assert json.loads(shell.run("apps", "list", "--format", "json").out) == []
    others.tenants[2].consent = False
    done = shell.run("apps", "import", str(file), "--only-good", "--authorize")
    assert done.code == 3, done.err
    assert "3 tenants added." in done.err
    assert done.out.count("passed") == 2
    assert done.out.count("failed") == 1
    assert SECRET not in tried.err + refused.err + done.err + done.out
    assert others.client_secret not in tried.err + refused.err + done.err + done.out
    listed = json.loads(shell.run("apps", "list", "--format", "json").out)
    assert [row["Name"] for row in listed] == [f"Microsoft Project (Customer {number})" for number in (1, 2, 3)]
    others.tenants[2].consent = True
    again = shell.run("connections", "authorize", "--format", "json")
    assert again.code == 0, again.err
    assert {row["Result"] for row in json.loads(again.out)} == {"passed"}


def test_one_new_secret_takes_the_place_of_all(shell: Shell, others: Sandbox, tmp_path: Path) -> None:
    shell.run("apps", "import", str(write_list(tmp_path, others)))
    shell.write_secret("wrong~but-of-the-right-shape")
    rotate = ("connections", "rotate", others.client_id, "--client-secret-file", str(shell.secret_file))
    refused = shell.run(*rotate)
    assert refused.code == 3
    assert "the stored credential stays in use" in refused.err
    for tenant in others.tenants:
        tenant.client_secret = "new8~secret-that-is-good-from-now-on"
    shell.write_secret(others.client_secret)
    done = shell.run(*rotate)
    assert (done.code, "replaced that of 3 tenants" in done.err) == (0, True), done.err
    assert shell.run("connections", "authorize").code == 0
    unknown = shell.run("connections", "rotate", "nobody", *rotate[3:])
    assert (unknown.code, "no tenant is read as this app registration" in unknown.err) == (2, True)


def test_a_customer_joins_by_a_link(shell: Shell, others: Sandbox) -> None:
    assert "does not exist" in shell.run("consent", "link", "Contoso", "--product", "office-365").err
    s = others
    own = ("--login-url", s.login_url, "--graph-url", s.graph_url, "--ca-file", s.ca_file)
    kept = shell.run(
        "consent", "register", "--tenant-id", s.tenant_id, "--client-id", s.client_id,
        "--client-secret-file", str(shell.secret_file), *own,
    )  # fmt: skip
    assert (kept.code, kept.out) == (0, "http://localhost:8000/connections/consented\n"), kept.err
    tenant = others.tenants[1]
    made = shell.run("consent", "link", "Contoso", "--product", "office-365", "--tenant-id", tenant.tenant_id)
    assert made.code == 0
    assert consent(s, made.out.strip(), 0, tenant)["tenant"] == tenant.tenant_id
    (row,) = json.loads(shell.run("consent", "list", "--format", "json").out)
    assert (row["Customer"], row["Status"], row["Tenant"]) == ("Contoso", "waiting", tenant.tenant_id)
    shown = shell.run("consent", "show", str(row["Number"]))
    assert (shown.out, shown.err) == (made.out, "Contoso: waiting.\n")
    assert shell.run("consent", "retry", str(row["Number"])).code == 2
    assert shell.run("consent", "withdraw", str(row["Number"])).code == 0
    assert shell.run("consent", "show", str(row["Number"])).out == ""
    assert shell.run("consent", "unregister").code == 0
    assert shell.run("consent", "unregister").code == 2
