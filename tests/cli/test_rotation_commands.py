"""A command replaces a credential only by one that works, and says with which exit code it did not."""

from __future__ import annotations

from tests.graph.vendor import closed_port

from .conftest import Shell


def test_a_command_tries_the_new_secret_first(shell: Shell) -> None:
    shell.add()
    shell.write_secret("a~wrong.secret-that-nobody-made")
    edit = ("apps", "edit", "Project", "--client-secret-file", str(shell.secret_file))
    refused = shell.run(*edit)
    assert refused.code == 3
    assert "The Client Secret is wrong" in refused.err
    assert "the stored credential stays in use" in refused.err
    assert shell.run("apps", "authorize", "Project").code == 0
    elsewhere = f"https://localhost:{closed_port()}"
    silent = shell.run(*edit, "--login-url", elsewhere)
    assert silent.code == 4
    assert "could not be tried" in silent.err
    shell.sandbox.tenant.client_secret = "another~secret.of-the-application"
    shell.write_secret("another~secret.of-the-application")
    changed = shell.run(*edit, "--client-secret-expires", "2090-08-01")
    assert changed.code == 0
    assert "was tried first and works" in changed.err
    assert "expires 2090-08-01" in shell.run("apps", "show", "Project").out
    assert shell.run("apps", "authorize", "Project").code == 0
