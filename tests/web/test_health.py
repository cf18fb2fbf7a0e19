"""What machines ask, and who is told the figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from seatkeeper.services import health, tokens
from seatkeeper.services.members import Role, who_is
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Organization

from ..people import Tenant, read_tenant
from .conftest import NewMember

AWAY = "203.0.113.7"


@pytest.fixture
def tenant(organization: Organization) -> Iterator[Tenant]:
    with read_tenant() as tenant:
        yield tenant


def token(new_member: NewMember, role: Role, organization: Organization | None = None) -> str:
    who = who_is(new_member(role, organization).pk)
    return "Bearer " + tokens.make(who, "metrics", role).text.reveal()


def test_the_process_says_that_it_lives_and_that_it_can_work(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == {"database": True, "schema": True, "scheduler": True}
    assert client.post("/readyz").status_code == 405


def test_a_dead_scheduler_makes_it_not_ready(client: Client) -> None:
    health.watch(lambda: False)
    try:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["scheduler"]) == (503, False)
        assert client.get("/healthz").status_code == 200
    finally:
        health.unwatch()


@pytest.fixture
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatkeeper.web.health.SEATKEEPER", SEATKEEPER._replace(metrics="local"))


def test_nobody_reads_the_figures_without_a_token_unless_the_operator_opened_them(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_the_operator_can_close_the_figures_to_everybody(
    client: Client, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"Authorization": token(new_member, Role.ADMINISTER)}
    assert client.get("/metrics", headers=held).status_code == 200
    monkeypatch.setattr("seatkeeper.web.health.SEATKEEPER", SEATKEEPER._replace(metrics="no"))
    assert client.get("/metrics", headers=held).status_code == 404


@pytest.mark.usefixtures("_local")
def test_the_figures_name_tasks_and_no_people(tenant: Tenant, client: Client) -> None:
    text = client.get("/metrics").content.decode()
    assert 'seatkeeper_runs{connection="' in text
    for key in ("roster", "access", "licenses"):
        assert f'task="{key}",word="complete"}} 1.0' in text
        assert f'seatkeeper_rows_total{{connection="1",task="{key}"}}' in text
    assert "seatkeeper_last_success_age_seconds{" in text
    assert "seatkeeper_queue" in text
    for row in tenant.roster():
        assert row["User ID"] not in text


@pytest.mark.usefixtures("_local")
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_what_a_proxy_passed_on_is_not_from_this_machine(client: Client, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404
    assert client.get("/metrics", REMOTE_ADDR=AWAY).status_code == 404


def test_from_away_an_administrators_token_shows_the_figures_of_the_own_organization(
    tenant: Tenant, client: Client, new_member: NewMember, other_organization: Organization
) -> None:
    def ask(authorization: str) -> tuple[int, str]:
        answer = client.get("/metrics", REMOTE_ADDR=AWAY, headers={"Authorization": authorization})
        return answer.status_code, answer.content.decode()

    status, text = ask(token(new_member, Role.ADMINISTER))
    assert (status, 'task="roster"' in text) == (200, True)
    status, text = ask(token(new_member, Role.ADMINISTER, other_organization))
    assert (status, 'task="roster"' in text) == (200, False)
    assert ask(token(new_member, Role.VIEWER))[0] == 404
    assert ask("Bearer sk_wrong")[0] == 404
    assert ask("Basic eA==")[0] == 404
