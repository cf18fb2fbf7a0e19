"""People who sign in themselves, through our own door: over real HTTPS to the pretend tenant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from seatkeeper.errors import (
    BadInput,
    BrokenAnswer,
    CredentialsRejected,
    NotSignedInYet,
    PermissionMissing,
    UntrustedLink,
)
from seatkeeper.graph.client import Client
from seatkeeper.graph.clouds import Endpoints, to_endpoints
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.messenger import Messenger
from seatkeeper.graph.retry import Retry
from seatkeeper.graph.signed_in import SignedIn, SignInDesk
from seatkeeper.graph.throttle import REPORTS, LocalPacer
from seatkeeper.graph.token import TokenSource
from seatkeeper.model import Secret
from seatkeeper.sandbox.serve import Sandbox
from tests.signing_in import OTHER, press

from .vendor import TENANT, Reply, Vendor, grant

GRAPH = "https://graph.microsoft.com"
SCOPES = [f"{GRAPH}/User.Read.All", f"{GRAPH}/AuditLog.Read.All"]
BACK = "https://seats.example.com/connections/signed-in"


class World:
    """A tenant and our door to it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.tenant = sandbox, sandbox.tenant
        authorities = Path(sandbox.ca_file).read_text()
        self.endpoints = to_endpoints("global", sandbox.login_url, sandbox.graph_url, authorities)
        self.egress = Egress(self.endpoints)

    def desk(self, secret: str = "") -> SignInDesk:
        return open_desk(self.egress, self.endpoints, self.tenant.tenant_id, self.tenant.client_id, secret)

    def sign_in(self, secret: str = "") -> SignedIn:
        begun = self.desk(secret).begin(SCOPES, BACK)
        return self.desk(secret).finish(begun.flow, press(self.sandbox, begun.address))

    def tokens(self, credential: SignedIn, **more: Any) -> TokenSource:
        once = Retry(attempts=1)
        return TokenSource(self.tenant.tenant_id, credential, self.endpoints, self.egress, retry=once, **more)


def open_desk(egress: Egress, endpoints: Endpoints, tenant: str, client: str, secret: str = "") -> SignInDesk:
    given = Secret(secret) if secret else None
    return SignInDesk(lambda: Messenger(egress, endpoints), endpoints, tenant, client, given)


@pytest.fixture
def world() -> Iterator[World]:
    with Sandbox(people=20, days=3, seed=7) as sandbox:
        found = World(sandbox)
        yield found
        found.egress.close()


@pytest.mark.parametrize("with_secret", [False, True])
def test_what_a_sign_in_gives_is_good_for_the_permissions_that_were_agreed_to(world: World, with_secret: bool) -> None:
    world.tenant.public_client = not with_secret
    credential = world.sign_in(world.tenant.client_secret if with_secret else "")
    kept = SignedIn.read(world.tenant.client_id, credential.write())  # as it comes back from the database
    tokens = world.tokens(kept)
    assert tokens.token().roles == frozenset({"User.Read.All", "AuditLog.Read.All"})
    assert tokens.for_person
    assert tokens.directory_id() == world.tenant.tenant_id


def test_a_new_refresh_token_is_told_and_the_old_one_stays_good(world: World) -> None:
    credential = world.sign_in()
    tokens = world.tokens(credential)
    assert tokens.renewed_sign_in() is None
    tokens.token()
    first = tokens.renewed_sign_in()
    tokens.renew()
    assert first != tokens.renewed_sign_in() != credential.write()
    assert world.tokens(credential).token().value  # a process that died before it had stored the new one


def test_a_claims_challenge_is_answered_for_a_person_too(world: World) -> None:
    tokens = world.tokens(world.sign_in())
    tokens.token()
    assert tokens.renew('{"access_token":{"nbf":{"essential":true,"value":"1"}}}').value


def test_a_sign_in_that_ended_says_so(world: World) -> None:
    credential = world.sign_in()
    world.tenant.sessions_revoked = True
    with pytest.raises(CredentialsRejected, match="the password was changed"):
        world.tokens(credential).token()


@pytest.mark.parametrize("answer", [{}, {"state": "another"}, {"state": "", "code": "1"}, {"state": "{state}"}])
def test_an_answer_to_no_sign_in_of_ours_is_refused_before_microsoft_is_asked(
    world: World, answer: dict[str, str]
) -> None:
    begun = world.desk().begin(SCOPES, BACK)
    state = press(world.sandbox, begun.address)["state"]
    asked = len(world.tenant.refresh_tokens)
    with pytest.raises(BadInput, match="belongs to no sign-in that was begun here"):
        world.desk().finish(begun.flow, {name: value.format(state=state) for name, value in answer.items()})
    assert len(world.tenant.refresh_tokens) == asked


def test_a_code_of_another_sign_in_is_good_for_nothing(world: World) -> None:
    """Somebody lures a member to an answer that carries a stranger's code."""
    stranger = press(world.sandbox, world.desk().begin(SCOPES, BACK).address)
    begun = world.desk().begin(SCOPES, BACK)
    own = press(world.sandbox, begun.address)
    with pytest.raises(CredentialsRejected):
        world.desk().finish(begun.flow, {**stranger, "state": own["state"]})


@pytest.mark.parametrize(("who", "told"), [(None, "did not agree"), (OTHER, "Only an administrator may agree")])
def test_who_declines_or_may_not_agree_is_told_what_to_do(world: World, who: int | None, told: str) -> None:
    begun = world.desk().begin(SCOPES, BACK)
    with pytest.raises(CredentialsRejected, match=told):
        world.desk().finish(begun.flow, press(world.sandbox, begun.address, who))


def test_words_that_an_answer_brings_along_are_cut_to_one_printable_line(world: World) -> None:
    begun = world.desk().begin(SCOPES, BACK)
    answer = press(world.sandbox, begun.address, None)
    made_up = {**answer, "error": "x" * 300, "error_description": "<b>\n\x1b[31m" + "y" * 5000}
    with pytest.raises(CredentialsRejected) as refused:
        world.desk().finish(begun.flow, made_up)
    assert len(str(refused.value)) < 600
    assert str(refused.value).isprintable()


def test_a_registration_that_wants_its_secret_says_so(world: World) -> None:
    world.tenant.public_client = False
    with pytest.raises(CredentialsRejected, match="no Client Secret"):
        world.sign_in()


def test_without_a_refresh_token_there_is_nothing_to_go_on_with(vendors: list[Vendor], make_egress: Any) -> None:
    login, graph, _ = vendors
    login.login(grant())
    desk = open_desk(make_egress(), login.endpoints(graph), TENANT, "client")
    begun = desk.begin(SCOPES, BACK)
    state = parse_qs(urlsplit(begun.address).query)["state"][0]
    with pytest.raises(CredentialsRejected, match="offline_access is missing"):
        desk.finish(begun.flow, {"state": state, "code": "1"})


def test_the_code_of_a_device_is_waited_for_and_then_good(world: World) -> None:
    desk = world.desk()
    begun = desk.begin_with_code(SCOPES)
    assert (begun.seconds, begun.address.startswith(world.sandbox.login_url)) == (5, True)
    with pytest.raises(NotSignedInYet):
        desk.look(begun.flow)
    press(world.sandbox, begun.address, code=begun.code)
    assert world.tokens(desk.look(begun.flow)).token().roles == frozenset({"User.Read.All", "AuditLog.Read.All"})


def test_a_service_that_gives_no_codes_says_so(vendors: list[Vendor], make_egress: Any) -> None:
    login, graph, _ = vendors
    login.login()
    endpoints = login.endpoints(graph)
    with pytest.raises(BrokenAnswer, match="gives no codes"):
        open_desk(make_egress(), endpoints, TENANT, "c").begin_with_code(SCOPES)


@pytest.mark.parametrize(("interval", "seconds"), [(-1, 1), (5, 5), (10**12, 60)])
def test_however_long_the_vendor_wants_us_to_wait_a_code_is_looked_for_before_it_ends(
    vendors: list[Vendor], make_egress: Any, interval: int, seconds: int
) -> None:
    login, graph, _ = vendors
    login.login()
    told = {"user_code": "A", "verification_uri": "u", "device_code": "d", "expires_in": 900, "interval": interval}
    place = f"/{TENANT}/oauth2/v2.0/devicecode"
    found = login.answers[f"/{TENANT}/v2.0/.well-known/openid-configuration"][0]
    found.body = found.body[:-1] + f', "device_authorization_endpoint": "{login.url}{place}"}}'.encode()
    login.on(place, Reply(body=json.dumps(told).encode()))
    endpoints = login.endpoints(graph)
    assert open_desk(make_egress(), endpoints, TENANT, "c").begin_with_code(SCOPES).seconds == seconds


def test_a_code_that_was_declined_or_came_too_late_says_so(world: World) -> None:
    desk = world.desk()
    declined, late = desk.begin_with_code(SCOPES), desk.begin_with_code(SCOPES)
    press(world.sandbox, declined.address, None, declined.code)
    with pytest.raises(CredentialsRejected, match="declined"):
        desk.look(declined.flow)
    world.tenant.move(hours=1)
    with pytest.raises(CredentialsRejected, match="within 15 minutes"):
        desk.look(late.flow)


@pytest.mark.parametrize("text", ["", "no JSON", "{}", '{"refresh_token": ""}', "\ud800"])
def test_what_is_no_sign_in_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="Sign in again"):
        SignedIn.read("client", Secret(text))


def test_nothing_of_a_sign_in_is_shown_where_it_is_logged(world: World) -> None:
    begun = world.desk().begin(SCOPES, BACK)
    credential = world.sign_in()
    shown = repr((begun._replace(address=""), credential))
    assert credential.refresh_token.reveal() not in shown
    assert "code_verifier" not in shown


@pytest.mark.parametrize("named", ["authorization_endpoint", "token_endpoint"])
def test_a_page_or_token_endpoint_of_another_server_is_never_led_to(
    vendors: list[Vendor], make_egress: Any, named: str
) -> None:
    login, graph, twin = vendors
    login.login(endpoint=f"{twin.url}/token" if named == "token_endpoint" else None)
    if named == "authorization_endpoint":
        path = f"/{TENANT}/v2.0/.well-known/openid-configuration"
        reply = login.answers[path][0]
        reply.body = reply.body.replace(f'"authorization_endpoint": "{login.url}'.encode(),
                                        f'"authorization_endpoint": "{twin.url}'.encode())  # fmt: skip
    endpoints = login.endpoints(graph)
    with pytest.raises(UntrustedLink):
        open_desk(make_egress(), endpoints, TENANT, "client").begin(SCOPES, BACK)
    assert not twin.seen


def test_what_a_person_may_not_read_is_told_in_words_of_a_sign_in(world: World) -> None:
    begun = world.desk().begin([f"{GRAPH}/User.Read.All"], BACK)
    tokens = world.tokens(world.desk().finish(begun.flow, press(world.sandbox, begun.address)))
    client = Client(world.endpoints, tokens, world.egress, LocalPacer())
    with pytest.raises(PermissionMissing) as caught:
        client.get("/v1.0/auditLogs/signIns?$top=1", path="/v1.0/auditLogs/signIns", family=REPORTS)
    assert "Whoever signed in may not read this" in str(caught.value)
    assert "AuditLog.Read.All" in str(caught.value)
    assert "application permission" not in str(caught.value)
