"""This server signs in with a token of its own: from the file as it is now, looked at first, to Microsoft alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seatkeeper.connectors.microsoft.form import check_form
from seatkeeper.connectors.microsoft.vendor import check_identity
from seatkeeper.errors import CredentialsRejected
from seatkeeper.graph.clouds import CLOUDS, to_endpoints
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.federated import FederatedToken
from seatkeeper.graph.token import TokenSource
from seatkeeper.model import Secret
from seatkeeper.sandbox.login.workload import AUDIENCE, trust_workload, workload_token
from seatkeeper.sandbox.serve import Sandbox

from .conftest import QUICK
from .vendor import TENANT, Vendor, jwt

SOON = 4_000_000_000  # in the year 2096


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "token"


def read(file: Path, audience: str = AUDIENCE) -> str:
    return FederatedToken("client", file, audience).read()


def test_the_file_is_read_at_each_use(file: Path) -> None:
    for text in (workload_token(), workload_token(n=1) + "\n"):
        file.write_text(text)
        assert FederatedToken("client", file, AUDIENCE).to_msal()["client_assertion"]() == text.strip()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"secret-that-was-pasted-here", "holds no token"),
        (b"a.b.c", "holds no token"),
        (b"\xff\xfe.e30.c2ln", "holds no token"),
        (jwt(aud=AUDIENCE, exp="soon").encode(), "holds no token"),
        (jwt(aud=AUDIENCE, exp=SOON).encode() * 600, "holds no token"),
        (jwt(exp=SOON).encode(), "the audience 'nobody'"),
        (jwt(aud="https://kubernetes.default.svc", exp=SOON).encode(), "the audience 'https://kubernetes.default.svc'"),
        (jwt(aud=[AUDIENCE, "vault"], exp=SOON).encode(), f"the audience '{AUDIENCE}, vault'"),
        (jwt(aud=AUDIENCE, exp=1_700_000_000).encode(), "expired at 2023-11-14T22:13:20Z"),
        (jwt(aud=AUDIENCE, exp=-1e300).encode(), "expired at 1970-01-01T00:00:00Z"),
    ],
)
def test_a_token_that_microsoft_would_refuse_is_not_sent_and_the_reason_is_named(
    file: Path, content: bytes, words: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(CredentialsRejected) as refused:
        read(file)
    assert words in str(refused.value)
    assert "SEATKEEPER_FEDERATED_TOKEN_FILE" in str(refused.value)  # who mends it knows where
    assert str(file) not in str(refused.value)


def test_a_file_that_is_not_there_or_never_ends_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "pipe", "."):
        with pytest.raises(CredentialsRejected, match="is not there"):
            read(tmp_path / name)
    (tmp_path / "large").write_text("x" * 10_000_000)
    with pytest.raises(CredentialsRejected, match="holds no token"):
        read(tmp_path / "large")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_cloud_has_an_audience_of_its_own(file: Path, cloud: str) -> None:
    typed = {"tenant_id": TENANT, "client_id": TENANT, "cloud": cloud, "credential": "federated"}
    details = check_form(typed, None)._replace(credential=Secret(str(file)))
    expected = {"usgov": f"{AUDIENCE}USGov", "dod": f"{AUDIENCE}USGov", "china": f"{AUDIENCE}China"}
    assert to_endpoints(cloud).exchange == expected.get(cloud, AUDIENCE)
    for audience in (AUDIENCE, f"{AUDIENCE}USGov", f"{AUDIENCE}China"):
        file.write_text(workload_token(aud=audience))
        if audience == expected.get(cloud, AUDIENCE):
            check_identity(details)
        else:
            with pytest.raises(CredentialsRejected, match="for the audience"):
                check_identity(details)


@pytest.fixture(scope="module")
def tenant() -> Any:
    with Sandbox(people=20, days=3, seed=7) as running:
        yield running


@pytest.fixture
def sign_in(tenant: Sandbox, file: Path) -> Callable[[], str]:
    """Ask for a token as the workload, of a tenant that trusts nobody yet."""
    tenant.tenant.federated.clear()

    def ask() -> str:
        endpoints = to_endpoints("global", tenant.login_url, tenant.graph_url, Path(tenant.ca_file).read_text())
        egress = Egress(endpoints)
        try:
            credential = FederatedToken(tenant.client_id, file, AUDIENCE)
            return TokenSource(tenant.tenant_id, credential, endpoints, egress, retry=QUICK).token().value.reveal()
        finally:
            egress.close()

    return ask


def test_a_tenant_that_trusts_the_issuer_signs_this_server_in(
    tenant: Sandbox, file: Path, sign_in: Callable[[], str]
) -> None:
    trust_workload(tenant.tenant)
    file.write_text(workload_token())
    assert sign_in()


@pytest.mark.parametrize(
    ("registered", "changes", "words"),
    [
        (AUDIENCE, {"iss": "https://other.example"}, "has the issuer"),
        (AUDIENCE, {"sub": "system:serviceaccount:other:other"}, "No federated credential"),
        ("api://elsewhere", {}, "has the audience"),
        (AUDIENCE, {"nbf": SOON, "exp": SOON + 60}, "clock"),
        (None, {}, "No federated credential"),
    ],
)
def test_what_the_tenant_does_not_trust_is_refused_with_its_reason(
    tenant: Sandbox,
    file: Path,
    sign_in: Callable[[], str],
    registered: str | None,
    changes: dict[str, Any],
    words: str,
) -> None:
    if registered:
        trust_workload(tenant.tenant, registered)
    file.write_text(workload_token(**changes))
    with pytest.raises(CredentialsRejected, match=words):
        sign_in()


def test_the_token_goes_to_the_sign_in_server_alone_and_a_renewed_one_is_taken(
    vendors: list[Vendor], file: Path
) -> None:
    login, graph, twin = vendors
    egress = Egress(login.endpoints(graph))
    tokens = TokenSource(TENANT, FederatedToken("client", file, AUDIENCE), login.endpoints(graph), egress, retry=QUICK)
    sent = []
    for number in range(2):
        file.write_text(workload_token(n=number))
        tokens.renew()
        sent.append(file.read_text())
    egress.send("GET", f"{graph.url}/v1.0/users", {"Authorization": f"Bearer {tokens.token().value.reveal()}"})
    egress.close()
    for text, seen in zip(sent, login.tokens_asked(), strict=True):
        assert f"client_assertion={text}" in seen.body.decode()
        assert b"client-assertion-type%3Ajwt-bearer" in seen.body
    others = [*login.asked(f"/{TENANT}/v2.0/.well-known/openid-configuration"), *graph.seen, *twin.seen]
    assert graph.seen
    assert not any(text in f"{seen.target} {seen.headers} {seen.body!r}" for text in sent for seen in others)
