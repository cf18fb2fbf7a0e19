"""What goes wrong at Microsoft's side: exit code 3 when someone must act there, 4 when it is to be tried later."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from tests.cli.conftest import Shell
from tests.people import NOW


def make_certificate() -> str:
    """A certificate of today with its key, as an administrator would make one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "seatkeeper")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return (pem + certificate.public_bytes(serialization.Encoding.PEM)).decode()


def states(shell: Shell) -> dict[str, str]:
    runs = json.loads(shell.run("runs", "Project", "--format", "json").out)
    return {run["Task"]: run["State"] for run in reversed(runs)}


def roster_size(shell: Shell) -> int:
    return len(shell.run("roster", "Project", "--format", "jsonl").out.splitlines())


def wrong_secret(shell: Shell) -> None:
    shell.sandbox.tenant.client_secret = "another"


def expired_secret(shell: Shell) -> None:
    shell.sandbox.tenant.secret_expired = True


def removed_app(shell: Shell) -> None:
    shell.sandbox.tenant.app_removed = True


def blocked(shell: Shell) -> None:
    shell.sandbox.tenant.blocked_by_policy = True


@pytest.mark.parametrize(
    ("trouble", "word"),
    [
        (wrong_secret, "secret"),
        (expired_secret, "expired"),
        (removed_app, "Client ID"),
        (blocked, "Conditional Access"),
    ],
)
def test_a_rejected_credential_stops_all_tasks_at_the_first_refusal(
    shell: Shell, trouble: Callable[[Shell], None], word: str
) -> None:
    shell.add()
    trouble(shell)
    done = shell.sync()
    assert done.code == 3, done
    assert word in done.err
    assert shell.sandbox.client_secret not in done.err
    posts = [request for request in shell.sandbox.ledger if request["method"] == "POST"]
    assert len(posts) == 1  # no storm of retries
    assert set(states(shell).values()) == {"refused"}


def test_an_unknown_tenant_is_told_before_the_secret_is_sent(shell: Shell) -> None:
    shell.add(tenant_id="0785ef7c-2d7a-4542-b048-95bcab406e0b")
    done = shell.sync()
    assert done.code == 3, done
    assert "Tenant ID" in done.err
    assert not [request for request in shell.sandbox.ledger if request["method"] == "POST"]


@pytest.mark.parametrize(
    ("fault", "words"), [("no-auditlog", ["AuditLog.Read.All", "consent"]), ("no-premium", ["P1"])]
)
def test_without_sign_ins_the_roster_is_read_all_the_same(shell: Shell, fault: str, words: list[str]) -> None:
    with Sandbox(settings=Settings(people=60, now=NOW), faults=[fault]) as sandbox:
        poor = Shell(shell.home, sandbox)
        poor.add()
        done = poor.sync()
        assert done.code == 3, done
        assert all(word in done.err for word in words)
        assert states(poor) == {
            "License Information": "complete",
            "Application Roster": "complete",
            "Application Access": "refused",
            "Non-Interactive Access": "refused",
        }
        assert roster_size(poor) > 5
        evidence = json.loads(poor.run("access", "Project", "--format", "json").out)
        assert {row["Evidence"] for row in evidence} == {"not observable yet"}


def test_consent_that_is_given_later_is_noticed(shell: Shell) -> None:
    with Sandbox(settings=Settings(people=60, now=NOW), faults=["no-consent"]) as sandbox:
        fresh = Shell(shell.home, sandbox)
        fresh.add()
        assert fresh.sync().code == 3
        sandbox.tenant.consent = True
        assert fresh.sync().code == 0


def test_concealed_names_are_held_back_and_nothing_is_stored(shell: Shell) -> None:
    with Sandbox(settings=Settings(people=60, now=NOW), faults=["concealed-names"]) as sandbox:
        concealed = Shell(shell.home, sandbox)
        concealed.add()
        done = concealed.sync("--task", "roster")
        assert done.code == 3, done
        assert "Display concealed" in done.err
        assert roster_size(concealed) == 0
        import sqlite3

        with sqlite3.connect(shell.home / "seatkeeper.sqlite3") as database:
            assert database.execute("SELECT count(*) FROM store_account").fetchone() == (0,)


def test_a_secret_id_at_microsofts_side_names_the_value(shell: Shell) -> None:
    shell.write_secret("not~the~value~of~the~secret")
    shell.add()
    done = shell.sync()
    assert done.code == 3
    assert "value" in done.err.lower()


def test_a_certificate_that_is_not_registered_is_refused(shell: Shell) -> None:
    pem = make_certificate()
    file = shell.home.parent / "certificate.pem"
    file.write_text(pem)
    file.chmod(0o600)
    assert shell.add(client_secret_file=None, client_certificate_file=str(file)).code == 0
    done = shell.sync()
    assert done.code == 3, done
    assert "ertificate" in done.err
    shell.sandbox.tenant.register_certificate(pem)
    assert shell.sync().code == 0
