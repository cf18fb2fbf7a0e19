"""What machines ask, and who is told the figures."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from seatkeeper.clock import seconds, system_clock
from seatkeeper.model import Secret
from seatkeeper.services import health, metrics, tokens
from seatkeeper.services.members import Role, who_is
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.networks import read_networks
from seatkeeper.store.measures import LEAST_FREE
from seatkeeper.store.models import Application, Organization

from ..people import Tenant, read_tenant
from .conftest import NewMember

AWAY = "203.0.113.7"


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    """Another test's database had other runs."""
    metrics._ledgers.clear()
    yield
    metrics._ledgers.clear()


@pytest.fixture
def tenant(organization: Organization) -> Iterator[Tenant]:
    with read_tenant() as tenant:
        yield tenant


def token(new_member: NewMember, role: Role, organization: Organization | None = None) -> str:
    who = who_is(new_member(role, organization).pk)
    return "Bearer " + tokens.make(who, "metrics", role).text.reveal()


GOOD = {"database": True, "schema": True, "disk": True, "scheduler": True, "look": True, "refresh": True}


def set_operation(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    operation = SEATKEEPER.operation._replace(**changed)
    monkeypatch.setattr("seatkeeper.web.health.SEATKEEPER", SEATKEEPER._replace(operation=operation))


@pytest.fixture
def _watched() -> Iterator[None]:
    """This process runs a scheduler that is well."""
    health.watch(lambda: True)
    yield
    health.unwatch()


def ready(client: Client) -> tuple[int, list[str]]:
    """The status, and what is not as it should be."""
    answer = client.get("/readyz")
    return answer.status_code, [name for name, holds in answer.json().items() if not holds]


def test_the_process_says_that_it_lives_and_that_it_can_work(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == GOOD
    assert client.post("/readyz").status_code == 405


def test_a_dead_scheduler_makes_it_not_ready(client: Client) -> None:
    health.watch(lambda: False)
    try:
        assert ready(client) == (503, ["scheduler"])
        assert client.get("/healthz").status_code == 200
    finally:
        health.unwatch()


def test_a_scheduler_that_looks_no_more_makes_it_not_ready(client: Client) -> None:
    health.watch(lambda: True, lambda: health.LATE_LOOK + 1)
    try:
        assert ready(client) == (503, ["look"])
    finally:
        health.unwatch()


def test_a_disk_that_is_full_makes_it_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=LEAST_FREE - 1, total=2**40))
    assert ready(client) == (503, ["disk"])


@pytest.mark.usefixtures("_watched")
def test_a_refresh_that_hangs_makes_the_process_that_refreshes_not_ready(client: Client, tenant: Tenant) -> None:
    Application.objects.update(refresh_wanted_since=system_clock() - health.HANGING + seconds(60))
    assert ready(client) == (200, [])
    Application.objects.update(refresh_wanted_since=system_clock() - health.HANGING - seconds(60))
    assert ready(client) == (503, ["refresh"])
    health.unwatch()
    assert ready(client) == (200, []), "a process that shows pages only can show them"


def test_a_database_of_a_newer_program_is_there_but_has_another_shape(client: Client) -> None:
    MigrationRecorder(connection).record_applied("store", "9999_of_tomorrow")
    assert ready(client) == (503, ["schema"])


def test_a_database_that_is_away_is_called_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", refuse)
        assert ready(client) == (503, ["database", "schema"])


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_by_the_address_of_a_pod_is_answered(client: Client, path: str) -> None:
    inside = {"REMOTE_ADDR": "10.244.0.1", "HTTP_HOST": "10.244.3.17:8000"}
    assert client.get(path, **inside).status_code == 200  # type: ignore[arg-type]
    assert client.post(path, **inside).status_code == 405  # type: ignore[arg-type]
    assert client.get(path, **inside | {"REMOTE_ADDR": AWAY}).status_code == 400, "as ever"  # type: ignore[arg-type]
    assert client.get("/applications", **inside).status_code == 400  # type: ignore[arg-type]


def test_who_may_probe_is_a_setting(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    set_operation(monkeypatch, probes_from=read_networks({"P": "203.0.113.0/24"}, "P"))
    assert client.get("/readyz", REMOTE_ADDR=AWAY, headers={"host": "10.244.3.17"}).status_code == 200
    assert client.get("/readyz", REMOTE_ADDR="10.0.0.1", headers={"host": "10.244.3.17"}).status_code == 400


SCRAPE = "scrape-" + "t" * 32


def test_prometheus_reads_the_figures_by_a_token_that_is_no_persons(
    client: Client, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_member()
    set_operation(monkeypatch, metrics_token=Secret(SCRAPE))
    there = {"host": "seatkeeper.monitoring.svc:8000", "Authorization": f"Bearer {SCRAPE}"}
    answer = client.get("/metrics", REMOTE_ADDR=AWAY, headers=there)
    assert (answer.status_code, b"process_cpu_seconds_total" in answer.content) == (200, True)
    wrong = there | {"Authorization": f"Bearer {SCRAPE[:-1]}é"}
    assert client.get("/metrics", REMOTE_ADDR=AWAY, headers=wrong).status_code == 400, "the host is no public one"
    assert client.get("/metrics", headers={"Authorization": f"Bearer {SCRAPE[:-1]}"}).status_code == 404
    assert client.get("/api/v1/applications", headers=there | {"host": "localhost"}).status_code == 401


def test_prometheus_reads_the_figures_from_networks_that_the_operator_names(
    client: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_operation(monkeypatch, metrics_from=read_networks({"P": "10.9.0.0/16"}, "P"))
    there = {"host": "10.244.3.17:8000"}
    assert client.get("/metrics", REMOTE_ADDR="10.9.0.5", headers=there).status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.8.0.5").status_code == 404
    passed_on = there | {"X-Forwarded-For": "203.0.113.7", "host": "localhost"}
    assert client.get("/metrics", REMOTE_ADDR="10.9.0.5", headers=passed_on).status_code == 404, "by an unknown proxy"


@pytest.fixture
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    set_operation(monkeypatch, metrics="local")


def test_nobody_reads_the_figures_without_a_token_unless_the_operator_opened_them(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_the_operator_can_close_the_figures_to_everybody(
    client: Client, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"Authorization": token(new_member, Role.ADMINISTER)}
    assert client.get("/metrics", headers=held).status_code == 200
    set_operation(monkeypatch, metrics="no")
    assert client.get("/metrics", headers=held).status_code == 404


@pytest.mark.usefixtures("_local", "tenant")
def test_whoever_is_at_the_machine_reads_them_where_the_operator_opened_them(client: Client) -> None:
    assert 'seatkeeper_runs_total{status="complete",task="roster"}' in client.get("/metrics").content.decode()


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
